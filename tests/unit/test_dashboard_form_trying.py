"""Trying what stands in the form: at the stand-ins, by those who may, not too often, and never at closed addresses."""

from __future__ import annotations

import asyncio
import base64
import html
import re
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from boardhand_client.trials import LOOPBACK
from boardhand_dashboard.form.quiet import Quiet
from boardhand_dashboard.form.trying import TRIES, WAITING, Tries, Turns
from boardhand_dashboard.pages.form import tries_of
from boardhand_dashboard.settings import Auth, Settings
from boardhand_operator.kube import Resource
from boardhand_operator.sealed.keyring import KEYS_FILE, Place
from testbed.model.app import MODELS, create_app
from tests.contract.gitea_forge import NAME, SITE, GiteaForgeBench
from tests.contract.trello_board import COLUMNS, KEY, TOKEN, Desk
from tests.support.git_server import git_server
from tests.support.pool_server import Browser, PoolServer, browsing
from tests.support.sealing import a_ring
from tests.support.ssh_server import new_key, serving
from tests.unit.test_github_app import pem
from tests.unit.test_trials_apps import SITE as SITE_OF_APPS
from tests.unit.test_trials_apps import Scene

BOARD, FORGE, LARGE = (f"/ns/team/trials/{section}" for section in ("board", "forge", "large"))


class Streets(httpx.AsyncBaseTransport):
    """Leads to several servers in this process by their names."""

    def __init__(self, **servers: httpx.AsyncBaseTransport) -> None:
        self.servers, self.asked = servers, list[httpx.Request]()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return await self.servers[request.url.host.partition(".")[0]].handle_async_request(request)


class Town:
    """A board, a forge and a model; a visitor in front of the dashboard."""

    def __init__(self) -> None:
        self.desk, self.bench = Desk(), GiteaForgeBench()
        model = httpx.ASGITransport(create_app([], key="model-key"))
        self.streets = Streets(trello=self.desk.wire, gitea=self.bench.wire, model=model)
        self.server = PoolServer()

    @property
    def board(self) -> dict[str, str]:
        where = {"board.url": "http://trello.test/1", "board.type": "trello", "board.board": self.desk.board["id"]}
        return where | {"secret:board.key": KEY, "secret:board.token": TOKEN}

    @property
    def forge(self) -> dict[str, str]:
        where = {"forge.type": "gitea", "forge.url": SITE, "repository.url": f"{SITE}/{NAME}.git"}
        return where | {"secret:forge.token": "a-token-of-the-bot"}


@pytest.fixture
def town() -> Town:
    return Town()


@pytest_asyncio.fixture
async def ada(town: Town) -> AsyncIterator[Browser]:
    async with browsing(town.server, Quiet(transport=town.streets)) as browser:
        yield browser


def text(page: httpx.Response) -> str:
    assert page.status_code == 200, page.text
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


async def test_the_lists_of_the_board_are_said_and_offered(town: Town, ada: Browser) -> None:
    page = await ada.post(BOARD, town.board)
    assert f"The lists on this board are: {', '.join(COLUMNS)}." in text(page)
    assert re.findall(r'<datalist id="([^"]+)">', page.text) == ["offers-board-columns"]
    assert [html.unescape(one) for one in re.findall(r'<option value="([^"]+)"', page.text)] == list(COLUMNS)
    assert 'class="notice good"' in page.text


async def test_a_column_that_is_not_there_is_said_with_those_that_are(town: Town, ada: Browser) -> None:
    page = await ada.post(BOARD, town.board | {"board.columns.ready": "Backlog"})
    assert 'class="notice bad"' in page.text
    assert "Backlog" in text(page)
    assert "The lists on this board are: Sprint Backlog" in text(page)
    assert "What to do: spec.board.columns: {ready: 'Sprint Backlog'}" in text(page)


@pytest.mark.slow
async def test_without_a_script_a_button_tries(town: Town, ada: Browser) -> None:
    page = await ada.post("/ns/team/pools/new", town.board | {"do": "try:board", "name": "shop"})
    assert "The lists on this board are" in text(page)
    assert '<datalist id="offers-board-columns">' in page.text
    assert TOKEN not in page.text


