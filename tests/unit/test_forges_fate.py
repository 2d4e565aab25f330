"""What a vendor's words say became of a pull request."""

from __future__ import annotations

import pytest

from boardhand_api.run_status import PullRequest, PullRequestState
from boardhand_operator.forges.fate import state_of, with_fate

OPEN, MERGED, CLOSED = PullRequestState
PULL = PullRequest(url="https://forge.test/pulls/7", number=7, draft=True)


@pytest.mark.parametrize(
    ("word", "state"),
    [("opened", OPEN), ("locked", OPEN), ("merged", MERGED), ("closed", CLOSED), ("SUPERSEDED", CLOSED), ("", CLOSED)],
)
def test_a_word_that_is_not_known_is_closed(word: str, state: PullRequestState) -> None:
    assert state_of(word, ("opened", "locked"), ("merged",)) is state


@pytest.mark.parametrize(
    "at",
    ["2026-01-02T04:04:05+01:00", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.6655471Z", "2026-01-02T03:04:05.1Z"],
)
def test_times_of_every_vendor_are_written_alike(at: str) -> None:
    made = with_fate(PULL, MERGED, at, "c" * 40)
    assert made.merged_at == "2026-01-02T03:04:05Z"
    assert (made.url, made.number, made.draft, made.head) == (PULL.url, 7, True, "c" * 40)


def test_what_is_not_merged_has_no_time_of_it_and_no_commit_where_the_forge_tells_none() -> None:
    for state in (OPEN, CLOSED):
        made = with_fate(PULL, state, "2026-01-02T03:04:05Z", "")
        assert (made.state, made.merged_at, made.head) == (state, None, None)
    assert with_fate(PULL, MERGED, None, None).merged_at is None
