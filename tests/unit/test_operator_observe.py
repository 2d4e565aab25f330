"""What a pod and its Job say, read from their status alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_api.pod import Stage
from boardhand_api.run_status import Phase
from boardhand_operator.decide import observe
from boardhand_operator.decide.blocking import blocked
from boardhand_operator.decide.observe import StageState
from tests.support.objects import NOON, ended, job_body, pod_body, running, waiting


def test_a_stage_is_read_as_the_kubelet_wrote_it() -> None:
    made = pod_body(
        {
            Stage.CHECKOUT: ended(0, "done"),
            Stage.WORKBENCH: running(),
            Stage.AGENT: ended(137, reason="OOMKilled"),
            Stage.VERIFY: waiting("PodInitializing"),
        }
    )
    assert observe.stages(made) == {
        Stage.CHECKOUT: StageState(True, False, 0, "Completed", "done"),
        Stage.WORKBENCH: StageState(True, True),
        Stage.AGENT: StageState(True, False, 137, "OOMKilled", ""),
        Stage.VERIFY: StageState(False, False, None, "PodInitializing", ""),
    }


def test_containers_that_somebody_added_are_no_stages() -> None:
    made = pod_body({Stage.CHECKOUT: running()})
    made["status"]["containerStatuses"].append({"name": "istio-proxy", "state": running()})
    assert set(observe.stages(made)) == {Stage.CHECKOUT}


def test_a_message_is_bounded_whatever_sent_it() -> None:
    made = pod_body({Stage.AGENT: ended(0, "x" * 100_000), Stage.VERIFY: waiting("W", "y" * 100_000)})
    assert [len(state.message) for state in observe.stages(made).values()] == [4096, 1024]


@pytest.mark.parametrize("pod", [None, {}, {"status": None}, {"status": {}}, pod_body()])
def test_a_pod_that_says_nothing_is_preparing(pod: dict[str, Any] | None) -> None:
    assert observe.stages(pod) == {}
    assert observe.phase(pod) is Phase.PREPARING
    assert blocked(pod) is None


@pytest.mark.parametrize(
    ("job", "phase", "over"),
    [
        (None, "Pending", False),
        (job_body(), "Running", False),
        (job_body(), "Succeeded", True),
        (job_body(), "Failed", True),
        (job_body(complete=True), "Running", True),
        (job_body(failed="DeadlineExceeded"), "Running", True),
    ],
)
def test_a_try_has_ended_when_its_pod_or_its_job_has(job: dict[str, Any] | None, phase: str, over: bool) -> None:
    assert observe.ended(job, pod_body(phase=phase)) == over


def test_a_job_that_ended_without_a_pod_has_ended() -> None:
    assert observe.ended(job_body(failed="BackoffLimitExceeded"), None)
    assert not observe.ended(job_body(), None)
    assert not observe.ended(None, None)


def test_the_first_stage_that_cannot_start_is_named() -> None:
    made = pod_body({Stage.WORKBENCH: waiting("ImagePullBackOff"), Stage.VERIFY: waiting("ErrImagePull", "no")})
    found = blocked(made)
    assert found and (found.stage, found.reason, found.message) == ("workbench", "ImagePull", "ImagePullBackOff")
    assert found.since == observe.parse_time(NOON)


def with_service(agent: dict[str, Any], state: dict[str, Any], **row: Any) -> dict[str, Any]:
    made = pod_body({Stage.CHECKOUT: ended(0), Stage.AGENT: agent})
    made["status"]["initContainerStatuses"].insert(1, {"name": "service-db", "state": state, **row})
    return made


def test_a_service_without_its_image_blocks() -> None:
    found = blocked(with_service(waiting(), waiting("ErrImagePull", "no such image")))
    assert found and (found.stage, found.reason, found.message) == ("service-db", "ImagePull", "no such image")


FATAL = ended(1, "FATAL:  no password\n")


@pytest.mark.parametrize(
    ("state", "row"),
    [
        (FATAL, {"restartCount": 1}),
        (FATAL, {"restartCount": 2, "lastState": ended(0, "older")}),
        (waiting("CrashLoopBackOff"), {"lastState": FATAL, "restartCount": 1}),
    ],
)
def test_a_service_that_ends_again_and_again_blocks_with_its_last_words(
    state: dict[str, Any], row: dict[str, Any]
) -> None:
    made = with_service(waiting(), state, **row)
    found = blocked(made)
    assert found and (found.stage, found.reason) == ("service-db", "ServiceFails")
    assert "exit code 1" in found.message
    assert found.message.endswith("FATAL: no password")


def test_a_service_that_ends_during_the_work_does_not_block_it() -> None:
    assert blocked(with_service(running(), waiting("CrashLoopBackOff"), lastState=ended(1))) is None
    assert blocked(with_service(running(), FATAL, restartCount=3)) is None
    assert blocked(with_service(waiting(), running(), lastState=FATAL, restartCount=1)) is None
    assert blocked(with_service(waiting(), FATAL, restartCount=0)) is None


def test_a_crashing_container_that_somebody_added_does_not_block() -> None:
    made = pod_body({Stage.CHECKOUT: running()})
    made["status"]["containerStatuses"].append({"name": "istio-proxy", "state": waiting("CrashLoopBackOff")})
    assert blocked(made) is None


@pytest.mark.parametrize(("reason", "why"), [("Evicted", "Evicted: the node gave the pod up"), ("Error", None)])
def test_only_the_cluster_disrupts(reason: str, why: str | None) -> None:
    assert observe.disruption(pod_body(phase="Failed", reason=reason)) == why
    assert observe.disruption(None) == "the pod is gone"


@pytest.mark.parametrize("text", ["2026-01-01T12:00:00Z", "2026-01-01T12:00:00.000000Z", "2026-01-01T14:00:00+02:00"])
def test_times_have_their_zone(text: str) -> None:
    assert observe.parse_time(text) == observe.parse_time(NOON)


@given(st.lists(st.sampled_from(list(Stage)), unique=True), st.sampled_from([running(), ended(0), ended(1)]))
def test_the_phase_never_lies_behind_what_has_begun(begun: list[Stage], state: dict[str, Any]) -> None:
    phases = {Stage.VERIFY: Phase.VERIFYING, Stage.PUBLISH: Phase.PUBLISHING, Stage.AGENT: Phase.WORKING}
    expected = next((phase for stage, phase in phases.items() if stage in begun), Phase.PREPARING)
    assert observe.phase(pod_body(dict.fromkeys(begun, state))) is expected