@pytest.mark.slow
async def test_a_refused_token_is_said(town: Town, ada: Browser) -> None:
    page = await ada.post(BOARD, town.board | {"secret:board.token": "x" * 64})
    assert "refused the key and token" in text(page)
    assert "x" * 64 not in page.text


@pytest.mark.slow
async def test_a_repository_is_tried_with_its_branch(town: Town, ada: Browser) -> None:
    assert f"{SITE}/{NAME}.git is there, with branch main" in text(await ada.post(FORGE, town.forge))
    wrong = await ada.post(FORGE, town.forge | {"repository.branch": "trunk"})
    assert "The branches are: main" in text(wrong)
    assert '<datalist id="offers-forge-branches">' in wrong.text
    reader = await ada.post(FORGE, town.forge | {"secret:forge.token": "a-token-of-nobody"})
    assert 'class="notice bad"' in reader.text


@pytest.mark.slow
async def test_who_pushes_is_tried_beside_the_forge(town: Town, ada: Browser) -> None:
    town.streets.servers["git"] = httpx.MockTransport(git_server)
    fields = town.forge | {"repository.url": "http://git.test/shop/cart.git", "forge.type": "", "forge.url": ""}
    fields |= {"secret:forge.token": "", "secret:repository.push.username": "bot"}
    page = await ada.post(FORGE, fields | {"secret:repository.push.token": "pushes"})
    assert text(page) == "Tried: http://git.test/shop/cart.git lets the account push."
    page = await ada.post(FORGE, fields | {"secret:repository.push.token": "reads-only"})
    assert "must be let push to http://git.test/shop/cart.git" in text(page)
    page = await ada.post(FORGE, fields | {"secret:repository.read.username": "bot"})
    assert "has nothing under `token`" in text(page)
    assert "reads-only" not in page.text


async def test_an_app_is_tried_beside_the_forge(town: Town, ada: Browser) -> None:
    scene = Scene({"contents": "write"})
    town.streets.servers["github"] = httpx.MockTransport(scene.answer)
    fields = {"repository.url": f"{SITE_OF_APPS}/shop/cart.git", "forge.type": "github", "forge.url": SITE_OF_APPS}
    fields |= {"secret:repository.push.appId": str(scene.app.id), "secret:repository.push.privateKey": pem()}
    page = await ada.post(FORGE, fields)
    assert f"{SITE_OF_APPS}/shop/cart.git lets the account push" in text(page)
    assert scene.asked == [("git-receive-pack", "x-access-token")]
    other = await ada.post(FORGE, fields | {"secret:repository.push.appId": "999999"})
    assert "refused App 999999" in text(other)
    half = await ada.post(FORGE, fields | {"secret:repository.push.appId": ""})
    assert "holds a GitHub App without its `appId`" in text(half)


@pytest.mark.slow
async def test_a_key_for_ssh_is_tried_beside_the_forge(town: Town, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "shop.git")], check=True)
    with serving(tmp_path) as server:
        fields = {"repository.url": f"{server.address}/shop.git", "secret:repository.push.sshKey": server.key}
        fields |= {"secret:repository.push.knownHosts": server.known_hosts}
        async with browsing(town.server, Quiet(seconds=20)) as ada:
            assert "lets the key push" in text(await ada.post(FORGE, fields))
            refused = await ada.post(FORGE, fields | {"secret:repository.push.sshKey": new_key()})
            assert "public key of `sshKey`" in text(refused)
        async with browsing(town.server, Quiet(closed=LOOPBACK)) as ada:
            assert "closed to all trials" in text(await ada.post(FORGE, fields))


def test_what_a_server_says_over_ssh_is_not_shown() -> None:
    said = "Welcome to db-1, root password is internal-secret\nssh: connect to host db port 22: Connection refused"
    assert Quiet().quoted(said) == "ssh: connect to host db port 22: Connection refused"


