"""The pool's form on the real cluster: what is typed is tried, sealed, judged by the API server, and becomes Ready."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from boardhand_client.session import Session
from boardhand_dashboard.app import build
from boardhand_dashboard.settings import Auth, Settings
from testbed import world
from testbed.watching import wait_for_pool
from testbed.world import TRELLO_KEY, TRELLO_TOKEN
from tests.e2e.conftest import NAMESPACE, Scene

pytestmark = pytest.mark.e2e

NEW = f"/ns/{NAMESPACE}/pools/new"


class Form:
    """A visitor with the kubeconfig, and the form."""

    def __init__(self, http: httpx.AsyncClient, csrf: str) -> None:
        self._http, self._csrf = http, csrf

    async def post(self, path: str, fields: dict[str, str]) -> httpx.Response:
        return await self._http.post(path, data={**fields, "csrf": self._csrf})

    async def opened(self, path: str) -> dict[str, str]:
        """What the page would post, but for choices."""
        page = (await self._http.get(path)).text
        tags = [dict(re.findall(r'([\w:-]+)="([^"]*)"', tag)) for tag in re.findall(r"<input [^>]*>", page)]
        areas = re.findall(r'<textarea [^>]*name="([^"]+)"[^>]*>\n?([^<]*)</textarea>', page)
        chosen = re.findall(
            r'<select [^>]*name="([^"]+)"[^>]*>(?:(?!</select>).)*?value="([^"]*)" selected', page, re.DOTALL
        )
        found = [*((tag["name"], tag.get("value", "")) for tag in tags), *areas, *chosen]
        return {html.unescape(name): html.unescape(value) for name, value in found}


@pytest_asyncio.fixture
async def form(shop: Scene) -> AsyncIterator[Form]:
    app = build(Settings(auth=Auth.LAPTOP, sealing=(world.SYSTEM, "boardhand-sealing")))
    entrance = app.state.entrance
    cookie = await entrance.by_session(await Session.kubeconfig(str(shop.kubectl.cluster.kubeconfig)))
    visitor = await entrance.logins.find(cookie)
    transport = httpx.ASGITransport(app)
    cookies = {entrance.cookies.name: cookie}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", cookies=cookies, timeout=60) as http:
        yield Form(http, visitor.csrf)
    await entrance.logins.close()


async def test_a_pool_of_the_form_becomes_ready_and_is_changed(shop: Scene, form: Form) -> None:
    forge, model = shop.world.forge, shop.pool()["spec"]["models"]["large"]
    fields = {
        "name": shop.name,
        "board.type": "trello",
        "board.board": shop.board_id,
        "board.url": f"{shop.world.trello_url}/1",
        "board.columns.failed": "Needs a person",
        "secret:board.key": TRELLO_KEY,
        "secret:board.token": TRELLO_TOKEN,
        "repository.url": f"{forge.base_url}/{forge.organisation}/{shop.repository}.git",
        "repository.readSecretRef.name": "git-read",
        "repository.pushSecretRef.name": "git-push",
        "forge.type": "gitea",
        "forge.url": forge.base_url,
        "forge.secretRef.name": "forge",
        "models.large.name": model["name"],
        "models.large.baseURL": model["baseURL"],
        "models.large.secretRef.name": "model",
        "workbench.image": shop.pool()["spec"]["workbench"]["image"],
        "limits.money": "5",
        "rest": "models: {large: {price: {prompt: 2.5, completion: 10}}}",
    }
    page = await form.post(f"/ns/{NAMESPACE}/trials/board", fields)
    assert "The lists on this board are: " in page.text, page.text
    page = await form.post(f"/ns/{NAMESPACE}/trials/forge", fields)
    for said in ("is there, with branch main", "lets the account clone", "lets the account push"):
        assert said in page.text, page.text
    reader = {"secret:repository.push.username": forge.bot_user, "secret:repository.push.token": forge.read_token}
    page = await form.post(f"/ns/{NAMESPACE}/trials/forge", {**fields, "repository.pushSecretRef.name": "", **reader})
    assert "lets the account push" not in page.text
    assert forge.read_token not in page.text

    # A rule of the whole spec, which only the API server knows.
    page = await form.post(NEW, {**fields, "limits.money": "", "budget.day": "50", "do": "apply"})
    beside = re.search(r'id="error-limits-money">([^<]*)<', page.text)
    assert beside
    assert "spec.limits.money is required with spec.budget" in beside[1]
    assert shop.kubectl.get("codingagent", shop.name) is None

    shop.pools.append(shop.name)
    done = await form.post(NEW, {**fields, "do": "apply"})
    assert done.status_code == 303, done.text
    made = wait_for_pool(shop.kubectl, shop.name, "True", 60)
    assert set(made["spec"]["board"]["sealed"]) == {"key", "token"}

    edit = f"/ns/{NAMESPACE}/pools/{shop.name}/edit"
    opened = await form.opened(edit)
    done = await form.post(edit, {**opened, "limits.attempts": "7", "do": "apply"})
    assert done.status_code == 303, done.text
    changed = wait_for_pool(shop.kubectl, shop.name, "True", 60)
    assert changed["spec"] == made["spec"] | {"limits": made["spec"]["limits"] | {"attempts": 7}}

    opened = await form.opened(edit)
    shop.kubectl("patch", "codingagent", shop.name, "--type=merge", "-p", '{"spec":{"suspend":true}}')
    late = await form.post(edit, {**opened, "limits.attempts": "8", "do": "apply"})
    assert late.status_code == 409
    after = shop.kubectl.get("codingagent", shop.name)
    assert after
    assert (after["spec"]["suspend"], after["spec"]["limits"]["attempts"]) == (True, 7)
