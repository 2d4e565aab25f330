"""Tokens that are minted for a run's stages: who sees which, how long they stay fresh, and when they are gone."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from boardhand_api.pod import GIT_SECRET, Stage
from boardhand_api.run_status import Phase
from boardhand_operator.errors import Misconfigured, PermissionMissing
from boardhand_operator.http.transport import Connection
from boardhand_operator.kube import Resource
from boardhand_operator.minted import keep, secret
from boardhand_operator.minted.minter import Minter, Secrets, serves
from boardhand_operator.names import git_secret_name
from boardhand_operator.services import Services
from boardhand_operator.specs.job import build_job
from boardhand_operator.specs.order import build_order
from boardhand_operator.views import Pool
from testbed.github import token_desk
from testbed.github.app import create_app
from testbed.github.state import GitHubState
from tests.contract.board_wires import Wire
from tests.support.fake_nodes import Fate
from tests.support.fuse import Fuse, When
from tests.support.objects import a_pool, a_run, run_body
from tests.support.world import Replica, World, clocked, go_on, live
from tests.unit.test_github_app import key, pem

SITE, RUN = "http://github.test", ("team", "run-1")
SECRET = ("team", "run-1-git")
REPOSITORY = {
    "url": f"{SITE}/shop/cart.git",
    "readSecretRef": {"name": "app"},
    "pushSecretRef": {"name": "app"},
}
FORGE = {"type": "github", "url": SITE, "secretRef": {"name": "app"}}
Json = dict[str, Any]


def keep_secret(world: World, name: str = "app", **values: str) -> None:
    data = {field: base64.b64encode(value.encode()).decode() for field, value in values.items()}
    world.kube.put(Resource.SECRETS, "team", {"metadata": {"name": name}, "data": data})


class Scene:
    """A world with a pool at GitHub, whose Secret holds an App."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fuse: Fuse | None = None) -> None:
        self.world = World(fuse or Fuse(), lambda run, number: Fate.GREEN)
        self.github = GitHubState({}, SITE, now=lambda: self.world.clock.time.timestamp())
        self.github.add_repository("shop/cart")
        self.app = token_desk.add_app(self.github, "boardhand", key().public_key())
        self.installed = token_desk.install(self.github, self.app, "shop", {"contents": "write"})
        self.wire = Wire(httpx.ASGITransport(create_app(self.github)))
        monkeypatch.setattr("boardhand_operator.services.Minter", self._minter)
        monkeypatch.setattr("boardhand_operator.http.transport.RETRIES", 0)
        keep_secret(self.world, appId=str(self.app.id), privateKey=pem())

    def _minter(self, secrets: Secrets, _: Connection) -> Minter:
        return Minter(secrets, Connection(transport=self.wire), lambda: self.world.clock.time)

    def begin(self, repository: Json | None = None) -> None:
        """A pool, and a run applied by hand."""
        self.world.add_pool(board=False, forge=False, repository=repository or REPOSITORY)
        body = self.world.kube.objects[Resource.POOLS]["team", "shop"]
        body["spec"]["forge"] = FORGE
        self.world.kube.put(Resource.RUNS, "team", run_body(event=None))

    @property
    def minted(self) -> Json | None:
        return self.world.kube.objects[Resource.SECRETS].get(SECRET)

    def value(self, name: str) -> str:
        assert self.minted
        return base64.b64decode(self.minted["data"][name]).decode()

    def job(self) -> Json:
        (made,) = self.world.kube.objects[Resource.JOBS].values()
        return made


