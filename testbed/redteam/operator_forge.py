"""A forge that is the attacker's: pull requests that are none of the run's, and addresses that people press."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import AbstractContextManager, nullcontext
from http.server import BaseHTTPRequestHandler
from unittest.mock import patch

import httpx

from boardhand_api import pool
from boardhand_operator.forges import open_forge
from boardhand_operator.forges.gitea import pulls
from boardhand_operator.http.transport import Connection
from testbed.redteam.attack import Attack, Outcome
from testbed.redteam.hostile_server import answer, serving
from testbed.redteam.operator_scene import scene

TOKEN = "canary-of-the-forges-token-90be"


def attacks() -> list[Attack]:
    """Every attack of this theme."""
    return [
        Attack(
            "pull-request-of-a-fork", "a stranger's pull request taken for the run's", _fork,
            lambda: _fork(patch.object(pulls, "_joins", lambda *_: True)),
            "only the repository's own branch counts", short=True,
        ),
        Attack(
            "pull-request-page-of-the-attackers", "an address that people press, of a forge's own making", _page,
            lambda: _page("pages"), "a page is a plain address of the web",
        ),
    ]  # fmt: skip


PAGE = "javascript:alert(1)//) @all"


def _fork(off: AbstractContextManager[object] | None = None) -> Outcome:
    """Somebody's fork has a branch of the run's name, and an open pull request of it."""
    stranger = {
        **{"id": 3, "number": 3, "state": "open", "html_url": "http://forge.test/evil/cart/pulls/3"},
        "head": {"ref": "boardhand/1-total", "repo_id": 66},
        "base": {"ref": "release/1", "repo_id": 1},
    }

    def answers(to: BaseHTTPRequestHandler) -> None:
        listed: object = [stranger] if "page=1&" in f"{to.path}&" else []
        if to.path.endswith("/settings/api"):
            listed = {"max_response_items": 50}
        answer(to, json.dumps(listed).encode())

    with serving(answers) as url, off or nullcontext():
        spec = pool.Forge.model_validate({"type": "gitea", "url": url, "secretRef": {"name": "s"}})
        push = {"name": "s"}
        at = {"url": f"{url}/shop/cart.git", "branch": "release/1", "pushSecretRef": push}
        forge = open_forge(spec, pool.Repository.model_validate(at), {"token": TOKEN}, Connection())

        async def found() -> object:
            try:
                return await forge.pull_request("boardhand/1-total")
            finally:
                await forge.aclose()

        there = asyncio.run(found())
    return Outcome(there is not None, "the run has no pull request yet, and opens its own")


def _page(off: str = "") -> Outcome:
    """A forge that calls something else the page of the run's pull request."""
    with scene(off) as here:
        forge = here.ground.forge_url

        def relay(to: BaseHTTPRequestHandler) -> None:
            sent = to.rfile.read(int(to.headers.get("content-length") or 0))
            kept = {name: to.headers[name] for name in ("authorization", "content-type") if name in to.headers}
            got = httpx.request(to.command, forge + to.path, content=sent, headers=kept, trust_env=False)
            answer(
                to, re.sub(rb'("html_url": *)"[^"]*"', rb"\1" + json.dumps(PAGE).encode(), got.content), got.status_code
            )

        with serving(relay) as url:
            body = here.pool()
            body["spec"]["forge"]["url"] = url
            body["spec"]["repository"]["url"] = body["spec"]["repository"]["url"].replace(forge, url)
            here.apply(body)
            here.run("pressed")
            reached = here.comes(lambda: PAGE in str(here.status("pressed").get("pullRequest")), 15)
            said = here.condition("ticketruns", "pressed", "Ready")
    return Outcome(reached, f"{said['reason']}: {said['message']}")
