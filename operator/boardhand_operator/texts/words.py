"""What people read: the closing comment on a ticket and the text of a pull request. Pure.

The model writes the why; everything that can be measured is written here.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from boardhand_api.evidence import Evidence, Names
from boardhand_api.failures import FailureClass
from boardhand_api.result import Usage
from boardhand_api.run import Plan
from boardhand_api.run_status import Failure, TicketRunStatus, Verdict
from boardhand_api.taming import on_one_line, one_line, tamed
from boardhand_operator.decide.delivery import CANCEL_REQUESTED
from boardhand_operator.decide.outcome import attempt_spent
from boardhand_operator.pools import plans
from boardhand_operator.texts.form import filled
from boardhand_operator.views import Pool, Run

_BACKTICK_SAFE = "\u02cb"
_URL_SAFE = "%/:?#[]@!$&'*+,;=~"
"""What stands in an address as it is. Not the brackets that end a Markdown link."""

_SENTENCES = {
    FailureClass.INFRASTRUCTURE: "The infrastructure failed, not the ticket. No attempt is spent; the ticket is"
    " back in {ready} and is tried again later.",
    FailureClass.CONFIGURATION: "The pool {pool} needs mending before it can work. No attempt is spent; the ticket"
    " is back in {ready}.",
    FailureClass.BUDGET: "The run used up what it was allowed to.",
    FailureClass.DEADLINE: "The run took longer than it was allowed to.",
    FailureClass.STUCK: "The agent got stuck and stopped.",
    FailureClass.REFUSED: "A policy forbids it.",
    FailureClass.NEEDS_INFO: "The agent has a question. Answer it in a comment, then have the ticket taken again.",
    FailureClass.RED: "The verify commands failed, so this change is not proved.",
    FailureClass.CANCELLED: "The run was stopped.",
}


def code(text: str) -> str:
    """Text as Markdown code: one line, without a way out of it."""
    return "`" + on_one_line(text).replace("`", _BACKTICK_SAFE) + "`"


def link(text: str, url: str) -> str:
    """Text as a Markdown link, or as it is where the address is none of the web: nothing in either ends it early."""
    plain = re.sub(r"([\\`*_\[\]<>&~|#])", r"\\\1", one_line(text))
    if not url.startswith(("http://", "https://")):
        return plain
    return f"[{plain}]({quote(url, safe=_URL_SAFE)})"


def _tests(verdict: Verdict) -> str:
    tests = verdict.tests
    if tests is None:
        return "no test count is known in its output"
    parts = [f"{tests.ran} tests ran"]
    parts += [f"{tests.failed} failed"] if tests.failed else []
    parts += [f"{tests.skipped} skipped"] if tests.skipped else []
    return ", ".join(parts)


def verdict_lines(verdict: Verdict) -> list[str]:
    """The verify commands, their exit code and the tests they counted."""
    word = "passed" if verdict.passed else "failed"
    commands = ", then ".join(code(command) for command in verdict.commands)
    return [
        f"Verify **{word}**: {commands}",
        f"Exit code {verdict.exit_code}; {_tests(verdict)}. Run on a clean export of the pushed commit.",
    ]


_TAMPERING = {
    "TestDeleted": "test deleted",
    "TestSkipped": "test skipped",
    "AssertionsRemoved": "assertions removed from a test",
    "VerifyChanged": "what decides which tests run is changed",
    "CiChanged": "CI file changed",
}


def evidence_lines(evidence: Evidence) -> list[str]:
    """What the gate saw of the tests, a Markdown list; what a reviewer must not miss comes first."""
    lines = []
    for one in evidence.tampering:
        what = " ".join(
            [_TAMPERING.get(one.kind, code(one.kind)), code(one.path), *([code(one.detail)] * bool(one.detail))]
        )
        lines.append(
            f"{what} (the ticket asks for it)" if one.asked else f"**{what}, and the ticket does not ask for it**"
        )
    if evidence.flaky.count:
        lines.append(f"Flaky, failed and passed on the same files: {_named(evidence.flaky)}")
    if evidence.baseline_green is not None:
        known = f"; still failing: {_named(evidence.before)}" if evidence.before.count else ""
        lines.append(
            f"Before the change the verify commands {'passed' if evidence.baseline_green else 'failed'}{known}"
        )
    lines.append(_new_tests(evidence))
    return [f"- {line}." for line in lines]


def _new_tests(evidence: Evidence) -> str:
    if not evidence.new.count:
        return "The change adds no test, so nothing shows that one fails without it"
    new = f"New or changed tests: {_named(evidence.new)}"
    if evidence.fails_on_base is None:
        return f"{new}. Not shown whether they fail without the change: {evidence.why_not_shown or 'it was not tried'}"
    if not evidence.fails_on_base:
        return f"{new}. **They pass without the change, too**"
    failed = f": {_named(evidence.base_failures)}" if evidence.base_failures.count else ""
    return f"{new}. With them the verify commands fail on the old sources{failed}"


def _named(names: Names) -> str:
    """How many, and the first of them."""
    more = ", …" if names.count > len(names.first) else ""
    return f"{names.count} ({', '.join(code(name) for name in names.first)}{more})"


def usage_line(usage: Usage | None) -> str:
    """Tokens and money in one sentence."""
    if usage is None:
        return "No model was used."
    cached = f" ({usage.cached_tokens:,} cached)" if usage.cached_tokens else ""
    money = "cost not known" if usage.money is None else f"{usage.money:.4f} USD"
    guessed = f" ({usage.estimated_tokens:,} of these by estimate)" if usage.estimated_tokens else ""
    return (
        f"{usage.prompt_tokens:,} prompt tokens{cached}, {usage.completion_tokens:,} completion tokens{guessed},"
        f" {money}, {usage.seconds:.0f} s."
    )


def pull_request_title(run: Run) -> str:
    """One line; the ticket's own where the model wrote none."""
    return one_line(run.status.title or run.spec.ticket.title)[:200]