@pytest.fixture
async def scene(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    made = Scene(monkeypatch)
    with clocked(made.world.clock):
        yield made


def sources(job: Json) -> dict[str, Json]:
    return {one["name"]: one["secret"] for one in job["spec"]["template"]["spec"]["volumes"] if "secret" in one}


async def test_each_stage_sees_its_own_token_and_never_the_key(scene: Scene) -> None:
    scene.begin()
    await go_on(scene.world, 2, step=1)
    assert scene.minted
    assert set(scene.minted["data"]) == {"username", "readToken", "pushToken"}
    assert scene.value("username") == "x-access-token"
    read, push = (scene.github.tokens[scene.value(name)] for name in ("readToken", "pushToken"))
    assert (read.permissions["contents"], push.permissions["contents"]) == ("read", "write")
    assert read.repositories == push.repositories == frozenset({"shop/cart"})
    (owner,) = scene.minted["metadata"]["ownerReferences"]
    assert owner["uid"] == scene.world.kube.objects[Resource.RUNS][RUN]["metadata"]["uid"]
    mounted = {
        name: {item["path"]: item["key"] for item in found["items"]}
        for name, found in sources(scene.job()).items()
        if name.startswith("git-")
    }
    assert mounted == {
        "git-read": {"username": "username", "token": "readToken"},
        "git-push": {"username": "username", "token": "pushToken"},
    }
    whole = json.dumps([scene.minted, scene.job()])
    assert base64.b64encode(pem().encode()).decode() not in whole
    assert "PRIVATE KEY" not in whole
    assert "app" not in {found["secretName"] for found in sources(scene.job()).values()}


async def test_the_secret_goes_with_the_runs_end(scene: Scene) -> None:
    scene.begin()
    await live(scene.world, polls=False)
    (run,) = scene.world.runs()
    assert run.settled
    assert run.status.phase is Phase.SUCCEEDED
    assert scene.world.kube.created["secrets", "team", "run-1-git"] == 1
    assert scene.minted is None


async def test_the_secret_goes_with_a_run_that_is_deleted(scene: Scene) -> None:
    scene.begin()
    await go_on(scene.world, 2, step=1)
    assert scene.minted
    scene.world.kube.remove(Resource.RUNS, RUN)
    assert scene.minted is None


async def worked(scene: Scene, replica: Replica) -> float | None:
    """The run is looked at; in how many seconds again."""
    replica.watch()
    return await replica.reconciler.work(RUN)


def started(scene: Scene, replica: Replica) -> None:
    """The Jobs' controller has looked at them, and made their pods."""
    scene.world.nodes.tick()
    replica.watch()


async def test_tokens_are_renewed_while_the_run_lives(scene: Scene) -> None:
    scene.begin()
    replica = Replica(scene.world)
    await worked(scene, replica)
    started(scene, replica)
    first, again = scene.value("pushToken"), await worked(scene, replica)
    assert again is not None
    assert again <= 40 * 60
    scene.world.clock.time += timedelta(minutes=39)
    await worked(scene, replica)
    assert scene.value("pushToken") == first
    scene.world.clock.time += timedelta(minutes=2)
    again = await worked(scene, replica)
    assert scene.value("pushToken") != first
    assert scene.value("readToken") in scene.github.tokens
    assert again is not None
    # Its Job should have ended before the token does.
    assert 20 * 60 <= again <= 40 * 60
    assert len(scene.world.kube.objects[Resource.JOBS]) == 1


async def test_an_operator_that_just_began_finds_when_to_renew(scene: Scene) -> None:
    scene.begin()
    replica = Replica(scene.world)
    await worked(scene, replica)
    started(scene, replica)
    first = scene.value("pushToken")
    scene.world.clock.time += timedelta(minutes=10)
    assert await worked(scene, Replica(scene.world)) == pytest.approx(30 * 60, abs=60)
    assert scene.value("pushToken") == first
    scene.world.clock.time += timedelta(minutes=35)
    await worked(scene, Replica(scene.world))
    assert scene.value("pushToken") != first


async def test_a_renewal_that_github_refuses_is_tried_again(scene: Scene) -> None:
    scene.begin()
    replica = Replica(scene.world)
    await worked(scene, replica)
    first = scene.value("pushToken")
    scene.world.clock.time += timedelta(minutes=45)
    scene.wire.instead = httpx.Response(503)
    assert await worked(scene, replica) == keep.AGAIN
    assert scene.value("pushToken") == first
    scene.wire.instead = None
    await worked(scene, replica)
    assert scene.value("pushToken") != first


async def test_a_run_waits_for_its_tokens(scene: Scene) -> None:
    scene.begin()
    scene.wire.instead = httpx.Response(503)
    replica = Replica(scene.world)
    for _ in range(3):
        await worked(scene, replica)
    assert not scene.world.kube.objects[Resource.JOBS]
    said = scene.world.runs()[0].status.conditions
    assert "the tokens of its stages are still to be made: GitHub" in str([one.message for one in said])
    scene.wire.instead = None
    await live(scene.world, polls=False)
    assert scene.world.runs()[0].status.phase is Phase.SUCCEEDED


@pytest.mark.slow
@pytest.mark.parametrize("when", list(When))
async def test_a_crash_at_any_call_leaves_one_secret_and_then_none(monkeypatch: pytest.MonkeyPatch, when: When) -> None:
    whole = Scene(monkeypatch)
    with clocked(whole.world.clock):
        whole.begin()
        await live(whole.world, polls=False)
    names = whole.world.fuse.calls
    assert {"create SECRETS", "get SECRETS", "delete SECRETS"} <= set(names)
    for call in (at for at, name in enumerate(names, 1) if "SECRETS" in name or name == "create JOBS"):
        scene = Scene(monkeypatch, Fuse({call: when}))
        with clocked(scene.world.clock):
            scene.begin()
            await live(scene.world, polls=False)
        assert scene.world.kube.created["secrets", "team", "run-1-git"] == 1
        assert len(scene.world.kube.objects[Resource.JOBS]) == 1
        assert scene.minted is None


async def test_a_secret_of_somebody_else_is_left_alone(scene: Scene) -> None:
    keep_secret(scene.world, "run-1-git", username="ann", token="of-ann")
    scene.begin()
    await go_on(scene.world, 3, step=20)
    assert not scene.world.kube.objects[Resource.JOBS]
    assert scene.value("token") == "of-ann"
    scene.world.kube.remove(Resource.SECRETS, SECRET)
    await live(scene.world, polls=False)
    assert scene.world.runs()[0].status.phase is Phase.SUCCEEDED


async def test_a_stage_with_a_token_of_its_own_keeps_it(scene: Scene) -> None:
    keep_secret(scene.world, "plain", username="ann", token="of-ann")
    scene.begin(REPOSITORY | {"readSecretRef": {"name": "plain"}})
    await go_on(scene.world, 2, step=1)
    named = {name: found["secretName"] for name, found in sources(scene.job()).items() if name.startswith("git-")}
    assert named == {"git-read": "plain", "git-push": "run-1-git"}
    assert scene.minted
    assert set(scene.minted["data"]) == {"username", "pushToken"}


async def test_without_an_app_nothing_is_minted(scene: Scene) -> None:
    keep_secret(scene.world, "plain", username="ann", token="of-ann")
    scene.begin(REPOSITORY | {"readSecretRef": {"name": "plain"}, "pushSecretRef": {"name": "plain"}})
    await live(scene.world, polls=False)
    assert scene.world.runs()[0].status.phase is Phase.SUCCEEDED
    assert scene.world.kube.created["secrets", "team", "run-1-git"] == 0
    assert scene.wire.requests == []


async def test_tokens_serve_all_runs_of_a_pool(scene: Scene) -> None:
    scene.begin()
    services = Services(scene.world.kube, None)
    minter = scene._minter(services._read, Connection())
    pool = Pool.of(scene.world.kube.objects[Resource.POOLS]["team", "shop"])
    first, second = await minter.stages(pool), await minter.stages(pool)
    assert first is second
    await minter.check(pool)
    scene.world.clock.time += timedelta(minutes=2)
    await minter.check(pool)
    assert len(scene.app.minted) == 2
    await minter.aclose()


async def test_the_check_says_what_the_app_lacks(scene: Scene) -> None:
    scene.begin()
    pool = Pool.of(scene.world.kube.objects[Resource.POOLS]["team", "shop"])
    keep_secret(scene.world, "model", apiKey="k")
    services = Services(scene.world.kube, None)
    await services.require_secrets(pool)
    scene.installed.permissions["contents"] = "read"
    await services.forget(("team", "shop"))
    services = Services(scene.world.kube, None)
    with pytest.raises(PermissionMissing, match="lacks contents: write"):
        await services.require_secrets(pool)
    await services.aclose()


async def test_a_changed_key_is_used_without_a_restart(scene: Scene) -> None:
    scene.begin()
    pool = Pool.of(scene.world.kube.objects[Resource.POOLS]["team", "shop"])
    services = Services(scene.world.kube, None)
    minter = services.minter
    first = (await minter.stages(pool))[Stage.PUBLISH]
    scene.world.kube.remove(Resource.SECRETS, ("team", "app"))
    keep_secret(scene.world, appId=str(scene.app.id), privateKey="not a key")
    assert (await minter.stages(pool))[Stage.PUBLISH] is first
    scene.world.clock.time += timedelta(minutes=2)
    with pytest.raises(Misconfigured, match="`privateKey` in Secret app"):
        await minter.stages(pool)
    await services.aclose()


async def test_a_pool_that_gets_a_token_of_its_own_leaves_no_secret_behind(scene: Scene) -> None:
    scene.begin()
    replica = Replica(scene.world)
    await worked(scene, replica)
    assert scene.minted
    scene.world.kube.remove(Resource.SECRETS, ("team", "app"))
    keep_secret(scene.world, username="ann", token="of-ann")
    scene.world.clock.time += timedelta(minutes=45)
    assert await worked(scene, replica) == keep.AGAIN
    await live(scene.world, polls=False)
    assert scene.minted is None


async def test_what_a_pool_was_is_let_go_of(scene: Scene) -> None:
    scene.begin()
    minter = Services(scene.world.kube, None).minter
    body = scene.world.kube.objects[Resource.POOLS]["team", "shop"]
    for generation in range(1, 6):
        body["metadata"]["generation"] = generation
        await minter.check(Pool.of(body))
        scene.world.clock.time += timedelta(hours=1)
    assert [place[-1] for place in minter._known] == [3, 4, 5]
    minter.forget(("team", "shop"))
    assert not minter._known
    await minter.check(Pool.of(body))
    await minter.aclose()
    assert not minter._retired


async def test_an_app_for_a_repository_elsewhere(scene: Scene) -> None:
    services = Services(scene.world.kube, None)
    pool = a_pool(board=False, repository=REPOSITORY | {"url": "https://git.acme.test/shop/cart.git"})
    keep_secret(scene.world, "model", apiKey="k")
    with pytest.raises(Misconfigured, match=r"set spec\.forge\.type to github") as wrong:
        await services.require_secrets(pool)
    assert wrong.value.reason == "AppElsewhere"


@pytest.mark.parametrize(
    ("url", "forge", "whether"),
    [
        ("https://github.com/a/b.git", None, True),
        ("https://git.acme.test/a/b.git", FORGE, True),
        ("https://git.acme.test/a/b.git", None, False),
        ("ssh://git@github.com/a/b.git", FORGE, False),
        ("https://github.com.evil.test/a/b.git", None, False),
    ],
)
def test_whose_secrets_are_looked_at(url: str, forge: Json | None, whether: bool) -> None:
    spec = a_pool(board=False, forge=False, repository={"url": url, "pushSecretRef": {"name": "app"}}).spec
    if forge:
        spec = type(spec).model_validate(spec.wire() | {"forge": forge})
    assert serves(spec) is whether


def test_the_job_mounts_by_the_flag_alone() -> None:
    pool = a_pool(repository=REPOSITORY).spec
    order = build_order("run-1", pool, a_run().spec)
    plain = build_job("run-1-1", run_body(), pool, order, "runner:1")
    assert {found["secretName"] for name, found in sources(plain).items() if name.startswith("git-")} == {"app"}
    made = build_job("run-1-1", run_body(), pool, order, "runner:1", {Stage.PUBLISH})
    assert sources(made)["git-push"] == {
        "secretName": "run-1-git",
        "defaultMode": 0o440,
        "items": secret.items(Stage.PUBLISH),
    }
    assert sources(made)["git-read"]["secretName"] == "app"
    for job in (plain, made):
        boxes = [*job["spec"]["template"]["spec"]["initContainers"], *job["spec"]["template"]["spec"]["containers"]]
        seen = {box["name"]: {m["name"] for m in box["volumeMounts"]} & {"git-read", "git-push"} for box in boxes}
        assert {name: found for name, found in seen.items() if found} == {
            "checkout": {"git-read"},
            "publish": {"git-push"},
        }
        mounts = [m for box in boxes for m in box["volumeMounts"] if m["name"].startswith("git-")]
        # A file that is mounted by itself would stay as it was when the token is renewed.
        assert all(mount["mountPath"] == str(GIT_SECRET) and "subPath" not in mount for mount in mounts)


def test_names_stay_within_what_kubernetes_takes() -> None:
    assert git_secret_name("run-1") == "run-1-git"
    long = [git_secret_name(f"{'a' * 249}{end}") for end in ("aa", "ab")]
    assert len(set(long)) == 2
    assert all(len(name) <= 253 for name in long)


def test_the_chart_gives_what_minting_takes_and_no_more() -> None:
    text = (Path(__file__).parents[2] / "helm/boardhand/templates/_helpers.tpl").read_text()
    rules = text.partition('define "boardhand.rules" -}}')[2].partition("{{- end }}")[0]
    (verbs,) = [rule["verbs"] for rule in yaml.safe_load(rules) if rule["resources"] == ["secrets"]]
    assert verbs == ["get", "create", "patch", "delete"]
