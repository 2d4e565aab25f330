"""Whether an image can be pulled, asked of a registry over real HTTP; and with which credentials."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from boardhand_api.pool import CodingAgentSpec
from boardhand_client.trials import UNTRIED, Reach, Trial
from boardhand_client.trials.checks.images import Reference
from boardhand_client.trials.facts import Hidden
from boardhand_client.trials.pull_secrets import Credential, credentials_of, for_image
from boardhand_client.trials.pulling import Pulling
from boardhand_client.trials.registry import MISSING, NO_REGISTRY, REFUSED, try_image
from boardhand_operator.errors import Misconfigured
from tests.support.objects import pool_body
from tests.support.registry import ACCOUNT, BASIC, PASSWORD, TOKEN, Registry, a_registry

Json = dict[str, Any]
UNREACHED, HIDDEN = "Unavailable", Hidden("not allowed")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture(scope="module")
def serving() -> Iterator[tuple[Registry, Registry]]:
    with a_registry() as beside, a_registry(beside.host) as registry:
        yield registry, beside


@pytest.fixture
def registry(serving: tuple[Registry, Registry]) -> Registry:
    for one in serving:
        one.asked.clear()
    return serving[0]


def image(text: str) -> Reference:
    found = Reference.of(text)
    assert found
    return found


async def tried(registry: Registry, path: str, password: str = "") -> Trial:
    held = [Credential(f"https://{registry.host}", ACCOUNT, password)] if password else []
    found = await try_image(image(f"{registry.host}/{path}"), held, Reach(seconds=5))
    assert not password or password not in f"{found.said}{found.fix}"
    return found


@pytest.mark.parametrize(
    ("path", "password", "reason"),
    [
        ("open/app:1", "", ""),
        ("open/app:1", "wrong-all-the-same", ""),
        ("open/app:2", "", MISSING),
        ("denied/app:1", "", REFUSED),
        ("token/app:1", PASSWORD, ""),
        ("token/app:1", "wrong-password", REFUSED),
        ("token/app:1", "", REFUSED),
        ("token/app:2", PASSWORD, MISSING),
        ("basic/app:1", PASSWORD, ""),
        ("basic/app:1", "wrong-password", REFUSED),
        ("basic/app:1", "", REFUSED),
        ("moved/app:1", PASSWORD, ""),
        ("lured/app:1", PASSWORD, REFUSED),
    ],
)
async def test_what_a_registry_answers_is_a_trial(registry: Registry, path: str, password: str, reason: str) -> None:
    found = await tried(registry, path, password)
    assert (found.ok, found.reason) == (not reason, reason), found


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("round/app:1", "leads from address to address"),
        ("elsewhere/app:1", "nothing was sent there"),
        ("endless/app:1", "answers more than 65536 bytes"),
        ("busy/app:1", "answered 429"),
    ],
)
async def test_of_what_a_registry_does_not_answer_nothing_follows(registry: Registry, path: str, said: str) -> None:
    found = await tried(registry, path, PASSWORD)
    assert (found.reason, said in found.said) == (UNREACHED, True), found


@pytest.mark.parametrize("path", ["lured/app:1", "elsewhere/app:1"])
async def test_no_other_host_is_told_the_password(
    registry: Registry, serving: tuple[Registry, Registry], path: str
) -> None:
    await tried(registry, path, PASSWORD)
    assert {who for _, _, who in serving[1].asked} <= {""}


async def test_credentials_go_to_who_asks_for_them_and_not_to_where_an_image_was_moved(
    registry: Registry, serving: tuple[Registry, Registry]
) -> None:
    assert (await tried(registry, "moved/app:1", PASSWORD)).ok
    assert [who for _, _, who in registry.asked] == ["", BASIC]
    assert [who for _, _, who in serving[1].asked] == [""]


async def test_a_password_buys_a_token_and_the_token_the_image(registry: Registry) -> None:
    assert (await tried(registry, "token/app:1", PASSWORD)).ok
    assert [(method, who) for method, _, who in registry.asked] == [
        ("HEAD", ""),
        ("GET", BASIC),
        ("HEAD", f"Bearer {TOKEN}"),
    ]


async def test_what_is_no_registry_and_what_is_closed_is_told_apart() -> None:
    page = Reach(transport=httpx.MockTransport(lambda _: httpx.Response(404, text="<html>")))
    assert (await try_image(image("page.example/a:1"), (), page)).reason == NO_REGISTRY
    assert (await try_image(image("169.254.169.254:80/a:1"))).reason == "AddressClosed"


async def test_a_clouds_own_nodes_may_pull_what_is_refused_here() -> None:
    asked: list[str] = []

    def refuses(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(401)

    reach = Reach(transport=httpx.MockTransport(refuses))
    cloud = image("1234.dkr.ecr.eu-west-1.amazonaws.com/a:1")
    assert (await try_image(cloud, (), reach)).reason == UNTRIED
    identity = Credential("https://r.example", "x", "")
    assert (await try_image(image("r.example/a:1"), [identity], reach)).reason == UNTRIED
    many = [Credential("https://r.example", "x", f"password-{at}") for at in range(4)]
    assert (await try_image(image("r.example/a:1"), many, reach)).reason == UNTRIED
    assert (await try_image(image("r.example/a:1"), many[:3], reach)).reason == REFUSED
    assert (await try_image(image("python:3.13"), (), reach)).reason == REFUSED
    assert asked[0].startswith("https://1234.dkr.ecr.")
    assert asked[-1].endswith(".docker.io/v2/library/python/manifests/3.13")


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("python:3", "docker.io/library/python:3"),
        ("team/tools", "docker.io/team/tools:latest"),
        ("localhost/tools:1", "localhost/tools:1"),
        ("r.example:5000/a/b:1", "r.example:5000/a/b:1"),
        (f"r.example/a:1@sha256:{'a' * 64}", f"r.example/a@sha256:{'a' * 64}"),
    ],
)
def test_the_short_form_of_an_image_is_made_whole(text: str, whole: str) -> None:
    assert str(image(text)) == whole


@pytest.mark.parametrize(
    ("where", "covers"),
    [
        ("r.example", True),
        ("https://r.example/v2/", True),
        ("*.example", True),
        ("r.example/team", True),
        ("r.example/tea", False),
        ("r.example:5000", False),
        ("*.r.example", False),
        ("example", False),
    ],
)
def test_a_credential_covers_what_the_kubelet_would_pull_with_it(where: str, covers: bool) -> None:
    (found,) = credentials_of(secret({where: {"username": "u", "password": "p"}}))
    assert bool(for_image(image("r.example/team/a:1"), [found])) == covers


def test_the_closest_credential_comes_first_and_the_hubs_has_another_name() -> None:
    held = credentials_of(secret({one: {"auth": "dTpw"} for one in ("r.example", "r.example/a", "other.example")}))
    assert [one.where for one in for_image(image("r.example/a:1"), held)] == [
        "https://r.example/a",
        "https://r.example",
    ]
    (hub,) = credentials_of(secret({"https://index.docker.io/v1/": {"auth": "dTpw"}}))
    assert (hub.covers(image("python:3")), hub.basic) == (True, "Basic dTpw")


def secret(auths: object, key: str = ".dockerconfigjson") -> Json:
    text = json.dumps({"auths": auths} if key == ".dockerconfigjson" else auths)
    held = {key: base64.b64encode(text.encode()).decode()}
    return {"metadata": {"name": "registry"}, "type": f"kubernetes.io/{key[1:]}", "data": held}


@pytest.mark.parametrize("auths", [None, [], {"r.example": None}, {"r.example": {"auth": "not base64 at all"}}])
def test_a_pull_secret_that_is_none_is_said_without_its_text(auths: object) -> None:
    with pytest.raises(Misconfigured) as wrong:
        credentials_of(secret(auths))
    assert wrong.value.message == ".dockerconfigjson of Secret registry is no list of registries and their credentials"
    assert wrong.value.__suppress_context__


def test_the_older_form_and_tokens_of_another_kind_are_read() -> None:
    held = {"r.example": {"username": "u", "password": "p", "identitytoken": "t"}}
    (found,) = credentials_of(secret(held, ".dockercfg"))
    assert (found.username, found.password) == ("u", "")
    assert "dTpw" not in repr(credentials_of(secret({"r.example": {"auth": "dTpw"}})))
    assert credentials_of({"metadata": {"name": "x"}, "type": "Opaque"}) == ()


POD = {"containers": [{"image": "never.example/a:1", "imagePullPolicy": "Never"}]}


def pool(image: str, *services: Json) -> CodingAgentSpec:
    bench = {"image": image, "verify": ["true"], "services": list(services)}
    return CodingAgentSpec.model_validate(pool_body(workbench=bench)["spec"])


async def test_each_image_is_asked_once_and_what_is_on_all_nodes_or_never_pulled_is_not(registry: Registry) -> None:
    node = {"status": {"images": [{"names": ["r.invalid/x:1", "docker.io/library/redis:7"]}, {}]}}
    other = {"status": {"images": [{"names": ["docker.io/library/redis:7"]}]}}
    pulling = Pulling([node, other], Reach(seconds=5))
    spec = pool(f"{registry.host}/open/app:1", {"name": "c", "image": "redis:7"})
    for _ in range(2):
        found = await pulling.all(spec, POD, f"{registry.host}/open/app:1", {})
        assert [field for field, trial in found.items() if isinstance(trial, Trial) and trial.ok] == [
            "spec.workbench.image",
            "spec.workbench.services[c].image",
            "runner.image",
        ]
    assert len(registry.asked) == 1
    assert await pulling.all(pool("never.example/a:1"), POD, "", {}) == {}


async def test_who_may_not_see_the_pull_secret_is_told_nothing_of_what_it_opens(registry: Registry) -> None:
    pulling, spec = Pulling(HIDDEN, Reach(seconds=5)), pool(f"{registry.host}/basic/app:1")
    assert await pulling.all(spec, POD, "", {"registry": HIDDEN}) == {"spec.workbench.image": HIDDEN}
    assert await pulling.all(spec, POD, "", HIDDEN) == {"spec.workbench.image": HIDDEN}
    (refused,) = (await pulling.all(spec, POD, "", {"registry": None})).values()
    assert isinstance(refused, Trial)
    assert refused.reason == REFUSED
    held = secret({registry.host: {"username": ACCOUNT, "password": PASSWORD}})
    (found,) = (await pulling.all(spec, POD, "", {"registry": held})).values()
    assert isinstance(found, Trial)
    assert found.ok
