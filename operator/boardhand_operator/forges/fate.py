"""Pure: what became of a pull request, as a run's status has it."""

from __future__ import annotations

from boardhand_api.run_status import PullRequest, PullRequestState
from boardhand_operator.decide.conditions import stamp
from boardhand_operator.decide.observe import parse_time


def with_fate(pull: PullRequest, state: PullRequestState, merged_at: str | None, head: str | None) -> PullRequest:
    """The pull request in this state. merged_at: as the vendor writes a time, heeded where it is merged."""
    merged = stamp(parse_time(merged_at)) if merged_at and state is PullRequestState.MERGED else None
    return pull.model_copy(update={"state": state, "merged_at": merged, "head": head or None})


def state_of(word: str, opens: tuple[str, ...], merged: tuple[str, ...]) -> PullRequestState:
    """The state that a vendor's word means; of any other word: closed without a merge."""
    if word in opens:
        return PullRequestState.OPEN
    return PullRequestState.MERGED if word in merged else PullRequestState.CLOSED
