"""What came of a try: pure judgement from exit codes, termination messages and the agent's last event.

Exit codes are the kubelet's and decide; messages are the stages' own words and only explain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from boardhand_api.counts import NO_TESTS_EXIT, parse_verify_message, parse_verify_output, printable
from boardhand_api.failures import LIMITS, FailureClass, class_of_exit_code
from boardhand_api.pod import Stage
from boardhand_api.result import RESULT_VERSION, Published, Refusal, Result
from boardhand_api.run_status import Failure, TicketRunStatus, Verdict
from boardhand_api.taming import reason_of
from boardhand_api.versions import newer
from boardhand_operator.decide import lost_pod, observe
from boardhand_operator.decide.observe import StageState
from boardhand_operator.decide.said import ANSWERING, Said

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """A try that ended. Without `failure` it is a proven change, or an answer (then without `verdict`)."""

    result: Result
    published: Published
    verdict: Verdict | None = None
    failure: Failure | None = None


def _failed(failure: FailureClass, reason: str, message: str) -> Failure:
    return Failure(failure_class=failure, reason=reason_of(reason, failure.value), message=printable(message)[:1000])


def _stage_failure(stage: Stage, state: StageState, said: Refusal | None) -> Failure:
    """The class is the exit code's; the stage's words are believed only where they agree with it."""
    code = state.exit_code or 0
    cls = class_of_exit_code(code)
    if said and said.failure_class is cls:
        return _failed(cls, said.reason or cls.value, said.message)
    if state.reason == "OOMKilled":
        return _failed(FailureClass.INFRASTRUCTURE, "OutOfMemory", f"{stage} was killed for its memory")
    return _failed(cls, f"{stage.value.capitalize()}Failed", f"{stage} ended with exit code {code}")


def _too_new(seen: Mapping[Stage, StageState], logged: Result | None) -> Failure | None:
    """Of an answer in a version that is not known nothing is believed, its stage's exit code neither."""
    versions = {stage: newer(state.message, RESULT_VERSION) for stage, state in seen.items() if stage in ANSWERING}
    if logged and logged.version > RESULT_VERSION:
        versions[Stage.AGENT] = logged.version
    for stage, version in versions.items():
        if version:
            text = (
                f"{stage} answered in version {version}, and this operator knows versions up to {RESULT_VERSION}: let"
                " the operator and its runner.image be of one release"
            )
            return _failed(FailureClass.INFRASTRUCTURE, "VersionUnknown", text)
    return None


def _verdict(state: StageState, commands: list[str]) -> Verdict:
    _, tests = parse_verify_message(state.message)
    code = state.exit_code if state.exit_code is not None else 1
    output = parse_verify_output(state.message) or None if code else None
    return Verdict(passed=code == 0, exit_code=code, commands=commands, tests=tests, output=output)


def _red(verdict: Verdict, message: str) -> Failure:
    ran, _ = parse_verify_message(message)
    # A command may end with that very code for reasons of its own; xcodebuild does where tests fail.
    if verdict.exit_code == NO_TESTS_EXIT and ran and not any(command.exit_code for command in ran):
        return _failed(FailureClass.RED, "NoTestsRan", "every verify command passed, but no test ran")
    tests = verdict.tests
    counted = f"; {tests.failed} of {tests.ran} tests failed" if tests and tests.failed else ""
    return _failed(
        FailureClass.RED, "VerifyFailed", f"the verify commands ended with exit code {verdict.exit_code}{counted}"
    )


