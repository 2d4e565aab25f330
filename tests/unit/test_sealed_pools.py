"""Pools whose credentials are sealed: who is given what, what is said where one does not open, what none may name."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from boardhand_api.crd import definitions
from boardhand_api.pod import Stage
from boardhand_api.pool import CodingAgentSpec
from boardhand_operator import credentials
from boardhand_operator.act.doing import Doing
from boardhand_operator.app import App
from boardhand_operator.cluster.snapshots import Snapshots, build_revision
from boardhand_operator.errors import Misconfigured
from boardhand_operator.kube import Kube, Resource
from boardhand_operator.memory.store import Store
from boardhand_operator.redacting import Redactor
from boardhand_operator.sealed import keep
from boardhand_operator.sealed.carrying import carried
from boardhand_operator.sealed.keyring import KEYS_TYPE, Key, Keyring, Place
from boardhand_operator.services import Services
from boardhand_operator.settings import Settings
from boardhand_operator.specs.job import build_job
from boardhand_operator.specs.order import build_order
from boardhand_operator.views import Pool
from tests.support.fake_kube import FakeKube
from tests.support.objects import NOON, SECRET, a_pool, a_run, run_body
from tests.support.sealing import CANARIES, a_ring, key_file, pool_spec
from tests.support.sealing import credentials as credentials_of
from tests.support.world import SETTINGS

Json = dict[str, Any]
RING = a_ring()
ROOT = Path(__file__).parents[2]
PLACES = sorted({field.rpartition(".")[0] for field in CANARIES})


def sealed_pool(ring: Keyring = RING, **about: Any) -> Pool:
    return a_pool(**pool_spec(ring, **about))


@pytest.mark.parametrize("ring", [RING, None], ids=["sealed", "secrets"])
def test_every_place_of_a_pool_is_known(ring: Keyring | None) -> None:
    given = credentials.sources(a_pool(**pool_spec(ring)).spec)
    assert sorted(given) == PLACES
    for source in given.values():
        assert (source.reference is None) == (source.sealed is not None) == (ring is not None)
    fields = [source.field for source in given.values()]
    assert ("spec.repository.pushSealed" if ring else "spec.repository.pushSecretRef") in fields
    assert ("spec.mcpServers[tracker].sealed" if ring else "spec.mcpServers[tracker].secretRef") in fields
    assert ("spec.models.large.fallback.sealed" if ring else "spec.models.large.fallback.secretRef") in fields


def both(spec: Json, place: str) -> Json:
    """The spec with a Secret beside what is sealed at this place, or with neither."""
    text = json.loads(json.dumps(spec))
    part: Any = text
    before = {"repository.read": "read", "repository.push": "push"}.get(place, "")
    for name in place.split(".")[: 1 if before else None]:
        part = next(one for one in part if one["name"] == name) if isinstance(part, list) else part[name]
    part[f"{before}SecretRef" if before else "secretRef"] = SECRET
    return dict(text)


@pytest.mark.parametrize("place", PLACES)
def test_a_place_has_one_source_of_its_credentials(place: str) -> None:
    spec = pool_spec(RING) | {"workbench": {"image": "i"}}
    CodingAgentSpec.model_validate(spec)
    with pytest.raises(ValidationError, match=r"give (either )?[a-z]*[sS]ecretRef or [a-z]*[sS]ealed"):
        CodingAgentSpec.model_validate(both(spec, place))


@pytest.mark.parametrize("place", ["board", "repository.push"])
def test_a_board_and_a_push_need_credentials(place: str) -> None:
    spec = pool_spec(RING) | {"workbench": {"image": "i"}}
    for name in credentials_of(RING, place):
        del spec[place.split(".")[0]][name]
    with pytest.raises(ValidationError, match="give either"):
        CodingAgentSpec.model_validate(spec)


def test_the_api_server_is_told_the_same() -> None:
    crd = next(one for one in definitions() if one["spec"]["names"]["kind"] == "CodingAgent")
    spec = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    model = spec["models"]["properties"]["large"]
    parts = [spec["board"], spec["forge"], spec["repository"], model, model["properties"]["fallback"]]
    for part in (*parts, spec["mcpServers"]["items"]):
        rules = [rule["rule"] for rule in part["x-kubernetes-validations"]]
        assert [rule for rule in rules if "SecretRef" in rule or "secretRef" in rule], part["description"]
    assert "has(self.secretRef) != has(self.sealed)" in str(spec["board"]["x-kubernetes-validations"])
    assert "has(self.pushSecretRef) != has(self.pushSealed)" in str(spec["repository"]["x-kubernetes-validations"])


def secret_volumes(job: Json) -> dict[str, Json]:
    return {one["name"]: one["secret"] for one in job["spec"]["template"]["spec"]["volumes"] if "secret" in one}


def test_each_stage_mounts_its_own_items_alone() -> None:
    pool, run = sealed_pool(), run_body()
    order = build_order("run-1", pool.spec, a_run().spec)
    job = build_job("run-1-1", run, pool.spec, order, "runner:1")
    found = secret_volumes(job)
    assert {one["secretName"] for one in found.values()} == {"run-1-sealed"}
    items = {name: {item["path"]: item["key"] for item in one["items"]} for name, one in found.items()}
    assert items == {
        "git-read": {"token": "repository.read.token", "username": "repository.read.username"},
        "git-push": {"token": "repository.push.token", "username": "repository.push.username"},
        "model-large": {"apiKey": "models.large.apiKey"},
        "model-large-fallback": {"apiKey": "models.large.fallback.apiKey"},
        "model-small": {"apiKey": "models.small.apiKey"},
        "mcp-tracker": {"Authorization": "mcpServers.tracker.Authorization"},
    }
    spec = job["spec"]["template"]["spec"]
    mounted = {
        box["name"]: {mount["name"] for mount in box["volumeMounts"]} & found.keys()
        for box in (*spec["initContainers"], *spec["containers"])
    }
    assert mounted[Stage.CHECKOUT] == {"git-read"}
    assert mounted[Stage.PUBLISH] == {"git-push"}
    assert mounted[Stage.AGENT] == found.keys() - {"git-read", "git-push"}
    assert mounted[Stage.WORKBENCH] == mounted[Stage.VERIFY] == set()
    assert "gAAAA" not in json.dumps(job), "sealed texts are not for the pod"


def test_without_a_small_model_the_large_ones_key_is_there_twice() -> None:
    spec = pool_spec(RING)
    del spec["models"]["small"]
    found = credentials.agent_volumes(a_pool(**spec).spec)
    assert found["model-small"] == found["model-large"]
    assert found["model-small-fallback"] == found["model-large-fallback"]


async def opened(pool: Pool, keys: Path | None, kube: FakeKube | None = None) -> None:
    await Services(kube or FakeKube(), None, keys=keys).require_secrets(pool)


async def test_credentials_that_open_are_taken(tmp_path: Path) -> None:
    await opened(sealed_pool(), key_file(tmp_path, RING))


async def test_without_a_key_the_pool_says_what_to_do(tmp_path: Path) -> None:
    for keys in (None, tmp_path / "absent"):
        with pytest.raises(Misconfigured, match=r"spec\.repository\.readSealed: .* without a key") as wrong:
            await opened(sealed_pool(), keys)
        assert wrong.value.reason == "SealingKeyMissing"


async def test_a_key_file_that_is_none_is_not_quoted(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("not-a-key-but-perhaps-a-secret\n")
    with pytest.raises(Misconfigured, match="line 1 of the keys is no key") as wrong:
        await opened(sealed_pool(), file)
    assert wrong.value.reason == "SealingKeyUnreadable"
    assert "perhaps" not in wrong.value.message


async def test_a_key_file_that_is_no_text_is_the_operators_own_fault_and_said_so(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_bytes(b"\xff\xfe not a key")
    with pytest.raises(Misconfigured, match="operator's keys are not usable: UnicodeDecodeError") as wrong:
        await opened(sealed_pool(), file)
    assert wrong.value.reason == "SealingKeyUnreadable"


@pytest.mark.parametrize("other", [{"pool": "theirs"}, {"namespace": "theirs"}])
async def test_what_was_sealed_for_others_does_not_open_here(other: Json, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"repository\.read\.\w+ was sealed for another pool or field") as wrong:
        await opened(sealed_pool(**other), key_file(tmp_path, RING))
    assert wrong.value.reason == "SealedElsewhere"
    assert "theirs" not in wrong.value.message


async def test_a_changed_key_file_is_seen_without_a_restart(tmp_path: Path) -> None:
    file, pool = key_file(tmp_path, a_ring()), sealed_pool()
    services = Services(FakeKube(), None, keys=file)
    with pytest.raises(Misconfigured, match="opens with none of the keys"):
        await services.require_secrets(pool)
    file.write_text(Keyring([Key.generate(), *RING.keys]).text())
    await services.require_secrets(pool)


async def test_a_sealed_key_that_is_missing_is_named(tmp_path: Path) -> None:
    spec = pool_spec(RING)
    del spec["repository"]["pushSealed"]["token"]
    with pytest.raises(Misconfigured, match=r"spec\.repository\.pushSealed: .* lacks the key 'token'"):
        await opened(a_pool(**spec), key_file(tmp_path, RING))


@pytest.mark.parametrize(
    "forbidden",
    [
        {"type": KEYS_TYPE},
        {"type": "helm.sh/release.v1"},
        {"type": "kubernetes.io/service-account-token"},
        {"metadata": {"name": "secret", "ownerReferences": [{"kind": "TicketRun", "name": "theirs", "uid": "u"}]}},
    ],
)
async def test_a_pool_cannot_name_what_is_no_pools(forbidden: Json) -> None:
    kube = FakeKube()
    data = {key: base64.b64encode(b"x" * 20).decode() for key in ("username", "token")}
    kube.put(Resource.SECRETS, "team", {"metadata": {"name": "secret"}, "data": data} | forbidden)
    with pytest.raises(Misconfigured, match=r"spec\.repository\.pushSecretRef: Secret secret is no pool's") as wrong:
        await opened(a_pool(), None, kube)
    assert wrong.value.reason == "SecretForbidden"


def doing(pool: Pool, keys: Path, kube: FakeKube, services: Services | None = None, **status: Any) -> Doing:
    run = a_run(event=None, **status)
    made = services or Services(kube, None, keys=keys)
    return Doing(kube, Store(), made, SETTINGS, run, pool)


def held(kube: FakeKube) -> dict[str, str]:
    found = kube.objects[Resource.SECRETS]["team", "run-1-sealed"]
    return {key: base64.b64decode(text).decode() for key, text in found["data"].items()}


async def test_the_runs_secret_follows_the_pools_texts(tmp_path: Path) -> None:
    kube, keys = FakeKube(), key_file(tmp_path, RING)
    services = Services(kube, None, keys=keys)
    at_work = {"job": "run-1-1", "startedAt": NOON}
    await keep.ensure(doing(sealed_pool(), keys, kube, services))
    assert held(kube)["repository.push.token"] == CANARIES["repository.push.token"]
    spec = pool_spec(RING)
    renewed = RING.seal(Place("team", "shop", "repository.push.token"), "a-new-token")
    spec["repository"]["pushSealed"]["token"] = renewed
    assert await keep.keep(doing(a_pool(**spec), keys, kube, services, **at_work)) == keep.AGAIN
    assert held(kube)["repository.push.token"] == "a-new-token"
    writes = len(kube.fuse.calls)
    assert await keep.keep(doing(a_pool(**spec), keys, kube, services, **at_work)) == keep.AGAIN
    assert len(kube.fuse.calls) == writes, "nothing changed, nothing is asked for"
    spec["repository"]["pushSealed"]["token"] = a_ring().seal(Place("team", "shop", "repository.push.token"), "lost")
    assert await keep.keep(doing(a_pool(**spec), keys, kube, services, **at_work)) == keep.AGAIN
    assert held(kube)["repository.push.token"] == "a-new-token"
    await keep.remove(doing(a_pool(**spec), keys, kube, services))
    assert not kube.objects[Resource.SECRETS]


async def test_a_run_without_sealed_credentials_costs_no_request(tmp_path: Path) -> None:
    kube, pool = FakeKube(), a_pool()
    one = doing(pool, tmp_path / "absent", kube, job="run-1-1")
    await keep.ensure(one)
    assert await keep.keep(one) is None
    await keep.remove(one)
    assert kube.fuse.calls == []


async def test_a_secret_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    kube = FakeKube()
    kube.put(Resource.SECRETS, "team", {"metadata": {"name": "run-1-sealed"}, "data": {}})
    one = doing(sealed_pool(), key_file(tmp_path, RING), kube)
    with pytest.raises(Misconfigured, match="run-1-sealed is there that this run does not own") as wrong:
        await keep.ensure(one)
    assert wrong.value.reason == "ForeignSecret"
    await keep.remove(one)
    assert kube.objects[Resource.SECRETS]["team", "run-1-sealed"]["data"] == {}


async def test_an_apps_key_is_for_no_stage(tmp_path: Path) -> None:
    values = {"appId": "12", "privateKey": "-----BEGIN RSA PRIVATE KEY-----\nx\n"}
    texts = {key: RING.seal(Place("team", "shop", f"repository.push.{key}"), value) for key, value in values.items()}
    spec = pool_spec(RING)
    spec["repository"] |= {"url": "https://github.com/a/b.git", "pushSealed": texts}
    kube = FakeKube()
    await keep.ensure(doing(a_pool(**spec), key_file(tmp_path, RING), kube))
    assert not [key for key in held(kube) if key.startswith("repository.push")]
    assert "repository.read.token" in held(kube)


def test_a_run_under_way_takes_the_present_texts_for_the_same_servers_alone() -> None:
    old, now = pool_spec(RING), pool_spec(RING)
    assert carried(old, now) == now, "each text is another one, though it opens to the same"
    moved = pool_spec(RING)
    moved["board"]["url"] = moved["forge"]["url"] = "http://evil.test"
    moved["repository"]["url"] = "http://evil.test/x.git"
    moved["models"]["large"]["baseURL"] = moved["models"]["large"]["fallback"]["baseURL"] = "http://evil.test/v1"
    moved["models"]["small"]["provider"] = "mistral"
    moved["mcpServers"][0]["url"] = "http://evil.test/mcp"
    assert carried(old, moved) == old
    plain = pool_spec(None)
    assert carried(old, plain) == old
    assert carried(plain, old) == plain
    bare = {"repository": old["repository"], "models": {"large": {"name": "m"}}}
    assert carried(old, bare)["repository"] == old["repository"]
    assert carried(bare, old)["models"] == bare["models"]


async def test_a_snapshot_has_them(tmp_path: Path) -> None:
    kube, first = FakeKube(), sealed_pool()
    kube.put(Resource.REVISIONS, "team", build_revision(first))
    body = sealed_pool().body
    second = Pool.of({**body, "metadata": {**body["metadata"], "generation": 2}})
    found = await Snapshots(kube).at(second, 1)
    assert found.spec_generation == 1
    assert found.spec.board
    assert second.spec.board
    assert found.spec.board.sealed == second.spec.board.sealed != (first.spec.board and first.spec.board.sealed)


async def test_the_operator_is_put_together_with_its_keys_and_its_redactor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kube, file = FakeKube(), key_file(tmp_path, RING)
    settings = Settings.from_environment({"BOARDHAND_RUNNER_IMAGE": "r", "BOARDHAND_SEALING_KEYS": str(file)})

    async def connect() -> FakeKube:
        return kube

    monkeypatch.setattr(Kube, "connect", connect)
    redactor = Redactor()
    app = App(settings, redactor)
    await app.start()
    assert app._services
    await app._services.require_secrets(sealed_pool())
    said = f"{CANARIES['repository.push.token']} {RING.keys[0].text}"
    made = await kube.create(Resource.EVENTS, "team", {"metadata": {"name": "e"}, "message": said})
    assert made["message"] == redactor.clean(said) == "*** ***"
    await app.stop()


def test_the_chart_makes_one_key_and_only_at_a_cluster() -> None:
    """What helm makes of it is tried with `make up`: here stands what must not go from it."""
    text = (ROOT / "helm/boardhand/templates/sealing.yaml").read_text()
    assert '"helm.sh/hook" "pre-install,pre-upgrade"' in text
    assert '{{- if lookup "v1" "Namespace" "" "kube-system" }}' in text
    assert '{{- if not (lookup "v1" "Secret" .Release.Namespace $name) }}' in text
    assert f"type: {KEYS_TYPE}" in text
    assert "randBytes 32" in text
    assert text.count("keys: ") == 1
    notes = (ROOT / "helm/boardhand/templates/NOTES.txt").read_text()
    assert "randBytes" not in notes
    assert "lookup" not in notes
    deployment = (ROOT / "helm/boardhand/templates/deployment.yaml").read_text()
    assert "mountPath: /etc/boardhand/sealing, readOnly: true" in deployment
    assert "BOARDHAND_SEALING_KEYS, value: /etc/boardhand/sealing/keys" in deployment
