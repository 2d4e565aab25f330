"""The history in both databases: the same cases on SQLite, and marked slow on PostgreSQL."""

from __future__ import annotations

import asyncio
import itertools
import random
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import URL, inspect, text
from sqlalchemy.exc import DBAPIError

from boardhand_history import queries, schema
from boardhand_history.counting import Counting
from boardhand_history.database import connect
from boardhand_history.errors import Unreachable, WrongSchema
from boardhand_history.models import Kept, PastRun
from boardhand_history.queries import Cursor, History, Search
from boardhand_history.reports import Grain
from boardhand_history.settings import database_url
from boardhand_history.sheet import COLUMNS, sheet
from testbed.postgres import serving
from tests.support.history import (
    DIFF,
    HEAD,
    TRANSCRIPT,
    Stored,
    day,
    entry,
    failed,
    moment,
    pull_request,
    quiet,
    scalar,
    sqlite_url,
    stored,
    sync,
    texts,
)
from tests.support.tally import Past, Wanted, put

NewUrl = Callable[[], str]
TEAM = frozenset({"team"})


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def new_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewUrl]:
    """Addresses of databases that are empty."""
    numbers = itertools.count()
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("history")
        yield lambda: sqlite_url(folder, f"{next(numbers)}.db")
        return
    with tempfile.TemporaryDirectory() as open_folder:
        Path(open_folder).chmod(0o755)
        with serving(Path(open_folder) / "postgres") as server:
            yield lambda: server.create(f"history{next(numbers)}")


@pytest.fixture
async def kept(new_url: NewUrl) -> AsyncIterator[Stored]:
    async with stored(new_url()) as made:
        yield made


async def names(history: History, **search: Any) -> list[str]:
    return [row.name for row in (await history.search(TEAM, Search(**search))).rows]


