"""The recorder against an API server that speaks HTTP: each finished run once, whatever befalls it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from boardhand_api.pod import Stage
from boardhand_client.errors import Unauthenticated, Unreachable
from boardhand_client.session import Session
from boardhand_history import errors
from boardhand_history import writer as writer_module
from boardhand_history.cluster import connected
from boardhand_history.entries import Entry
from boardhand_history.models import Kept
from boardhand_history.queries import Search, Told
from boardhand_history.recorder import Recorder
from boardhand_history.records import Records
from boardhand_history.settings import Settings
from boardhand_history.texts import Text
from boardhand_history.writer import PATIENCE_SECONDS, Writer
from boardhand_operator.kube import Json, Resource
from testbed.cluster.certificates import Authority
from tests.support.api_server import ADA, ApiServer, serving
from tests.support.history import DIFF, DIFF_LOG, Stored, body_of, day, entry, moment, sqlite_url, stored
from tests.support.objects import ended, pod_body

SECONDS = 10.0
ALL = frozenset({"team", "other"})


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Stored]:
    async with stored(sqlite_url(tmp_path)) as made:
        yield made


@pytest.fixture
async def server() -> AsyncIterator[ApiServer]:
    async with serving(ApiServer()) as made:
        yield made


@asynccontextmanager
async def recording(
    server: ApiServer, kept: Stored, records: Records | None = None, **settings: Any
) -> AsyncIterator[Recorder]:
    """A recorder at work for as long as the block runs."""
    async with Session.bearer(server.url, None, ADA) as session:
        made = Recorder(
            session,
            records or kept.records,
            Settings(url=kept.url, **settings),
            clock=lambda: moment(28),
            pause=0.01,
        )
        task = asyncio.create_task(made.run())
        try:
            yield made
        finally:
            task.cancel()
            await asyncio.wait({task})


async def until(what: Callable[[], Any]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await what():
            await asyncio.sleep(0.01)


async def names(kept: Stored) -> list[str]:
    found = await kept.history.search(ALL, Search())
    return sorted(row.name for row in found.rows)


async def told(kept: Stored, name: str = "run-1", namespace: str = "team") -> Told:
    (row,) = [one for one in (await kept.history.search([namespace], Search())).rows if one.name == name]
    found = await kept.history.one([namespace], row.uid)
    assert found is not None
    return found


async def recorded(kept: Stored, *wanted: str) -> None:
    async def there() -> bool:
        return await names(kept) == sorted(wanted)

    await until(there)


def put_run(server: ApiServer, name: str = "run-1", *, settled: bool = True, **rest: Any) -> Json:
    body = body_of(name, **rest)
    if not settled:
        body["metadata"]["labels"] = {}
    namespace, status = body["metadata"]["namespace"], body["status"]
    server.kube.put(Resource.RUNS, namespace, body)
    server.kube.set_status(Resource.RUNS, (namespace, name), status)
    return body


def put_pod(server: ApiServer, run: str = "run-1", log: Iterable[str] = ("plain words",)) -> None:
    states = {stage: ended(0) for stage in (Stage.CHECKOUT, Stage.AGENT, Stage.PUBLISH, Stage.VERIFY)}
    body = pod_body(states, job=f"{run}-1", phase="Succeeded")
    body["metadata"]["labels"]["boardhand.dev/run"] = run
    name = body["metadata"]["name"]
    server.kube.put(Resource.PODS, "team", body)
    server.logs[name, "agent"], server.logs[name, "publish"] = list(log), ["noise", DIFF_LOG.strip()]


async def test_a_finished_run_is_recorded_with_transcript_and_diff(kept: Stored, server: ApiServer) -> None:
    put_run(server, "at-work", phase="Working", settled=False)
    put_pod(server)
    pool = {"metadata": {"name": "shop"}, "spec": {"board": {"type": "trello"}}}
    server.kube.put(Resource.POOLS, "team", pool)
    async with recording(server, kept) as recorder:
        await until(lambda: ready(recorder))
        put_run(server, settled=False)
        await recorded(kept, "run-1")
        found = await told(kept)
        assert (found.transcript.read(), found.diff.read()) == ("plain words\n", DIFF)
        assert (found.run.board, found.run.phase) == ("trello", "Succeeded")
        status = {"pullRequest": {"state": "Merged", "mergedAt": day(3)}}
        await server.kube.patch(Resource.RUNS, "team", "run-1", {"status": status}, sub="status")

        async def merged() -> bool:
            return (await told(kept)).run.pull_request_state == "Merged"

        await until(merged)
        server.kube.remove(Resource.RUNS, ("team", "run-1"))
        server.kube.set_status(Resource.RUNS, ("team", "at-work"), body_of("at-work")["status"])
        await recorded(kept, "at-work", "run-1")
        assert (await told(kept)).transcript.read() == "plain words\n"
        assert recorder.vitals().told()["ready"] is True


async def ready(recorder: Recorder) -> bool:
    return recorder.vitals().ready


@pytest.mark.slow
@pytest.mark.parametrize("most", range(1, 13))
async def test_killed_at_any_request_and_started_again_is_once(kept: Stored, server: ApiServer, most: int) -> None:
    for name in ("settled", "fresh"):
        put_pod(server, name)
        put_run(server, name, settled=name == "settled")
    killed = asyncio.Event()

    def count(_: str) -> None:
        if len(server.asked) == most:
            killed.set()

    server.seen = count
    async with recording(server, kept) as recorder:

        async def over() -> bool:
            return killed.is_set() or recorder.vitals().recorded == 2

        await until(over)
    for name in await names(kept):
        assert (await told(kept, name)).diff.kept is Kept.WHOLE
    async with recording(server, kept):
        await recorded(kept, "fresh", "settled")
    for name in ("fresh", "settled"):
        found = await told(kept, name)
        assert (found.transcript.kept, found.diff.kept) == (Kept.WHOLE, Kept.WHOLE)


@pytest.mark.slow
async def test_what_is_known_costs_a_page_of_metadata_and_no_more(kept: Stored, server: ApiServer) -> None:
    for number in range(30):
        put_run(server, f"run-{number}")
    async with recording(server, kept):
        await recorded(kept, *(f"run-{number}" for number in range(30)))
    server.asked.clear()
    async with recording(server, kept) as recorder:
        await until(lambda: ready(recorder))
        assert recorder.vitals().recorded == 0
    asked = [path for _, path, _ in server.asked]
    assert len(asked) <= 3, asked
    (listed,) = [headers["Accept"] for _, path, headers in server.asked if "labelSelector=boardhand.dev" in path]
    assert "as=PartialObjectMetadataList" in listed


@pytest.mark.slow
async def test_a_version_that_was_forgotten_is_caught_up_with(kept: Stored, server: ApiServer) -> None:
    server.forgotten = True
    async with recording(server, kept):
        put_run(server)
        await recorded(kept, "run-1")


@pytest.mark.slow
async def test_only_its_namespaces_are_followed(kept: Stored, server: ApiServer) -> None:
    put_run(server, "mine", namespace="team")
    put_run(server, "theirs", namespace="other")
    async with recording(server, kept, namespaces=("team",)) as recorder:
        await recorded(kept, "mine")
        await until(lambda: ready(recorder))
    assert not any(
        "namespaces/other" in path or path.startswith("/apis/boardhand.dev/v1alpha1/ticketruns")
        for _, path, _ in server.asked
    )


@pytest.mark.slow
async def test_a_pod_that_is_gone_and_a_run_that_never_began(kept: Stored, server: ApiServer) -> None:
    put_run(server, "gone")
    put_run(server, "never", job=None, commit=None, phase="Cancelled")
    async with recording(server, kept):
        await recorded(kept, "gone", "never")
    gone, never = await told(kept, "gone"), await told(kept, "never")
    assert (gone.transcript.kept, gone.diff.kept) == (Kept.GONE, Kept.GONE)
    assert (never.transcript.kept, never.diff.kept) == (Kept.NONE, Kept.NONE)


@pytest.mark.slow
async def test_a_run_that_cannot_be_read_keeps_no_other_from_the_history(
    kept: Stored, server: ApiServer, caplog: pytest.LogCaptureFixture
) -> None:
    broken = body_of("broken")
    broken["spec"]["task"] = "Dance"
    server.kube.put(Resource.RUNS, "team", broken)
    server.kube.set_status(Resource.RUNS, ("team", "broken"), broken["status"])
    put_run(server, "good")
    async with recording(server, kept):
        await recorded(kept, "good")
    assert "team/broken is not recorded: task" in caplog.text


@pytest.mark.slow
async def test_what_is_too_old_to_be_kept_is_not_recorded_again(kept: Stored, server: ApiServer) -> None:
    for number in range(1, 9):
        put_run(server, f"run-{number}", finishedAt=day(number))
    async with recording(server, kept, days=24, rows=3) as recorder:
        await recorded(kept, *(f"run-{number}" for number in range(4, 9)))
        assert await kept.records.sweep(moment(28), 24, 3) == 2
    async with recording(server, kept, days=24, rows=3) as recorder:
        await until(lambda: ready(recorder))
        assert recorder.vitals().waiting == 0
    assert await names(kept) == ["run-6", "run-7", "run-8"]


@pytest.mark.slow
async def test_an_old_run_that_is_deleted_does_not_come_back(kept: Stored, server: ApiServer) -> None:
    put_run(server, "old", finishedAt=day(1))
    async with recording(server, kept, days=20) as recorder:
        await until(lambda: ready(recorder))
        server.kube.remove(Resource.RUNS, ("team", "old"))
        put_run(server, "new", finishedAt=day(20))
        await recorded(kept, "new")


@pytest.mark.slow
async def test_of_a_run_that_is_called_off_the_log_is_read_before_its_pod_goes(kept: Stored, server: ApiServer) -> None:
    put_pod(server)
    called_off: Json = {"failure": {"class": "Cancelled", "reason": "CancelRequested", "message": "Stopped."}}
    put_run(server, phase="Working", commit=None, settled=False, **called_off)
    async with recording(server, kept) as recorder:
        await until(lambda: ready(recorder))
        server.kube.remove(Resource.PODS, ("team", "run-1-1-x"))
        await server.kube.patch(Resource.RUNS, "team", "run-1", {"status": {"phase": "Cancelled"}}, sub="status")
        await recorded(kept, "run-1")
    found = await told(kept)
    assert (found.run.phase, found.transcript.read()) == ("Cancelled", "plain words\n")


class Failing(Records):
    """A database that is down for a while."""

    down = True

    async def put(self, entry: Entry, texts: Iterable[Text] = ()) -> None:
        if self.down:
            raise errors.Unreachable("the history's database does not answer: it is down")
        await super().put(entry, texts)


async def test_a_database_that_is_down_is_waited_for_and_told(
    kept: Stored, server: ApiServer, caplog: pytest.LogCaptureFixture
) -> None:
    records = Failing(kept.engine)
    for name in ("run-1", "run-2"):
        put_run(server, name)
    async with recording(server, kept, records) as recorder:

        async def stands() -> bool:
            return bool(recorder.vitals().database)

        await until(stands)
        assert not recorder.vitals().ready
        server.kube.remove(Resource.RUNS, ("team", "run-2"))
        records.down = False
        await recorded(kept, "run-1", "run-2")
        await until(lambda: ready(recorder))
    assert caplog.text.count("does not answer") == 1


class Small(Records):
    """A disk on which a short run still has room, and a long one has not."""

    full = True

    async def put(self, entry: Entry, texts: Iterable[Text] = ()) -> None:
        if self.full and entry.run["name"] == "long":
            raise errors.Unreachable("the disk of the history's database is full: make room on its volume")
        await super().put(entry, texts)


async def test_one_run_that_is_written_hides_no_other_that_is_not(
    kept: Stored, server: ApiServer, caplog: pytest.LogCaptureFixture
) -> None:
    records = Small(kept.engine)
    put_run(server, "long")
    async with recording(server, kept, records) as recorder:

        async def stands() -> bool:
            return "full" in recorder.vitals().database

        await until(stands)
        for number in range(3):
            put_run(server, f"short-{number}")
        await recorded(kept, "short-0", "short-1", "short-2")
        assert "full" in recorder.vitals().database
        records.full = False
        await recorded(kept, "long", "short-0", "short-1", "short-2")
        await until(lambda: ready(recorder))
    assert caplog.text.count("is full") == 1


class Deaf:
    """A cluster whose kubelets do not answer."""

    def __init__(self) -> None:
        self.asked = 0

    async def list(self, resource: Resource, namespace: str | None, selector: str) -> AsyncIterator[Json]:
        assert (resource, namespace) == (Resource.PODS, "team")
        body = pod_body({Stage.AGENT: ended(0)}, job="run-1-1")
        yield body

    async def whole_log(self, namespace: str, pod: str, container: str, limit: int) -> str:
        self.asked += 1
        raise Unreachable("the cluster cannot be reached")


async def test_a_log_that_cannot_be_read_is_waited_for_and_then_done_without(kept: Stored) -> None:
    deaf, now = Deaf(), 0.0
    writer = Writer(deaf, kept.records, 0.01, clock=lambda: now)  # type: ignore[arg-type]
    task = asyncio.create_task(writer.run())
    await writer.take(entry())

    async def asked_again() -> bool:
        return deaf.asked > 2

    await until(asked_again)
    assert await names(kept) == []
    now = PATIENCE_SECONDS
    await recorded(kept, "run-1")
    found = await told(kept)
    assert (found.transcript.kept, found.diff.kept) == (Kept.GONE, Kept.GONE)
    task.cancel()


@pytest.mark.slow
async def test_of_two_states_the_last_is_written(kept: Stored) -> None:
    deaf = Deaf()
    writer = Writer(deaf, kept.records, 0.01)  # type: ignore[arg-type]
    first = entry(job=None, commit=None)
    await writer.take(first)
    await writer.take(replace(first, run={**first.run, "version": "6", "finished_at": later()}))
    task = asyncio.create_task(writer.run())
    await recorded(kept, "run-1")
    assert (await told(kept)).run.finished_at == later()
    task.cancel()


@pytest.mark.slow
async def test_only_so_many_wait_in_memory(kept: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "AT_HAND", 2)
    records = Failing(kept.engine)
    writer = Writer(Deaf(), records, 0.01)  # type: ignore[arg-type]
    names_of = [f"run-{number}" for number in range(5)]

    async def hand_over() -> None:
        for name in names_of:
            await writer.take(entry(name, job=None, commit=None))

    tasks = [asyncio.create_task(writer.run()), asyncio.create_task(hand_over())]

    async def stuck() -> bool:
        return bool(writer.problem)

    await until(stuck)
    assert writer.waiting == 2
    records.down = False
    await recorded(kept, *names_of)
    tasks[0].cancel()


async def test_in_a_pod_the_token_is_read_anew(tmp_path: Path) -> None:
    inside = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}
    with pytest.raises(Unauthenticated, match="token of the recorder's account"):
        await connected(inside, tmp_path)
    (tmp_path / "token").write_text("first\n")
    Authority().write(tmp_path, [])
    async with await connected(inside, tmp_path) as session:
        assert session.server == "https://[fd00::1]:443"
        (tmp_path / "token").write_text("second\n")
        assert session._line._identity.headers() == {"Authorization": "Bearer second"}


def later() -> datetime:
    return moment(2)
