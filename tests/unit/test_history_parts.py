"""The history's pure parts: rows of a run, its texts, CSV, settings."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sqlite3
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import InternalError

from boardhand_api.events import DIFF_BYTES, EVENT_BYTES, DiffPiece
from boardhand_client.errors import Expired
from boardhand_history.entries import entry_of, finished
from boardhand_history.errors import Misplaced, Unreachable, answering
from boardhand_history.models import Kept, PastRun
from boardhand_history.queries import Cursor
from boardhand_history.recorder import Recorder
from boardhand_history.settings import DEFAULT, Settings, url_of
from boardhand_history.sheet import COLUMNS, cell, sheet
from boardhand_history.texts import TRANSCRIPT_BYTES, diff, transcript
from boardhand_operator.errors import Misconfigured
from testbed import chart
from tests.support.history import DIFF_LOG, body_of, entry, failed, moment, pull_request

WORD = "hunter22"
"""What stands for a password."""
HOSTILE = "a\x00b\x1b[31mc\u202ede\nf"


def test_only_runs_whose_delivery_is_done_are_finished() -> None:
    assert [finished(body_of(phase=phase)) for phase in ("Succeeded", "Failed", "Cancelled")] == [True] * 3
    assert not any(finished(body_of(phase=phase)) for phase in ("Queued", "Working", "Verifying"))


def test_what_steers_a_terminal_or_breaks_a_database_is_gone() -> None:
    hostile = entry_of(body_of(ticket={"title": HOSTILE}, summary=HOSTILE, **failed(message=HOSTILE)))
    for text in (hostile.run["ticket_title"], hostile.run["failure_message"]):
        assert text == "ab[31mcde f"
    assert hostile.detail["summary"] == "ab[31mcde\nf"
    assert "\x00" not in hostile.run["words"]


@pytest.mark.parametrize(
    "down",
    [
        InternalError("INSERT", None, psycopg.errors.ReadOnlySqlTransaction("cannot execute INSERT")),
        sqlite3.OperationalError("cannot execute INSERT: database is locked"),
    ],
)
def test_a_database_that_cannot_be_written_now_is_waited_for(down: Exception) -> None:
    with pytest.raises(Unreachable, match="does not answer: cannot execute INSERT"), answering():
        raise down


def test_what_a_database_will_never_take_is_not_waited_for() -> None:
    with pytest.raises(InternalError), answering():
        raise InternalError("INSERT", None, psycopg.errors.InternalError_("broken"))


class Forgetful:
    """A cluster that forgets every version at once."""

    def __init__(self) -> None:
        self.listed = 0

    async def snapshot(self, *_: object, **__: object) -> str:
        self.listed += 1
        assert self.listed < 100, "listed without end"
        return "1"

    async def metadata(self, *_: object) -> AsyncIterator[dict[str, Any]]:
        for body in list[dict[str, Any]]():
            yield body

    async def watch(self, *_: object, **__: object) -> AsyncIterator[dict[str, Any]]:
        async for body in self.metadata():
            yield body
        raise Expired("too old")


class Empty:
    """A database that knows nothing."""

    async def known(self, _: object) -> dict[str, str]:
        return {}

    async def sweep(self, *_: object) -> int:
        return 0


async def test_an_api_server_that_forgets_at_once_is_not_asked_without_end() -> None:
    cluster = Forgetful()
    recorder = Recorder(cluster, Empty(), Settings(url=DEFAULT), pause=0.05)  # type: ignore[arg-type]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(recorder.run(), 0.12)
    assert 1 <= cluster.listed <= 3


def test_a_run_that_nobody_can_read_is_said_to_be() -> None:
    body = body_of()
    body["spec"]["task"] = "Dance"
    with pytest.raises(Misconfigured, match="task"):
        entry_of(body)


@pytest.mark.parametrize("time", ["yesterday", "2026-01-02T12:00:00", "9999-99-99T00:00:00Z"])
def test_a_time_that_is_none_is_said_to_be(time: str) -> None:
    for body in (body_of(finishedAt=time), body_of(pullRequest=pull_request(mergedAt=time)), body_of(created=time)):
        with pytest.raises(Misconfigured, match="no time"):
            entry_of(body)


def test_what_was_merged_and_touched_stands_in_the_row() -> None:
    row = entry(pullRequest=pull_request(9, state="Merged", mergedAt="2026-01-03T12:00:00Z", head="e" * 40)).run
    assert (row["pull_request_number"], row["pull_request_state"]) == (9, "Merged")
    assert (row["merged_at"], row["pull_request_head"]) == (moment(3), "e" * 40)


@settings(max_examples=30)
@given(st.lists(st.text(max_size=60), max_size=8))
def test_a_transcript_keeps_lines_and_loses_what_steers(lines: list[str]) -> None:
    log = "\n".join(lines)
    kept = transcript(log)
    assert kept.kept is Kept.WHOLE
    assert kept.read().count("\n") == log.count("\n")
    assert not set(kept.read()) & set("\x00\x1b\r\u202e")
    assert kept.size == len(kept.read().encode())


def test_texts_are_bounded_at_whole_lines() -> None:
    line = "ä" * 500 + "\n"
    kept = transcript(line * 300, most=200_000)
    assert kept.kept is Kept.CUT
    assert 200_000 - 1001 < kept.size <= 200_000 < TRANSCRIPT_BYTES
    assert kept.read() == line * (kept.size // 1001)
    assert kept.data is not None and len(kept.data) < 10_000
    long = transcript("x" * (EVENT_BYTES + 9) + "\nnext")
    assert (long.kept, long.read()) == (Kept.CUT, "x" * EVENT_BYTES + "\nnext")


def test_a_diff_says_what_it_lacks() -> None:
    def piece(number: int, of: int, cut: bool = False) -> str:
        return DiffPiece(event="diff", number=number, of=of, text=f"+{number}\n", cut=cut).model_dump_json()

    said = {
        "\n".join((piece(1, 2), "noise", piece(2, 2))): (Kept.WHOLE, "+1\n+2\n"),
        piece(1, 1, cut=True): (Kept.CUT, "+1\n"),
        piece(1, 2): (Kept.CUT, "+1\n"),
        "only noise": (Kept.GONE, ""),
    }
    assert {log: (diff(log).kept, diff(log).read()) for log in said} == said
    large = "\n".join(
        DiffPiece(event="diff", number=number, of=30, text="+x\n" * 7_000).model_dump_json() for number in range(1, 31)
    )
    large_one = diff(large)
    assert large_one.kept is Kept.CUT and large_one.size <= DIFF_BYTES
    assert diff(DIFF_LOG).kept is Kept.WHOLE


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_a_cell_is_never_a_formula(begin: str) -> None:
    assert cell(f"{begin}cmd|'/C calc'!A1") == f"'{begin}cmd|'/C calc'!A1"


def test_cells_are_plain() -> None:
    assert [cell(value) for value in (None, True, False, 3, Decimal("0.25"), moment(2), "a=b")] == [
        *("", "yes", "no", "3", "0.25", "2026-01-02T12:00:00Z", "a=b")
    ]


async def test_the_sheet_is_csv_whatever_the_ticket_says() -> None:
    row = PastRun(**entry(ticket={"title": '=1+1,"x"\n@y'}).run)

    async def pages() -> AsyncIterator[list[tuple[object, ...]]]:
        yield [tuple(getattr(row, name) for name in COLUMNS)]

    text = "".join([lines async for lines in sheet(pages())])
    heading, first = list(csv.reader(io.StringIO(text)))
    assert heading == list(COLUMNS)
    assert dict(zip(heading, first, strict=True))["ticket_title"] == '\'=1+1,"x" @y'
    assert dict(zip(heading, first, strict=True))["money"] == "0.25"


def test_every_column_but_the_inner_ones_is_in_the_sheet() -> None:
    inner = {"version", "words", "ticket_id", "pull_request_head"}
    assert set(COLUMNS) == {column.key for column in PastRun.__table__.columns} - inner


def test_a_place_comes_back_from_its_text() -> None:
    place = Cursor(moment(5), "uid.with.dots")
    assert Cursor.of(str(place)) == place
    for wrong in ("", "x", "1", "1.", "-1.a", f"{10**17}.a", "1.a\x00", "²1.a"):
        with pytest.raises(ValueError, match="first page"):
            Cursor.of(wrong)


def test_where_the_database_is(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text(f"postgres://boardhand:{WORD}@db.test/history\n")
    assert url_of({}).render_as_string() == DEFAULT
    assert url_of({"BOARDHAND_HISTORY_URL": "sqlite:////tmp/x.db"}).drivername == "sqlite+aiosqlite"
    url = url_of({"BOARDHAND_HISTORY_URL_FILE": str(secret)})
    assert (url.drivername, url.host, url.password) == ("postgresql+psycopg", "db.test", WORD)
    assert WORD not in repr(Settings(url=url))


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"BOARDHAND_HISTORY_URL": f"nonsense {WORD}"}, "address is none"),
        ({"BOARDHAND_HISTORY_URL": f"mysql://u:{WORD}@h/d"}, "SQLite and PostgreSQL"),
        ({"BOARDHAND_HISTORY_URL": "sqlite://"}, "needs a file"),
        ({"BOARDHAND_HISTORY_URL": "sqlite:////x", "BOARDHAND_HISTORY_URL_FILE": "/y"}, "not both"),
        ({"BOARDHAND_HISTORY_URL_FILE": "/nowhere/hunter"}, "BOARDHAND_HISTORY_URL_FILE"),
    ],
)
def test_an_address_that_is_none_is_said_without_its_password(environment: dict[str, str], said: str) -> None:
    with pytest.raises(Misplaced, match=said) as told:
        Settings.from_environment(environment)
    assert WORD not in str(told.value)


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("DAYS=0", "give a whole number above 0, 36500 at most, or leave it out"),
        ("DAYS=36501", "36500 at most"),
        ("ROWS=many", "10000000 at most"),
        (f"ROWS={'9' * 5000}", "10000000 at most"),
        ("PROBES=8080", "give host:port, such as 127.0.0.1:8080"),
    ],
)
def test_settings_say_what_is_wrong(variable: str, said: str) -> None:
    name, _, value = f"BOARDHAND_HISTORY_{variable}".partition("=")
    with pytest.raises(ValueError, match=said) as told:
        Settings.from_environment({name: value})
    assert str(told.value).startswith(f"{name}={value!r}: ")


def test_settings_are_read() -> None:
    environment = {
        "BOARDHAND_HISTORY_DAYS": "30",
        "BOARDHAND_HISTORY_ROWS": "1000",
        "BOARDHAND_HISTORY_PROBES": "127.0.0.1:9",
        "BOARDHAND_NAMESPACES": "a, b",
    }
    read = Settings.from_environment(environment)
    assert (read.days, read.rows, read.probes) == (30, 1000, ("127.0.0.1", 9))
    assert read.namespaces == ("a", "b")
    assert Settings.from_environment({"BOARDHAND_NAMESPACES": " ,"}) == Settings(url=url_of({}))


@pytest.mark.parametrize("name", ["days", "rows"])
def test_the_chart_takes_what_the_recorder_takes(name: str) -> None:
    schema = json.loads((chart.FOLDER / "values.schema.json").read_text())
    bounds = schema["properties"]["dashboard"]["properties"]["history"]["properties"][name]
    variable = f"BOARDHAND_HISTORY_{name.upper()}"
    for value in (bounds["minimum"], bounds["maximum"]):
        assert getattr(Settings.from_environment({variable: str(value)}), name) == value
    with pytest.raises(ValueError, match=f"{variable}.*{bounds['maximum']}"):
        Settings.from_environment({variable: str(bounds["maximum"] + 1)})