async def test_tables_are_those_of_the_models_and_go_down_and_up(kept: Stored) -> None:
    def down_and_up(connection: Any) -> None:
        config = schema.config(connection)
        command.check(config)
        command.downgrade(config, "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
        command.upgrade(config, "head")
        command.check(config)

    await sync(kept.engine, down_and_up)


async def test_a_run_comes_back_as_it_was(kept: Stored) -> None:
    await kept.records.put(entry(finishedAt="2026-01-01T12:20:00Z"), texts())
    told = await kept.history.one(TEAM, "uid-team-run-1")
    assert told is not None
    run = told.run
    assert (run.name, run.board, run.ticket_key, run.phase, run.passed) == ("run-1", "trello", "#1", "Succeeded", True)
    assert (run.money, run.prompt_tokens, run.pull_request_number) == (Decimal("0.25"), 1000, 7)
    assert (run.finished_at, run.created_at) == (moment(1) + timedelta(minutes=20), moment(1))
    assert run.finished_at.utcoffset() == timedelta(0)
    assert told.detail.said["verdict"]["commands"] == ["pytest -q"]
    assert (told.transcript.kept, told.transcript.read()) == (Kept.WHOLE, TRANSCRIPT)
    assert (told.diff.kept, told.diff.read()) == (Kept.WHOLE, DIFF)


async def test_twice_is_once_and_the_last_state_stands(kept: Stored) -> None:
    await kept.records.put(entry(), texts())
    merged = pull_request(state="Merged", mergedAt=day(3))
    await kept.records.put(entry(version="9", pullRequest=merged))
    (row,) = (await kept.history.search(TEAM, Search())).rows
    assert (row.pull_request_state, row.merged_at, row.version) == ("Merged", moment(3), "9")
    told = await kept.history.one(TEAM, row.uid)
    assert told is not None and told.transcript.read() == TRANSCRIPT
    assert await kept.records.known([row.uid, "uid-of-nobody"]) == {row.uid: "9"}


async def test_a_run_is_written_whole_or_not_at_all(kept: Stored) -> None:
    broken = entry()
    object.__setattr__(broken, "detail", {**broken.detail, "title": None})
    with pytest.raises(DBAPIError):
        await kept.records.put(broken, texts())
    assert await kept.records.known([broken.uid]) == {}


async def test_every_word_is_looked_for_as_it_stands(kept: Stored) -> None:
    await kept.records.put(entry("run-1", ticket={"title": "Fix the Größe of 100%_\\ carts", "key": "SHOP-7"}))
    await kept.records.put(entry("run-2", ticket={"title": "Fix another"}, **failed(message="Keyword ZEBRA")))
    assert await names(kept.history, text="fix") == ["run-2", "run-1"]
    for found in ("GRÖSSE", "shop-7", "100%_\\", "RUN-1", "carts größe"):
        assert await names(kept.history, text=found) == ["run-1"], found
    assert await names(kept.history, text="zebra") == ["run-2"]
    for nothing in ("100_", "f%x", "zebra größe", "trello"):
        assert await names(kept.history, text=nothing) == [], nothing


async def test_filters_hold_together(kept: Stored) -> None:
    await kept.records.put(entry("done", task="Implement", finishedAt=day(2)))
    await kept.records.put(entry("red", pool="other", finishedAt=day(3, 23), **failed()))
    await kept.records.put(entry("stuck", finishedAt=day(4, 0), **failed("Stuck")))
    await kept.records.put(entry("merged", finishedAt=day(5), pullRequest=pull_request(8, state="Merged")))
    said: list[tuple[dict[str, Any], list[str]]] = [
        ({"pool": "other"}, ["red"]),
        ({"phase": "Failed"}, ["stuck", "red"]),
        ({"failure_class": "Stuck"}, ["stuck"]),
        ({"task": "Implement"}, ["done"]),
        ({"pull_request": "Merged"}, ["merged"]),
        ({"pull_request": "Open"}, ["done"]),
        ({"since": date(2026, 1, 3), "until": date(2026, 1, 3)}, ["red"]),
        ({"since": date(2026, 1, 4)}, ["merged", "stuck"]),
        ({"until": date(9999, 12, 31), "phase": "Failed", "pool": "shop"}, ["stuck"]),
    ]
    for search, found in said:
        assert await names(kept.history, **search) == found, search
    assert await kept.history.pools(TEAM) == ["other", "shop"]


async def test_pages_have_each_run_once_whatever_comes_meanwhile(kept: Stored) -> None:
    for number in range(11):
        await kept.records.put(entry(f"run-{number:02}", finishedAt=day(1 + number // 5)))
    seen: list[str] = []
    after: Cursor | None = None
    while True:
        page = await kept.history.search(TEAM, Search(), after, limit=3)
        seen += [row.name for row in page.rows]
        await kept.records.put(entry(f"late-{len(seen):02}", finishedAt=day(20)))
        if page.next is None:
            break
        after = Cursor.of(str(page.next))
    assert sorted(seen) == [f"run-{number:02}" for number in range(11)]
    every = kept.history.every(TEAM, Search(until=date(2026, 1, 19)), ["name"])
    assert [name async for page in every for (name,) in page] == seen


async def test_a_sheet_of_many_runs_holds_few_of_them_and_no_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "_SHEET", 10)
    async with stored(sqlite_url(tmp_path)) as made:
        await put(made.engine, some_runs(200))
        lines = list[int]()
        async for piece in sheet(made.history.every({"team", "other", "third"}, Search(), COLUMNS)):
            lines.append(piece.count("\r\n"))
            assert made.reading.sync_engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert (sum(lines), max(lines)) == (201, 10)


async def test_others_get_a_turn_while_a_sheet_is_made() -> None:
    turns = 0

    async def pages() -> AsyncIterator[list[tuple[object, ...]]]:
        yield [("",) * len(COLUMNS)] * 1_000

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    waiting = asyncio.create_task(other())
    pieces = [piece async for piece in sheet(pages())]
    waiting.cancel()
    assert turns >= len(pieces) - 1 == 5


async def test_nothing_of_other_namespaces_ever_comes_back(kept: Stored) -> None:
    for namespace in ("team", "other"):
        await kept.records.put(entry(namespace=namespace, pool=f"pool-of-{namespace}"), texts())
    for seen in (frozenset[str](), TEAM, frozenset({"nowhere"}), frozenset({"team", "other"})):
        history, visible = kept.history, sorted(seen & {"team", "other"})
        assert sorted(row.namespace for row in (await history.search(seen, Search())).rows) == visible
        assert (
            sorted([of async for page in history.every(seen, Search(text="cart"), ["namespace"]) for (of,) in page])
            == visible
        )
        assert await history.pools(seen) == sorted(f"pool-of-{name}" for name in visible)
        for name in ("team", "other"):
            assert (await history.one(seen, f"uid-{name}-run-1") is not None) == (name in visible)
        report = await history.report(seen, Grain.DAY, date(2026, 1, 1), date(2026, 1, 1))
        assert sorted(namespace for namespace, _, _ in report.pools) == visible
        assert report.total.runs == len(visible)


async def test_a_report_counts_what_is_there(kept: Stored) -> None:
    merged = {"state": "Merged", "mergedAt": day(9)}
    await kept.records.put(entry("clean", pullRequest=pull_request(1, **merged), ticket={"id": "a"}))
    touched = pull_request(2, **merged) | {"head": "d" * 40}
    await kept.records.put(entry("touched", pullRequest=touched, ticket={"id": "b"}))
    await kept.records.put(entry("first", ticket={"id": "c"}, **failed()))
    await kept.records.put(entry("second", attempt=2, pullRequest=pull_request(3, **merged), ticket={"id": "c"}))
    await kept.records.put(entry("elsewhere", finishedAt="2025-01-01T12:00:00Z"))
    report = await kept.history.report(TEAM, Grain.WEEK, date(2026, 1, 1), date(2026, 1, 11))
    total = report.total
    assert (total.runs, total.opened, total.merged, total.clean) == (4, 3, 3, 1)
    assert (total.money, total.money_merged) == (Decimal(1), Decimal(1) / 3)
    assert (total.outcomes["Red"], total.wait(0.5)) == (1, 20 * 60)
    assert [(period.begin.day, period.figures.opened, period.figures.merged) for period in report.periods] == [
        (29, 3, 0),
        (5, 0, 3),
    ]
    assert (await kept.history.report(TEAM, Grain.DAY, date(2026, 1, 1), date(2026, 1, 2), "no")).total.runs == 0


async def test_many_runs_count_as_one_would_by_hand(kept: Stored) -> None:
    runs = some_runs(150)
    await put(kept.engine, runs)
    first, last = date(2025, 12, 28), date(2026, 3, 4)
    for grain, pool in itertools.product(Grain, ("", "a")):
        for since, until in ((first, last), (date(2026, 1, 5), date(2026, 1, 31)), (last, last)):
            wanted = Wanted(grain, since, until, pool, ("other", "team"))
            found = await kept.history.report(wanted.namespaces, grain, since, until, pool)
            assert found == wanted.of(runs), wanted


def some_runs(number: int) -> list[Past]:
    """Runs of two months, in two namespaces: each third of a pull request, some of which several runs worked at."""
    lots, runs = random.Random(7), []
    for at in range(number):
        finished = datetime(2025, 12, 28, tzinfo=UTC) + timedelta(seconds=lots.randrange(66 * 86400))
        opened = lots.randrange(number // 2) if at % 3 else None
        runs.append(
            Past(
                uid=f"uid-{at}",
                finished_at=finished,
                waited=lots.randrange(5000),
                namespace=lots.choice(("team", "other", "third")),
                pool=lots.choice("ab"),
                ticket=str(lots.randrange(number)),
                attempt=lots.choice((1, 1, 1, 2)),
                failure=lots.choice((None, "Red", "Stuck")),
                money=lots.choice((None, Decimal("0.25"), Decimal("1.000001"))),
                pull_request=None if opened is None else f"https://forge.test/{opened}",
                merged_at=finished + timedelta(days=at % 9) if opened is not None and opened % 2 else None,
                commit=lots.choice("cd"),
                head="c",
            )
        )
    return runs


async def test_a_report_looks_runs_up_by_their_indexes(tmp_path: Path) -> None:
    async with stored(sqlite_url(tmp_path)) as made:
        counting = Counting("sqlite", ["team"], "", Grain.WEEK, date(2026, 1, 1), date(2026, 1, 31))
        plans = []
        for statement in (counting.merged(), counting.opened()):
            plain = str(statement.compile(made.engine.sync_engine, compile_kwargs={"literal_binds": True}))
            async with made.engine.connect() as connection:
                plans.append(str((await connection.execute(text(f"EXPLAIN QUERY PLAN {plain}"))).all()))
        for plan in plans:
            assert "ix_runs_namespace_pull_request_url_finished_at_uid (namespace=? AND pull_request_url=? AND" in plan
        assert "ix_runs_namespace_pool_ticket_id (namespace=? AND pool=? AND ticket_id=?)" in plans[0]


async def test_what_was_begun_is_carried_out_where_nobody_waits_for_it(kept: Stored) -> None:
    writing = asyncio.create_task(kept.records.put(entry(), texts()))
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.wait({writing})
    assert writing.cancelled()

    async def there() -> bool:
        return bool(await kept.records.known(["uid-team-run-1"]))

    async with asyncio.timeout(15):
        while not await there():
            await asyncio.sleep(0.01)


async def test_old_rows_go_by_age_and_by_number_with_their_texts(kept: Stored) -> None:
    for number in range(1, 9):
        await kept.records.put(entry(f"run-{number}", finishedAt=day(number)), texts())
    assert await kept.records.floor(8) == moment(1)
    assert await kept.records.floor(9) is None
    assert await kept.records.sweep(moment(11), days=9, rows=100) == 1
    assert await kept.records.sweep(moment(11), days=9, rows=3) == 4
    assert await kept.records.sweep(moment(11), days=9, rows=3) == 0
    assert await names(kept.history) == ["run-8", "run-7", "run-6"]
    for table in ("texts", "details"):
        assert await scalar(kept.engine, f"SELECT count(DISTINCT uid) FROM {table}") == 3


async def test_sqlite_gives_back_what_the_rows_took(tmp_path: Path) -> None:
    async with stored(sqlite_url(tmp_path)) as made:
        noise = "".join(chr(0x4E00 + number * 7919 % 20000) for number in range(60_000))
        await made.records.put(entry(), texts(noise))
        assert await made.records.sweep(moment(30), days=1, rows=1) == 1
        assert await scalar(made.engine, "PRAGMA freelist_count") == 0
        assert await scalar(made.engine, "PRAGMA page_count") < 40


async def test_a_file_may_be_called_anything(tmp_path: Path) -> None:
    odd = tmp_path / "a b#c?d%20"
    odd.mkdir()
    engine = connect(URL.create("sqlite+aiosqlite", database=str(odd / "history.db")))
    await schema.upgrade(engine)
    await engine.dispose()
    assert (odd / "history.db").is_file()


async def test_a_file_that_is_not_there_is_not_made_by_who_reads(tmp_path: Path) -> None:
    reading = connect(database_url(sqlite_url(tmp_path)), reading=True)
    with pytest.raises(Unreachable, match="unable to open database file"):
        await schema.check(reading)
    await quiet()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
async def test_a_server_that_is_down_is_told_without_its_password() -> None:
    word = "hunter22"
    down = History(connect(database_url(f"postgresql://who:{word}@127.0.0.1:9/history")))
    with pytest.raises(Unreachable) as told:
        await down.search(TEAM, Search())
    assert word not in str(told.value) + repr(told.value.__cause__)


async def test_two_recorders_start_at_once(new_url: NewUrl) -> None:
    url = database_url(new_url())
    engines = [connect(url) for _ in range(8)]
    await asyncio.gather(*(schema.upgrade(engine) for engine in engines))
    await schema.check(engines[0])
    for engine in engines:
        await engine.dispose()


async def test_pages_only_look_at_the_tables_version(new_url: NewUrl, kept: Stored, tmp_path: Path) -> None:
    empty = connect(database_url(new_url()), reading=True)
    with pytest.raises(Unreachable):
        await schema.check(empty)
    await empty.dispose()
    await schema.check(kept.reading)
    later = tmp_path / "migrations"
    shutil.copytree(schema.MIGRATIONS, later, ignore=shutil.ignore_patterns("__pycache__"))
    step = 'revision = "later"\ndown_revision = "0002"\ndef upgrade() -> None: ...\ndef downgrade() -> None: ...\n'
    (later / "versions" / "later.py").write_text(step)
    with pytest.raises(WrongSchema, match=r"older .0002. than this version reads .later."):
        await schema.check(kept.reading, later)
    await sync(kept.engine, lambda connection: command.upgrade(schema.config(connection, later), "head"))
    await schema.check(kept.reading, later)
    for looks in (schema.check(kept.reading), schema.upgrade(kept.engine)):
        with pytest.raises(WrongSchema, match=r"newer .later. than this version knows .0002."):
            await looks


async def test_pages_cannot_write(kept: Stored) -> None:
    await kept.records.put(entry())
    with pytest.raises(DBAPIError):
        await sync(kept.reading, lambda made: made.execute(text("DELETE FROM runs")))
    assert await names(kept.history) == ["run-1"]


async def test_columns_outlive_a_row_that_lacks_the_optional_ones(kept: Stored) -> None:
    bare = entry(usage=None, verdict=None, branch=None, commit=None, job=None, startedAt=None, **failed())
    await kept.records.put(bare)
    (row,) = (await kept.history.search(TEAM, Search())).rows
    absent = (PastRun.money, PastRun.passed, PastRun.branch, PastRun.commit, PastRun.started_at, PastRun.merged_at)
    assert [getattr(row, column.key) for column in absent] == [None] * len(absent)
    assert row.failure_message == "A test failed." and row.commit != HEAD
