"""What Linear documents: every error has its own of ours, every document is one that its schema takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import parse, validate

from boardhand_api import pool
from boardhand_operator import errors
from boardhand_operator.boards.linear import queries
from boardhand_operator.boards.linear.board import LinearBoard
from boardhand_operator.errors import Misconfigured, RateLimited, RemoteUnavailable
from boardhand_operator.http.transport import Connection
from testbed.linear.app import schema
from testbed.linear.complexity import MOST, complexity
from tests.contract.board_wires import Wire
from tests.contract.linear_board import HOOK, LinearBench
from tests.contract.linear_requests import check_linear_requests

ERRORS = json.loads((Path(__file__).parent / "documented" / "linear" / "errors.json").read_text())["answers"]
DOCUMENTS = {name: text for name, text in vars(queries).items() if name.isupper() and not name.startswith("_")}
Call = Callable[[LinearBoard], Any]
CALLS: dict[str, Call] = {
    "look": lambda board: board.look(),
    "comments": lambda board: board.comments("an-issue"),
    "comment": lambda board: board.comment("an-issue", "words"),
    "edit": lambda board: board.edit_comment("an-issue", "a-comment", "words"),
    "move": lambda board: board.move("an-issue", "In Progress"),
    "people": lambda board: board.people(),
}


class Scripted:
    """A Linear that has one answer."""

    def __init__(self) -> None:
        self.answer = httpx.Response(200)
        self.wire = Wire(httpx.MockTransport(lambda _: self.answer))

    def give(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        self.answer = httpx.Response(status, json=body, headers=headers)

    def open(self, **spec: Any) -> LinearBoard:
        fields = {"type": "linear", "board": "SHOP", "url": "http://linear.test", "secretRef": {"name": "s"}}
        credentials = {"token": "lin_api_0", "webhookSecret": "signs"}
        return LinearBoard(pool.Board.model_validate(fields | spec), credentials, Connection(transport=self.wire))


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    monkeypatch.setattr("boardhand_operator.http.transport.RETRIES", 0)
    return Scripted()


@pytest.mark.parametrize("answer", ERRORS, ids=[answer["name"] for answer in ERRORS])
@pytest.mark.parametrize("name", CALLS)
async def test_every_documented_error_has_its_own(scripted: Scripted, name: str, answer: dict[str, Any]) -> None:
    scripted.give(answer["status"], answer["body"], answer.get("headers"))
    board = scripted.open()
    with pytest.raises(getattr(errors, answer["error"])) as failed:
        await CALLS[name](board)
    assert answer["body"]["errors"][0]["message"] in str(failed.value)
    if "retry_after" in answer:
        assert isinstance(failed.value, RateLimited)
        assert failed.value.retry_after == answer["retry_after"]
    check_linear_requests(scripted.wire.requests)
    await board.aclose()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_is_one_of_the_schema(name: str) -> None:
    document = parse(DOCUMENTS[name])
    assert validate(schema(), document) == []
    assert complexity(document) < MOST / 2


def test_a_quiet_poll_of_every_half_minute_stays_below_the_hours_complexity() -> None:
    assert complexity(parse(queries.POLL)) * 120 < 250_000


@pytest.mark.parametrize("field", ["commentCreate", "commentUpdate", "issueUpdate"])
async def test_what_did_not_succeed_is_not_taken_as_done(scripted: Scripted, field: str) -> None:
    states = {"nodes": [{"id": "s2", "name": "In Progress"}]}
    done = {field: {"success": False, "comment": {"id": "c"}, "issue": None}}
    scripted.give(200, {"data": done | {"teams": {"nodes": [{"id": "t", "states": states}]}}})
    board = scripted.open()
    with pytest.raises(RemoteUnavailable, match="did not succeed"):
        if field == "commentCreate":
            await board.comment("an-issue", "words")
        elif field == "commentUpdate":
            await board.edit_comment("an-issue", "a-comment", "words")
        else:
            await board.move("an-issue", "In Progress", "Sprint Backlog")
    await board.aclose()


@pytest.mark.parametrize("body", [{"data": None}, [], "text", {"nothing": 1}])
async def test_an_answer_that_is_no_result(scripted: Scripted, body: Any) -> None:
    scripted.give(200, body)
    board = scripted.open()
    with pytest.raises(RemoteUnavailable):
        await board.look()
    await board.aclose()


async def test_an_address_that_linear_does_not_take_is_said() -> None:
    bench = LinearBench()
    board = bench.open(hook=True, webhook={"callbackUrl": "http://boardhand.example/hook"})
    with pytest.raises(Misconfigured, match=r"Argument Validation Error.*callbackUrl") as wrong:
        await board.subscribe()
    assert wrong.value.reason == "WebhookRefused"
    await board.aclose()


async def test_a_webhook_that_was_switched_off_is_switched_on() -> None:
    bench = LinearBench()
    board = bench.open(hook=True)
    await board.subscribe()
    (hook,) = bench.state.hooks.values()
    assert (hook.url, hook.enabled, hook.resources) == (HOOK, True, ["Issue", "Comment", "IssueLabel"])
    hook.enabled = False
    await board.subscribe()
    assert hook.enabled
    bench.check_requests()
    await board.aclose()


async def test_a_secret_without_the_webhooks_key_is_said(scripted: Scripted) -> None:
    spec = {"type": "linear", "board": "SHOP", "secretRef": {"name": "s"}, "webhook": {"callbackUrl": HOOK}}
    board = LinearBoard(pool.Board.model_validate(spec), {"token": "t"}, Connection(transport=scripted.wire))
    with pytest.raises(Misconfigured, match="webhookSecret"):
        await board.subscribe()
    await board.aclose()


@pytest.mark.parametrize(("label", "good"), [("bot", True), ("nobody-made-it", False)])
async def test_a_label_that_is_not_there_is_said(label: str, good: bool) -> None:
    bench = LinearBench()
    board = bench.open(label=label)
    if good:
        await board.check()
    else:
        with pytest.raises(Misconfigured, match="nobody-made-it") as wrong:
            await board.check()
        assert wrong.value.reason == "LabelMissing"
    await board.aclose()


async def test_an_archived_team_is_said() -> None:
    bench = LinearBench()
    bench.team.archived_at = 1767225600.0
    board = bench.open()
    with pytest.raises(Misconfigured, match="archived") as wrong:
        await board.check()
    assert wrong.value.reason == "BoardClosed"
    await board.aclose()
