"""The docs' example of a board, found by its entry point as if it were installed, does what every board does."""

from __future__ import annotations

import importlib
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from boardhand_api import pool
from boardhand_operator.boards import Board, open_board
from boardhand_operator.http.transport import Connection
from testbed.faults import Fault, Switches
from tests.contract.board_behaviour import COLUMNS, READY, BoardBehaviour
from tests.contract.board_bench import STEPS
from tests.contract.board_wires import Wire, place

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
SITE, TOKEN, READER, ADA = "http://slate.test", "a-token-of-the-bot", "a-token-of-a-reader", "a-token-of-ada"
CALLBACK, SECRET = "https://boardhand.example.com/webhooks/team/shop", "what-slates-sign-with"
LINES = 150


class Faulty(httpx.AsyncBaseTransport):
    """Passes requests on, but for those that a fault strikes."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner, self.switches = inner, Switches()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        fault = self.switches.take(place(request))
        if fault is None:
            return await self.inner.handle_async_request(request)
        if fault.after:
            await self.inner.handle_async_request(request)
        assert fault.status is not None
        return httpx.Response(fault.status, headers=fault.headers, json={"error": "a fault"})


class SlateBench:
    """A file with one slate, behind its own server in this process."""

    secret, person, nowhere, filter, markup = "shop-slate", "ada", "nowhere", "", "markdown"
    comment_written, moved, subscribed = "POST .*/comments$", "PUT .*/column$", "POST .*/hooks$"
    callback = CALLBACK
    page, full_page, signs_body = 120, 50, True
    has = frozenset({"attachments", "links", "priority"})
    checklists = STEPS

    def __init__(self, file: Path) -> None:
        self.server: Any = importlib.import_module("slate_server")
        file.write_text('{"accounts": {}, "slates": {"shop": {"cards": {}, "hooks": {}}}}')
        self.slates = self.server.Slates(file)
        self.slates.data["accounts"] = {
            TOKEN: {"id": "1", "name": "boardhand", "writes": True},
            ADA: {"id": "2", "name": "ada", "writes": True},
            READER: {"id": "3", "name": "reader", "writes": False},
        }
        self.slate["columns"] = list(COLUMNS)
        self.calls: list[tuple[str, bytes, dict[str, str]]] = []
        self.faulty = Faulty(httpx.ASGITransport(self.server.create_app(self.slates, self._called)))
        self.wire = Wire(self.faulty)

    @property
    def slate(self) -> Any:
        return self.slates.data["slates"]["shop"]

    @property
    def ada(self) -> Any:
        return self.slates.data["accounts"][ADA]

    async def _called(self, url: str, body: bytes, headers: dict[str, str]) -> None:
        self.calls.append((url, body, headers))

    def open(self, *, token: str | None = None, hook: bool = False, **spec: Any) -> Board:
        fields = {"type": "slate", "board": "shop", "url": SITE, "secretRef": {"name": self.secret}}
        webhook = {"webhook": {"callbackUrl": CALLBACK}} if hook else {}
        credentials = {"token": token or TOKEN, "webhookSecret": SECRET}
        wanted = pool.Board.model_validate(fields | webhook | spec)
        return open_board(wanted, credentials, Connection(transport=self.wire))

    def reader_token(self) -> str:
        return READER

    def card(self, ticket: str) -> Any:
        return self.slate["cards"][ticket]

    async def ticket(self, title: str = "A ticket", column: str = READY, body: Any = "", label: str = "") -> str:
        card = self.slates.add(self.slate, self.ada, title, body, column)
        card["labels"] = [label] if label else []
        return str(card["id"])

    def stored(self, markdown: str) -> Any:
        return markdown

    async def furnish(self, ticket: str) -> None:
        self.card(ticket).update(
            checklists=[["Steps", [["one", True], ["two", False]]]],
            attachments=[["plan.pdf", f"{SITE}/plan.pdf"]],
            links=[["Design", f"{SITE}/design"]],
            priority="High",
        )

    async def put(self, ticket: str, column: str) -> None:
        self.slates.put(self.card(ticket), self.ada, column)

    async def edit(self, ticket: str, title: str, body: str) -> None:
        self.card(ticket).update(title=title, body=body)

    async def stranger(self) -> None:
        self.ada["writes"] = False

    async def say(self, ticket: str, text: str, *, by_us: bool = False) -> None:
        self.slates.say(self.card(ticket), self.slates.data["accounts"][TOKEN if by_us else ADA], text)

    async def said(self, ticket: str) -> list[str]:
        return [comment["text"] for comment in self.card(ticket)["comments"]]

    async def delete(self, ticket: str) -> None:
        del self.slate["cards"][ticket]

    async def archive(self, ticket: str, *, back: bool = False) -> None:
        self.card(ticket)["archived"] = not back
        self.slates.put(self.card(ticket), self.ada, self.card(ticket)["column"])

    async def rename(self, column: str, name: str) -> None:
        self.slate["columns"] = [name if there == column else there for there in self.slate["columns"]]
        for card in self.slate["cards"].values():
            card["column"] = name if card["column"] == column else card["column"]

    async def archive_column(self, column: str) -> bool:
        self.slate["columns"].remove(column)
        return True

    async def fault(self, **fault: Any) -> None:
        self.faulty.switches.add(Fault.model_validate(fault))

    async def clock(self, seconds: float) -> None:
        self.slates.now = lambda: time.time() + seconds

    def call(self, *, secret: str | None = None) -> tuple[dict[str, str], bytes]:
        body = b'{"changed": "shop"}'
        return self.server.proof(secret or SECRET, body), body

    async def hooks(self) -> int:
        return list(self.slate["hooks"]).count(CALLBACK)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `pip install ./slate` would leave: the module on the path, and the entry point of its pyproject.toml."""
    project = tomllib.loads((EXAMPLES / "slate" / "pyproject.toml").read_text())["project"]
    (group, names), *others = project["entry-points"].items()
    assert others == []
    told = tmp_path / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    told.mkdir()
    (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    lines = [f"[{group}]", *(f"{name} = {value}" for name, value in names.items())]
    (told / "entry_points.txt").write_text("\n".join(lines) + "\n")
    for folder in (tmp_path, EXAMPLES / "slate", EXAMPLES / "slate-server"):
        monkeypatch.syspath_prepend(folder)


@pytest.fixture
def bench(tmp_path: Path, installed: None) -> Iterator[SlateBench]:
    made = SlateBench(tmp_path / "slates.json")
    yield made
    assert not any(token in str(request.url) for request in made.wire.requests for token in (TOKEN, READER))


class TestSlate(BoardBehaviour):
    """All of it."""

    vendor = "slate"


def test_the_whole_package_is_short() -> None:
    files = [path for path in (EXAMPLES / "slate").iterdir() if path.is_file()]
    assert {path.name for path in files} == {"pyproject.toml", "boardhand_slate.py"}
    assert sum(len(path.read_text().splitlines()) for path in files) < LINES


async def test_a_change_is_told_to_the_webhook_and_kept_in_the_file(bench: SlateBench) -> None:
    board, person = bench.open(hook=True), {"authorization": f"Bearer {ADA}"}
    await board.subscribe()
    bench.calls.clear()
    async with httpx.AsyncClient(transport=bench.wire, base_url=SITE, headers=person) as http:
        card = {"title": "A ticket", "body": "Please.", "column": READY}
        ticket = (await http.post("/slates/shop/cards", json=card)).json()["id"]
    ((url, body, headers),) = bench.calls
    assert [found.id for found in (await board.look()).ready] == [ticket]
    assert url == CALLBACK
    assert board.signed(headers, body)
    assert not board.signed(headers, body + b" ")
    again = bench.server.Slates(bench.slates.file)
    assert again.data["slates"]["shop"]["cards"][ticket]["title"] == "A ticket"
    await board.aclose()
