"""A GitHub App that stages clone and push by is tried as they use it: a token is minted, and git is asked with it."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from boardhand_client.trials import Reach, Trial
from boardhand_client.trials.facts import Hidden
from boardhand_client.trials.trying import Trying
from boardhand_operator.views import Pool
from testbed.github import token_desk
from testbed.github.app import create_app
from testbed.github.state import GitHubState
from tests.support.objects import pool_body
from tests.unit.test_github_app import key, pem

SITE = "http://github.test"
APP = {"name": "app"}
Json = dict[str, Any]


@dataclass
class Scene:
    """A GitHub with an App, and its git server."""

    may: dict[str, str]
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Services of git, each with the account that asked."""

    def __post_init__(self) -> None:
        self.github = GitHubState({}, SITE, now=time.time)
        self.github.add_repository("shop/cart")
        self.app = token_desk.add_app(self.github, "boardhand", key().public_key())
        token_desk.install(self.github, self.app, "shop", self.may)
        self._api = httpx.ASGITransport(create_app(self.github))

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """As GitHub, and as its git server."""
        if not request.url.path.endswith("/info/refs"):
            return await self._api.handle_async_request(request)
        if "authorization" not in request.headers:
            return httpx.Response(401)
        service = request.url.params["service"]
        account, _, token = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).partition(b":")
        assert len(token) > 8
        self.asked.append((service, account.decode()))
        return httpx.Response(200, text=f"001e# service={service}\n0000")

    async def tried(self, *places: str, **secret: str) -> dict[str, Trial | Hidden]:
        """What comes of the places that are not good by their credentials alone."""
        about = {f"{place}SecretRef": APP for place in (*places, "push")}
        forge = {"type": "github", "url": SITE, "secretRef": {"name": "none"}}
        body = pool_body(board=False, forge=forge, repository={"url": f"{SITE}/shop/cart.git", **about})
        held = {"appId": str(self.app.id), "privateKey": pem(), **secret}
        data = {name: base64.b64encode(text.encode()).decode() for name, text in held.items()}
        secrets: Json = {"app": {"metadata": {"name": "app"}, "data": data}, "none": None, "model": None}
        reach = Reach(transport=httpx.MockTransport(self.answer))
        found = await Trying(Pool.of(body), secrets, None, reach).all()
        return {place: trial for place, trial in found.items() if place.startswith("repository.")}


async def test_an_app_is_tried_with_a_token_of_no_more_than_is_wanted() -> None:
    scene = Scene({"contents": "write"})
    found = await scene.tried("read")
    assert [(place, trial.said) for place, trial in found.items() if isinstance(trial, Trial)] == [
        ("repository.read", f"{SITE}/shop/cart.git lets the account clone"),
        ("repository.push", f"{SITE}/shop/cart.git lets the account push"),
    ]
    assert sorted(scene.asked) == [("git-receive-pack", "x-access-token"), ("git-upload-pack", "x-access-token")]
    assert len(scene.app.minted) == 2


@pytest.mark.parametrize(
    ("may", "secret", "reason", "said", "fix"),
    [
        ({"contents": "read"}, {}, "PermissionMissing", "lacks contents: write", "add it to the App's permissions"),
        ({"contents": "write"}, {"privateKey": "none"}, "KeyUnreadable", "Secret app", "the whole PEM file"),
        (
            {"contents": "write"},
            {"appId": "999999"},
            "CredentialsRefused",
            "refused App 999999",
            "secret generic app --from-file=appId=FILE --from-file=privateKey=FILE --dry-run",
        ),
        ({"contents": "write"}, {"installationId": "999999"}, "AppNotInstalled", "no installation", "install it"),
    ],
)
async def test_an_app_that_may_not_is_said_with_its_fix(
    may: dict[str, str], secret: dict[str, str], reason: str, said: str, fix: str
) -> None:
    scene = Scene(may)
    found = (await scene.tried(**secret))["repository.push"]
    assert isinstance(found, Trial)
    assert (found.ok, found.reason, said in found.said, fix in found.fix) == (False, reason, True, True), found
    assert scene.asked == []