def judge(
    job: Json | None,
    pod: Json | None,
    logged: Result | None,
    commands: list[str],
    at_forge: Published | None = None,
) -> Outcome:
    """The outcome of a try whose pod or Job ended.

    logged: the result event of the agent's log, which has the whole summary; None where it could not be read.
    commands: the pool's verify commands; empty where checkout told them from the repository, and says so.
    at_forge: what the forge shows that the try pushed, where the pod is gone.
    """
    said = Said.of(observe.stages(pod), logged)

    def outcome(failure: Failure | None, verdict: Verdict | None = None) -> Outcome:
        return Outcome(said.result, said.published, verdict, failure)

    if observe.past_deadline(job, pod):
        return outcome(_failed(FailureClass.DEADLINE, "DeadlineExceeded", "the run took longer than its deadline"))
    if pod is None:
        if at_forge and observe.condition(job, "Complete"):
            return _lost_words(at_forge, commands)
        return outcome(*_without_pod(job, commands))
    if failure := _of_pod(pod) or _too_new(said.seen, logged) or _of_stages(said):
        return outcome(failure)
    if said.unended and lost_pod.stage_and_code(job):
        return outcome(*_without_pod(job, commands))
    if failure := _lost(said):
        return outcome(failure)
    if said.published.branch is None:
        return outcome(_answer_failure(said.result))
    verify = said.state(Stage.VERIFY)
    if verify.reason == "OOMKilled":
        return outcome(_failed(FailureClass.INFRASTRUCTURE, "OutOfMemory", "verify was killed for its memory"))
    verdict = _verdict(verify, commands or said.checked.verify)
    # Unfinished work is told by what ended it, whatever the verdict: a green one does not make it finished.
    return outcome(_limit(said.result) or (None if verdict.passed else _red(verdict, verify.message)), verdict)


def _of_pod(pod: Json) -> Failure | None:
    """What befell the pod as a whole."""
    if why := observe.own_disk_full(pod):
        text = f"the run wrote more than spec.pod.disk and the sizes of its caches allow: {why}"
        return _failed(FailureClass.BUDGET, "DiskFull", text)
    if why := observe.disruption(pod):
        return _failed(FailureClass.INFRASTRUCTURE, "Disrupted", why)
    return None


def _of_stages(said: Said) -> Failure | None:
    """The failure of the first stage before the proof that has one."""
    told = (said.checked.failure, said.result.failure, said.published.failure)
    for stage, failure in zip(ANSWERING, told, strict=True):
        if said.state(stage).exit_code:
            return _stage_failure(stage, said.state(stage), failure)
    return None


def _lost(said: Said) -> Failure | None:
    """What is missing of what the stages had to say."""
    if said.unended:
        return _failed(FailureClass.INFRASTRUCTURE, "StageLost", "the pod ended before its stages did")
    for who, lost in (("agent", said.answered is None), ("publish", said.proves and said.pushed is None)):
        if lost:
            return _failed(FailureClass.INFRASTRUCTURE, "ResultLost", f"what {who} answered cannot be read")
    return None


def _lost_words(pushed: Published, commands: list[str]) -> Outcome:
    """A proved change whose pod is gone with all that it said: the Job is complete, so the verify commands ended with
    0, and the commit is at the forge. A second try would be paid twice; a person is to look, so it is a draft."""
    why = "What the agent wrote, and what the verify commands printed, is gone with the run's pod. Its Job is complete,"
    result = Result(summary=f"{why} so those commands ended with 0 on the commit that was pushed.", partial=True)
    return Outcome(result, pushed, Verdict(passed=True, exit_code=0, commands=commands))


def _without_pod(job: Json | None, commands: list[str]) -> tuple[Failure, Verdict | None]:
    """What the Job still knows, with the verdict that goes with a red one."""
    failure, (stage, code) = lost_pod.failure_of(job), lost_pod.stage_and_code(job) or (None, 0)
    red = stage is Stage.VERIFY and failure.failure_class is FailureClass.RED
    return failure, Verdict(passed=False, exit_code=code, commands=commands) if red else None


def _limit(result: Result) -> Failure | None:
    """The limit that ended the agent, where it handed over what was there. No other class is believed with code 0."""
    said = result.failure
    if said is None or not result.partial or said.failure_class not in LIMITS:
        return None
    return _failed(said.failure_class, said.reason, said.message)


def _answer_failure(result: Result) -> Failure | None:
    """Nothing was pushed: right for an analysis, and for nothing else."""
    if limit := _limit(result):
        return limit
    if result.specialist == "analyst" and result.summary:
        return None
    return _failed(FailureClass.STUCK, "NoChange", "the agent changed nothing")


def attempt_spent(status: TicketRunStatus) -> bool:
    """Whether a finished run counts against the ticket's attempts."""
    free = (FailureClass.INFRASTRUCTURE, FailureClass.CONFIGURATION, FailureClass.CANCELLED)
    return status.failure is None or status.failure.failure_class not in free