@pytest.mark.slow
async def test_a_model_is_tried(ada: Browser) -> None:
    fields = {"models.large.baseURL": "http://model.test/v1", "models.large.name": MODELS[0]}
    page = await ada.post(LARGE, fields | {"secret:models.large.apiKey": "model-key"})
    assert f"has {MODELS[0]}" in text(page)
    page = await ada.post(LARGE, fields | {"secret:models.large.apiKey": "another-key"})
    assert 'class="notice bad"' in page.text
    page = await ada.post(LARGE, {**fields, "models.large.name": "none", "secret:models.large.apiKey": "model-key"})
    assert f"The models there are: {', '.join(MODELS)}" in text(page)


@pytest.mark.slow
async def test_what_is_not_filled_in_yet_is_not_asked_for(town: Town, ada: Browser) -> None:
    assert "nothing is given here yet" in text(await ada.post(BOARD, {}))
    assert "once board has: board" in text(await ada.post(BOARD, {"board.type": "trello"}))
    assert town.streets.asked == []


async def test_credentials_of_a_secret_are_tried_with_the_visitors_right(town: Town, ada: Browser) -> None:
    data = {key: base64.b64encode(value.encode()).decode() for key, value in (("key", KEY), ("token", TOKEN))}
    town.server.kube.put(Resource.SECRETS, "team", {"metadata": {"name": "trello"}, "data": data})
    fields = town.board | {"secret:board.key": "", "secret:board.token": "", "board.secretRef.name": "trello"}
    assert "The lists on this board are" in text(await ada.post(BOARD, fields))
    town.server.forbidden = {("get", "secrets", "team")}
    town.streets.asked.clear()
    assert "you may not read Secret team/trello" in text(await ada.post(BOARD, fields))
    assert town.streets.asked == []


@pytest.mark.slow
async def test_sealed_credentials_are_tried_with_the_right_to_the_keys(town: Town, ada: Browser) -> None:
    ring = a_ring()
    keys = {KEYS_FILE: base64.b64encode(ring.text().encode()).decode()}
    town.server.kube.put(Resource.SECRETS, "boardhand", {"metadata": {"name": "boardhand-sealing"}, "data": keys})
    texts = {key: ring.seal(Place("team", "shop", f"board.{key}"), value) for key, value in (("key", KEY),)}
    texts["token"] = ring.seal(Place("team", "shop", "board.token"), TOKEN)
    rest = f"board: {{sealed: {{key: {texts['key']}, token: {texts['token']}}}}}"
    fields = town.board | {"secret:board.key": "", "secret:board.token": "", "rest": rest, "name": "shop"}
    assert "The lists on this board are" in text(await ada.post(BOARD, fields))
    assert "sealed for another pool" in text(await ada.post(BOARD, fields | {"name": "other"}))
    # One key typed anew, the other as it is.
    assert "refused the key and token" in text(await ada.post(BOARD, fields | {"secret:board.token": "x" * 64}))


async def test_who_may_not_write_pools_tries_nothing(town: Town, ada: Browser) -> None:
    town.server.forbidden = {("create", "codingagents", "team"), ("update", "codingagents", "team")}
    assert (await ada.post(BOARD, town.board)).status_code == 403
    assert (await ada.post("/ns/team/pools/new", town.board | {"do": "try:board"})).status_code == 403
    assert town.streets.asked == []


@pytest.mark.parametrize("section", ["workbench", "nothing"])
async def test_other_sections_are_not_tried(ada: Browser, section: str) -> None:
    assert (await ada.post(f"/ns/team/trials/{section}", {})).status_code == 404


CLOSED = [
    "http://169.254.169.254/latest/meta-data",
    "http://[::ffff:169.254.169.254]/1",
    "http://localhost:{port}/1",
    "http://127.0.0.1:{port}/1",
]
"""Further ones are tried where the trials are."""


