"""Chaos' own parts: the plan from a seed, the wire that is cut, and the judgement of a ticket."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from testbed.chaos import plan, report
from testbed.chaos.forwarder import Forwarder
from testbed.chaos.gather import Left
from testbed.chaos.ground import DOING, READY, REVIEW, Ticket
from testbed.chaos.plan import LONG, SHORT, Form, Kind
from testbed.chaos.run import Outcome
from testbed.chaos.verdict import COUNTED, Verdict, judge, totals
from testbed.faults import Fault, Switches

Json = dict[str, Any]


def test_the_long_form_is_what_the_issue_asks_for() -> None:
    assert (LONG.tickets, LONG.pools) == (1000, 10)
    assert LONG.counts[Kind.KILL] >= 30
    assert LONG.counts[Kind.RESTART] == 2
    assert (SHORT.tickets, SHORT.counts[Kind.KILL]) == (50, 10)
    assert set(SHORT.counts) == set(LONG.counts) == set(Kind)


@pytest.mark.parametrize("form", [SHORT, LONG], ids=["short", "long"])
def test_the_plan_is_the_same_for_the_same_seed(form: Form) -> None:
    events = plan.schedule(form, 7)
    assert events == plan.schedule(form, 7) != plan.schedule(form, 8)
    assert Counter(event.kind for event in events) == form.counts
    assert all(1 <= event.at <= form.seconds for event in events)
    times = plan.arrivals(form, 7)
    assert times == plan.arrivals(form, 7) == sorted(times)
    assert len(times) == form.tickets
    assert times[-1] < form.seconds
    lost = [plan.doomed(form, 7, f"run {number}") for number in range(1000)]
    assert lost == [plan.doomed(form, 7, f"run {number}") for number in range(1000)]
    assert 60 < sum(draw is not None for draw in lost) < 140


@pytest.mark.parametrize(
    ("call", "low", "high"),
    [
        ("GET /1/lists/1/cards", 0.2, 0.4),
        ("GET /1/batch", 0.12, 0.25),
        ("POST /1/cards/1/actions/comments", 0.15, 0.3),
        ("PUT /1/cards/1", 0.15, 0.3),
        ("POST /1/cards", 0, 0),
        ("GET /api/v1/repos/load/pool-1/pulls", 0, 0),
    ],
)
def test_about_a_fifth_of_the_boards_calls_fail(call: str, low: float, high: float) -> None:
    switches = Switches()
    for fault in plan.board_faults(3):
        switches.add(Fault.model_validate(fault))
    share = sum(switches.take(call) is not None for _ in range(2000)) / 2000
    assert low <= share <= high


def test_the_forges_faults_are_faults() -> None:
    assert all(Fault.model_validate(fault).chance < 1 for fault in plan.forge_faults(3))


async def test_a_wire_passes_on_until_it_is_cut() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, Forwarder(server.sockets[0].getsockname()[1]).passing() as wire:
        for _ in range(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
            writer.write(b"hello")
            assert await reader.readexactly(5) == b"hello"
            assert wire.cut() > 0
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await reader.readexactly(1)
        assert wire.cut() == 0


async def test_a_wire_to_nobody_closes() -> None:
    async with Forwarder(9).passing() as wire, httpx.AsyncClient(trust_env=False) as http:
        with pytest.raises(httpx.HTTPError):
            await http.get(f"http://127.0.0.1:{wire.port}")


def _said(text: str) -> Json:
    return {"type": "commentCard", "data": {"text": text}}


def _moved(before: str, after: str) -> Json:
    return {"type": "updateCard", "data": {"listBefore": {"name": before}, "listAfter": {"name": after}}}


def _left() -> Left:
    """A ticket with which all is right."""
    run: Json = {"metadata": {"name": "r", "labels": {"boardhand.dev/settled": "true"}}}
    job: Json = {"metadata": {"name": "r-2"}, "status": {"conditions": [{"type": "Complete", "status": "True"}]}}
    lost: Json = {"metadata": {"name": "r-1"}, "status": {"conditions": [{"type": "Failed", "status": "True"}]}}
    return Left(
        Ticket("c1", "pool-0", "1", "Ticket 1"),
        REVIEW,
        [
            {"type": "createCard", "data": {}},
            _said("Taken.\n\n`boardhand:claim:1 run=r uid=u event=e pool=p`"),
            _moved(READY, DOING),
            _said("Done.\n\n`boardhand:closing:1 uid=u`"),
            _moved(DOING, REVIEW),
        ],
        [run | {"status": {"phase": "Succeeded"}}],
        [lost, job],
        {"boardhand/1-ticket-1": {"pushes": 2}},
        [{"number": 1, "head": "boardhand/1-ticket-1", "state": "open", "draft": False}],
    )


def test_a_ticket_with_one_of_everything_is_right() -> None:
    verdict = judge(_left())
    assert verdict.wrong == []
    assert verdict.counts == dict.fromkeys(COUNTED, 1)


def _doubled(what: str) -> Left:
    left = _left()
    match what:
        case "claim" | "final comment":
            left.actions.append(left.actions[1 if what == "claim" else 3])
        case "move":
            left.actions += [_moved(REVIEW, DOING), _moved(DOING, REVIEW)]
        case "job":
            left.jobs.append(left.jobs[1])
        case "run":
            left.runs.append(left.runs[0])
        case "pull request":
            left.pulls.append(left.pulls[0] | {"number": 2, "state": "closed"})
        case "branch":
            left.branches["boardhand/1-ticket-1-2"] = {"pushes": 1}
    return left


@pytest.mark.parametrize("what", ["claim", "final comment", "move", "job", "run", "pull request", "branch"])
def test_what_was_done_twice_is_wrong(what: str) -> None:
    assert any(what.split()[0] in sentence.lower() for sentence in judge(_doubled(what)).wrong)


def test_what_was_not_done_is_wrong() -> None:
    bare = Left(_left().ticket, READY)
    assert len(judge(bare).wrong) == len(COUNTED) + 1
    left = _left()
    left.column = DOING
    assert judge(left).wrong == [f"the card is in {DOING!r}"]
    left = _left()
    left.runs[0]["status"]["phase"] = "Failed"
    assert "TicketRun r is Failed" in judge(left).wrong[0]
    left = _left()
    left.jobs[0]["status"] = {}
    assert judge(left).wrong == ["Job r-1 has not ended"]


def test_a_draft_is_right_where_the_run_says_that_its_pod_was_lost() -> None:
    left = _left()
    left.pulls[0]["draft"] = True
    assert judge(left).wrong == ["pull request 1 of boardhand/1-ticket-1: open, draft: True"]
    left.runs[0]["status"]["partial"] = True
    assert judge(left).wrong == []
    left.pulls[0]["draft"] = False
    assert judge(left).wrong == ["pull request 1 of boardhand/1-ticket-1: open, draft: False"]


def test_totals_tell_lost_from_doubled() -> None:
    verdicts = [judge(_left()), judge(_doubled("job")), judge(Left(_left().ticket, READY))]
    jobs = next(total for total in totals(verdicts) if total.name == "Jobs succeeded")
    assert (jobs.number, jobs.lost, jobs.twice) == (3, 1, 1)


def _outcome(*verdicts: Verdict, strays: list[str] | None = None) -> Outcome:
    return Outcome(
        form=plan.sized(SHORT, len(verdicts)),
        seed=7,
        verdicts=list(verdicts),
        strays=strays or [],
        troubles=[{"time": 1.0, "planned": 1.0, "kind": Kind.KILL, "whom": "operator-a"}],
        starts={"operator-a": 2, "operator-b": 1},
        pods=1,
        calls={"board": {"GET /1/batch": {"count": 3, "done": 2}, "PUT /1/cards/{id}": {"count": 3, "done": 2}}},
        struck={"board": {"calls": 3, "struck": 1}},
        seconds=1.0,
        histories={"c1": ["2026-01-01 board: createCard"]},
    )


def test_only_an_outcome_without_a_fault_passes() -> None:
    assert _outcome(judge(_left())).passed
    assert not _outcome(judge(_doubled("job"))).passed
    assert not _outcome(judge(_left()), strays=["TicketRun r9"]).passed


def test_each_wrong_ticket_is_told_with_its_history(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = _outcome(judge(_doubled("job")))
    report.write(outcome, tmp_path / "build" / "chaos.json")
    written = json.loads((tmp_path / "build" / "chaos.json").read_text())
    assert (written["seed"], written["passed"]) == (7, False)
    (wrong,) = written["wrong"]
    assert (wrong["ticket"], wrong["wrong"]) == ("c1", ["Jobs succeeded: 2 instead of 1"])
    assert wrong["history"] == ["2026-01-01 board: createCard"]
    report.show(outcome)
    shown = capsys.readouterr().out
    assert "WRONG Ticket 1 of pool-0 (c1): Jobs succeeded: 2 instead of 1" in shown
    assert "2026-01-01 board: createCard" in shown
    assert "writes carried out: board PUT /1/cards/{id} 2\n" in shown
    assert "1 of 3 calls to the board met a fault: 33%" in shown
