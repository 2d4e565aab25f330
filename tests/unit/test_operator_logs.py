"""The agent's log: read only where its message was cut, and done without where it cannot be had."""

from __future__ import annotations

import pytest

from boardhand_api.events import Ended
from boardhand_api.failures import FailureClass
from boardhand_api.pod import Stage
from boardhand_api.result import Checked, Published, Result, termination_message
from boardhand_api.run_status import Phase
from boardhand_operator.cluster.logs import PATIENCE_SECONDS, Logs
from boardhand_operator.decide.observe import Json
from boardhand_operator.kube import ApiException
from tests.support.fake_kube import FakeKube
from tests.support.fake_nodes import Fate
from tests.support.fuse import Fuse, When
from tests.support.objects import ended, pod_body
from tests.support.world import World, clocked, live

WHOLE = Result(specialist="bugfixer", summary="Because. " * 1000)
SHORT = Result(specialist="bugfixer", summary="Because.")
FOREVER = dict.fromkeys(range(1, 1000), When.BEFORE)


def pod(message: str) -> Json:
    return pod_body({Stage.CHECKOUT: ended(0), Stage.AGENT: ended(0, message)}, phase="Succeeded")


def kube(fuse: Fuse | None = None) -> FakeKube:
    made = FakeKube(fuse)
    made.logs[("team", "run-1-1-x", "agent")] = Ended(at="2026-01-01T12:00:00Z", result=WHOLE).model_dump_json() + "\n"
    return made


@pytest.mark.parametrize(
    ("message", "read"),
    [
        (termination_message(SHORT), False),
        (termination_message(WHOLE), True),
        (SHORT.model_dump_json(by_alias=True, exclude_none=True), True),
        (termination_message(WHOLE)[:2000], True),
        ("", True),
    ],
    ids=["whole", "cut", "of a former version", "cut by the kubelet", "lost"],
)
async def test_a_log_is_read_where_the_message_may_lack_something(message: str, read: bool) -> None:
    made = kube()
    assert await Logs(made).result("team", pod(message)) == (WHOLE if read else None)
    assert made.fuse.calls == ["read the log"] * read


async def test_a_pod_whose_agent_never_began_has_no_log() -> None:
    made = kube()
    assert await Logs(made).result("team", pod_body({Stage.CHECKOUT: ended(41)}, phase="Failed")) is None
    assert made.fuse.calls == []


@pytest.mark.parametrize("error", [ApiException(status=500), ApiException(status=504), TimeoutError()])
async def test_a_log_that_cannot_be_had_is_asked_for_a_while(error: Exception) -> None:
    now = [0.0]
    logs = Logs(kube(Fuse(FOREVER, lambda _: error)), clock=lambda: now[0])
    for _ in range(3):
        with pytest.raises(type(error)):
            await logs.result("team", pod(""))
        now[0] += PATIENCE_SECONDS / 3
    assert await logs.result("team", pod("")) is None


@pytest.mark.parametrize("error", [ApiException(status=429), ApiException(status=403), ConnectionResetError()])
async def test_what_is_not_the_logs_own_trouble_is_no_reason_to_do_without(error: Exception) -> None:
    now = [0.0]
    logs = Logs(kube(Fuse(FOREVER, lambda _: error)), clock=lambda: now[0])
    for _ in range(3):
        with pytest.raises(type(error)):
            await logs.result("team", pod(""))
        now[0] += PATIENCE_SECONDS


async def test_a_run_whose_node_is_gone_with_its_log_ends_by_what_the_message_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every read of the log is refused, for ever, and the message is a former version's."""
    world = World(Fuse(), lambda run, number: Fate.NEEDS_INFO)
    reads = []

    async def refused(*_: object) -> str:
        reads.append(1)
        raise ApiException(status=500, reason="dial tcp: no route to host")

    monkeypatch.setattr(world.kube, "last_line", refused)
    monkeypatch.setattr("boardhand_operator.cluster.logs.PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr("tests.support.fake_nodes.termination_message", _former_message)
    world.add_pool()
    world.board.add("card-1")
    with clocked(world.clock):
        await live(world)
    (run,) = world.runs()
    assert (run.status.phase, run.settled) == (Phase.FAILED, True)
    assert run.status.failure and run.status.failure.failure_class is FailureClass.NEEDS_INFO
    assert reads == [1]


def _former_message(answer: Result | Published | Checked) -> str:
    return answer.model_dump_json(by_alias=True, exclude_none=True)
