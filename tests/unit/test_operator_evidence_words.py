"""The evidence as a pull request tells it: what matters first, and no way out of its Markdown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_api.evidence import Evidence, Finding, Names
from boardhand_api.pod import Stage
from boardhand_api.result import TERMINATION_BYTES, Published, Result, termination_message
from boardhand_operator.decide.actions import Record
from boardhand_operator.decide.deciding import decide
from boardhand_operator.decide.facts import Facts
from boardhand_operator.memory.turns import Turn
from boardhand_operator.texts.words import evidence_lines, pull_request_body
from tests.support.objects import IMPLEMENT_STAGES, a_pool, a_run, ended, job_body, pod_body

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def names(*first: str, count: int = 0) -> Names:
    return Names(count=count or len(first), first=list(first))


@pytest.mark.parametrize(
    ("evidence", "lines"),
    [
        (Evidence(), ["- The change adds no test, so nothing shows that one fails without it."]),
        (
            Evidence(baseline_green=True, new=names("a", count=3), fails_on_base=True, base_failures=names("b")),
            [
                "- Before the change the verify commands passed.",
                "- New or changed tests: 3 (`a`, …). With them the verify commands fail on the old sources: 1 (`b`).",
            ],
        ),
        (
            Evidence(baseline_green=False, before=names("r"), new=names("a"), why_not_shown="so", flaky=names("f")),
            [
                "- Flaky, failed and passed on the same files: 1 (`f`).",
                "- Before the change the verify commands failed; still failing: 1 (`r`).",
                "- New or changed tests: 1 (`a`). Not shown whether they fail without the change: so.",
            ],
        ),
        (
            Evidence(
                new=names("a"),
                fails_on_base=False,
                tampering=[
                    Finding(kind="TestDeleted", path="t.py", detail="test_a"),
                    Finding(kind="CiChanged", path="ci.yml", asked=True),
                ],
            ),
            [
                "- **test deleted `t.py` `test_a`, and the ticket does not ask for it**.",
                "- CI file changed `ci.yml` (the ticket asks for it).",
                "- New or changed tests: 1 (`a`). **They pass without the change, too**.",
            ],
        ),
    ],
)
def test_the_evidence_in_words(evidence: Evidence, lines: list[str]) -> None:
    assert evidence_lines(evidence) == lines


TEXT = st.text(max_size=100)
NAMES = st.builds(Names, count=st.integers(0, 99), first=st.lists(TEXT, max_size=8))
FINDINGS = st.builds(Finding, kind=st.text(max_size=32), path=TEXT, detail=TEXT, asked=st.booleans())
EVIDENCE = st.builds(
    Evidence,
    baseline_green=st.none() | st.booleans(),
    before=NAMES,
    new=NAMES,
    fails_on_base=st.none() | st.booleans(),
    flaky=NAMES,
    tampering=st.lists(FINDINGS, max_size=5),
)


@given(EVIDENCE)
def test_no_name_leaves_its_line_or_its_code(evidence: Evidence) -> None:
    for line in evidence_lines(evidence):
        assert len(line.splitlines()) == 1
        assert line.count("`") % 2 == 0


@given(st.builds(Result, summary=st.text(max_size=3000), evidence=EVIDENCE))
def test_evidence_fits_the_termination_message_or_is_left_out(result: Result) -> None:
    message = termination_message(result)
    assert len(message.encode()) <= TERMINATION_BYTES
    assert Result.model_validate_json(message).evidence in (result.evidence, None)


def test_the_evidence_reaches_the_runs_status_and_the_pull_request_below_the_proof() -> None:
    evidence = Evidence(baseline_green=True, new=names("test_a"), fails_on_base=True)
    message = termination_message(Result(specialist="bugfixer", summary="Because.", evidence=evidence))
    pushed = termination_message(Published(branch="boardhand/1-fix", commit="b" * 40))
    said = {Stage.AGENT: message, Stage.PUBLISH: pushed}
    states: dict[Stage, Any] = {
        stage: ended(0, said.get(stage, "")) for stage in IMPLEMENT_STAGES if stage is not Stage.WORKBENCH
    }
    run, pool = a_run(phase="Verifying", job="run-1-1", tries=1), a_pool()
    pod = pod_body(states, phase="Succeeded")
    facts = Facts(run, pool, job_body(complete=True), pod, None, Turn(place=True), NOW)
    record = next(action for action in decide(facts).actions if isinstance(action, Record))
    assert record.fields["evidence"] == evidence.wire()
    body = pull_request_body(a_run(**record.fields), pool)
    assert body.index("## Proof") < body.index("## Evidence") < body.index("`test_a`") < body.index("## Why")