def pull_request_body(run: Run, pool: Pool, template: str | None = None) -> str:
    """Ticket, proof, cost, and last the model's why: nothing it wrote can hide what was measured.

    template: the repository's own form; proof and why stand where it asks for them.
    """
    ticket, status = run.spec.ticket, run.status
    parts = [f"Ticket: {link(f'{ticket.key} {ticket.title}', ticket.url)}"]
    if status.partial:
        parts.append("> This is unfinished work, handed over for a person to go on with.")
    proof = _proof(status)
    told = (
        f"Run {code(run.name)} of pool {code(pool.name)}, attempt {run.spec.attempt}, "
        f"{status.specialist or 'no'} specialist. {usage_line(status.usage)}"
    )
    why = tamed(status.summary or "The agent wrote no summary.")
    form = filled(template or "", why, "\n\n".join(text for _, text in proof) or "Nothing was run.")
    if not form.proof:
        parts += [f"## {heading}\n\n{text}" for heading, text in proof]
    parts += [told, form.text]
    if not form.why:
        parts.append(f"## Why\n\n{why}")
    return "\n\n".join(part for part in parts if part)


def _proof(status: TicketRunStatus) -> list[tuple[str, str]]:
    """What was measured, by headings."""
    parts = []
    if status.verdict:
        parts.append(("Proof", "\n\n".join(verdict_lines(status.verdict))))
    if status.evidence:
        told = "Seen in the workbench, where the agent worked; the proof above is what counts."
        parts.append(("Evidence", "\n\n".join([told, "\n".join(evidence_lines(status.evidence))])))
    if status.egress and status.egress.refused:
        hosts = ", ".join(code(host) for host in status.egress.refused)
        parts.append(
            ("Network", f"The run asked for hosts that its pool does not allow, and got none of them: {hosts}")
        )
    return parts


def closing_comment(run: Run, pool: Pool) -> str:
    """What the ticket is told at the end of a run, in one place for every class."""
    status, failure = run.status, run.status.failure
    ready = pool.spec.board.columns.ready if pool.spec.board else "the ready column"
    parts: list[str] = []
    if failure:
        sentence = _SENTENCES[failure.failure_class].format(pool=code(pool.name), ready=f"**{ready}**")
        parts += [f"**{failure.failure_class}** ({failure.reason}): {sentence}", _quoted(failure.message)]
    elif status.verdict:
        parts.append("Done: the change is proved.")
    elif plan := plans.made_by(run):
        parts += _plan_lines(plan, pool)
    elif status.summary:
        parts.append(tamed(status.summary))
    if status.pull_request:
        draft = "Draft pull request" if status.pull_request.draft else "Pull request"
        parts.append(f"{draft}: {status.pull_request.url}")
    elif status.branch and failure:
        parts.append(f"The branch {code(status.branch)} is left as it is.")
    elif status.branch:
        parts.append(f"Branch: {code(status.branch)}")
    if status.verdict:
        parts += verdict_lines(status.verdict)
    if failure:
        parts.append(_what_next(run, failure, pool))
    parts.append(f"Run {code(run.name)}, attempt {run.spec.attempt}. {usage_line(status.usage)}")
    return "\n\n".join(part for part in parts if part)


def _plan_lines(plan: Plan, pool: Pool) -> list[str]:
    """A plan to the letter, as code: no markup in it hides a part of it, and it calls nobody's name."""
    fence = "`" * max(3, 1 + max((len(row) for row in re.findall("`+", plan.text)), default=0))
    ready = pool.spec.board.columns.ready if pool.spec.board else "the ready column"
    return [
        "Nothing is changed yet. This is the plan that the work will follow:",
        f"{fence}text\n{plan.text}\n{fence}",
        f"To have it carried out, say `/boardhand approve` (plan {code(plan.digest[: plans.SHOWN])}). To have another"
        f" one made, say what is to be different, then `/boardhand retry`, or move the ticket back to **{ready}**."
        " Changing the ticket's description, or moving the ticket elsewhere, sets this plan aside.",
    ]


def _what_next(run: Run, failure: Failure, pool: Pool) -> str:
    """How the next attempt begins, where that takes a person."""
    spent, most = attempt_spent(run.status), pool.spec.limits.attempts
    if pool.spec.board is None or not (spent or failure.reason == CANCEL_REQUESTED):
        return ""
    following = run.spec.attempt + spent
    if following > most:
        return f"No attempt is left: the pool {code(pool.name)} allows {most}."
    command = "" if pool.spec.policy.commands.authors == [] else "say `/boardhand retry`, or "
    begins = f"For attempt {following} of {most} {command}move the ticket back to **{pool.spec.board.columns.ready}**."
    return f"{begins} It sees what this one learnt." if spent else begins


def deleted_comment(run: str) -> str:
    """What a ticket is told whose TicketRun was deleted before it ended."""
    return (
        f"**Cancelled**: {_SENTENCES[FailureClass.CANCELLED]}\n\n> its TicketRun {code(run)} was deleted\n\n"
        "A branch that was pushed is left as it is."
    )


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in tamed(text).strip().splitlines()) if text.strip() else ""