@pytest.fixture
async def seen() -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server of this machine that nobody shall reach, and what it was sent."""
    said: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said.append(await reader.read(100))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], said


@pytest.mark.slow
@pytest.mark.parametrize("address", CLOSED)
async def test_closed_addresses_are_refused(town: Town, seen: tuple[int, list[bytes]], address: str) -> None:
    port, said = seen
    url = address.format(port=port)
    tried: dict[str, dict[str, str]] = {
        BOARD: town.board | {"board.url": url},
        FORGE: town.forge | {"forge.url": url, "repository.url": f"{url}/team/app.git"},
        LARGE: {"models.large.name": "m", "models.large.baseURL": url, "secret:models.large.apiKey": "k" * 20},
    }
    async with browsing(PoolServer()) as ada:
        for path, fields in tried.items():
            assert "closed to all trials" in text(await ada.post(path, fields)), path
    assert said == []


@pytest.mark.slow
async def test_from_a_laptop_its_own_servers_are_tried(seen: tuple[int, list[bytes]]) -> None:
    assert tries_of(Settings(auth=Auth.TOKEN)).reach.closed == LOOPBACK
    assert tries_of(Settings(auth=Auth.LAPTOP)).reach.closed == ()
    port, said = seen
    url = f"http://127.0.0.1:{port}/v1"
    fields = {"models.large.name": "m", "models.large.baseURL": url, "secret:models.large.apiKey": "k" * 20}
    async with browsing(PoolServer(), tries_of(Settings(auth=Auth.LAPTOP)).reach) as ada:
        await ada.post(LARGE, fields)
    assert said[0].startswith(b"GET /v1/models")


@pytest.mark.slow
async def test_a_redirect_is_not_followed_with_credentials(town: Town, ada: Browser) -> None:
    answers: Callable[[httpx.Request], httpx.Response] = lambda _: httpx.Response(  # noqa: E731
        302, headers={"location": "http://169.254.169.254/latest"}, text="instance-secret"
    )
    town.streets.servers["trello"] = httpx.MockTransport(answers)
    page = await ada.post(BOARD, town.board)
    assert {one.url.host for one in town.streets.asked} == {"trello.test"}
    assert "instance-secret" not in page.text


@pytest.mark.slow
async def test_what_an_address_answers_is_not_shown(town: Town, ada: Browser) -> None:
    body = "<script>alert(1)</script> internal-secret-of-a-server"
    for status in (200, 400, 401, 403):
        town.streets.servers["trello"] = httpx.MockTransport(lambda _, code=status: httpx.Response(code, text=body))
        page = await ada.post(BOARD, town.board)
        assert "<script>" not in page.text
        assert "internal-secret" not in page.text, status


async def test_a_page_that_is_not_read_out_is_left() -> None:
    class Page(httpx.AsyncByteStream):
        left = False

        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"page"

        async def aclose(self) -> None:
            self.left = True

    page = Page()
    answers = httpx.MockTransport(lambda _: httpx.Response(404, stream=page))
    transport = Quiet(transport=answers).connection().transport
    async with httpx.AsyncClient(transport=transport) as http:
        assert (await http.get("http://page.test")).content == b""
    assert page.left


async def test_a_server_that_does_not_answer_ends_in_a_sentence(town: Town) -> None:
    async def sleep(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(30)
        raise AssertionError

    town.streets.servers["trello"] = httpx.MockTransport(sleep)
    async with browsing(town.server, Quiet(transport=town.streets, seconds=0.05)) as ada:
        assert "did not answer within 0.05 seconds" in text(await ada.post(BOARD, town.board))


def test_trials_are_counted() -> None:
    now = [0.0]
    turns = Turns(lambda: now[0])
    assert [turns.wait() for _ in range(TRIES)] == [0.0] * TRIES
    assert turns.wait() == 60.0
    now[0] = 59.0
    assert turns.wait() == 1.0
    now[0] = 60.0
    assert turns.wait() == 0.0


@pytest.mark.slow
async def test_many_trials_of_a_visitor_wait(town: Town, ada: Browser) -> None:
    for _ in range(TRIES):
        await ada.post(BOARD, {})
    assert "That were many trials: the next one is in" in text(await ada.post(BOARD, town.board))
    assert town.streets.asked == []


async def test_a_visitor_tries_one_at_a_time_and_few_wait() -> None:
    tries, visitor, most, running, refused = Tries(Quiet()), Desk(), 0, 0, 0

    async def one() -> None:
        nonlocal most, running, refused
        async with tries.turn(visitor) as waits:
            if waits:
                refused += 1
                return
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(one() for _ in range(10)))
    assert (most, refused) == (1, 10 - WAITING - 1)
    await one()
    assert refused == 10 - WAITING - 1
