"""GiteaForge does what every forge does, on the stand-in; and what only Gitea needs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from boardhand_operator.errors import Misconfigured, Rejected
from boardhand_operator.forges import Proposal
from boardhand_operator.forges.gitea.forge import GiteaForge
from boardhand_operator.reviews import Judgement, LineComment
from tests.contract.forge_behaviour import ForgeBehaviour
from tests.contract.gitea_forge import GiteaForgeBench


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[GiteaForgeBench]:
    monkeypatch.setattr("boardhand_operator.forges.opening.PATIENCE", (0.05, 0.05))
    made = GiteaForgeBench()
    yield made
    made.check_requests()


class TestGitea(ForgeBehaviour):
    """All of it."""

    vendor = "gitea"


@pytest.fixture
async def forge(bench: GiteaForgeBench) -> AsyncIterator[GiteaForge]:
    opened = bench.open()
    yield opened
    await opened.aclose()


async def test_a_branch_that_comes_late_is_waited_for(bench: GiteaForgeBench, forge: GiteaForge) -> None:
    late = asyncio.create_task(forge.open_pull_request(Proposal("boardhand/7-late", "main", "Late", "b", False)))
    while not any(place.startswith("POST") for place in bench.wire.sent()):
        await asyncio.sleep(0.001)
    await bench.branch("boardhand/7-late")
    assert (await late).number


async def test_an_unchanged_pull_request_costs_one_request(bench: GiteaForgeBench, forge: GiteaForge) -> None:
    await bench.branch("boardhand/1-fix")
    await forge.open_pull_request(Proposal("boardhand/1-fix", "main", "T", "b", False, ["bot"], ["grace"]))
    bench.wire.requests.clear()
    await forge.open_pull_request(Proposal("boardhand/1-fix", "main", "T", "b", False, ["bot"], ["grace"]))
    assert [place.split()[0] for place in bench.wire.sent()] == ["GET"]


async def test_branches_without_a_difference(bench: GiteaForgeBench, forge: GiteaForge) -> None:
    await bench.same_branch("boardhand/11-same")
    assert (await forge.open_pull_request(Proposal("boardhand/11-same", "main", "Same", "b", False))).number


async def test_a_draft_is_a_draft_whatever_the_title_says(bench: GiteaForgeBench, forge: GiteaForge) -> None:
    await bench.branch("boardhand/1-fix")
    for draft, title in ((True, "WIP: Fix"), (False, "Fix")):
        made = await forge.open_pull_request(Proposal("boardhand/1-fix", "main", "[wip] draft: Fix", "b", draft))
        assert made.draft is draft
        assert [pull.title for pull in await bench.pulls()] == [title]


async def test_who_reviewed_is_not_asked_again_and_nobody_reviews_their_own(
    bench: GiteaForgeBench, forge: GiteaForge
) -> None:
    await bench.branch("boardhand/1-fix")
    made = await forge.open_pull_request(Proposal("boardhand/1-fix", "main", "T", "b", False, (), ["ADA", "bot"]))
    assert [pull.reviewers for pull in await bench.pulls()] == [("ada",)]
    await bench.judge(made.number or 0, Judgement.APPROVED, "good")
    await forge.open_pull_request(Proposal("boardhand/1-fix", "main", "T", "b", False, (), ["ada", "bot"]))
    assert [pull.reviewers for pull in await bench.pulls()] == [()]


async def test_a_review_that_was_dismissed_judges_no_more(bench: GiteaForgeBench, forge: GiteaForge) -> None:
    await bench.branch("boardhand/1-fix")
    made = await forge.open_pull_request(Proposal("boardhand/1-fix", "main", "T", "b", False, (), ["grace"]))
    await bench.judge(made.number or 0, Judgement.CHANGES_WANTED, "no")
    bench.pull(made.number or 0).reviews[0].dismissed = True
    assert [review.judgement for review in await forge.reviews(made.number or 0)] == [Judgement.COMMENTED]


async def test_our_own_pull_request_is_not_ours_to_approve(bench: GiteaForgeBench, forge: GiteaForge) -> None:
    await bench.branch("boardhand/1-fix")
    made = await forge.open_pull_request(Proposal("boardhand/1-fix", "main", "T", "b", False))
    with pytest.raises(Rejected, match="your own pull"):
        await forge.review(made.number or 0, "good", Judgement.APPROVED)


async def test_a_line_below_the_change_is_refused_and_nothing_written(
    bench: GiteaForgeBench, forge: GiteaForge
) -> None:
    await bench.branch("boardhand/1-fix")
    made = await forge.open_pull_request(Proposal("boardhand/1-fix", "main", "T", "b", False))
    lines = [LineComment("README.md", 3, "shown"), LineComment("README.md", 4, "not shown")]
    with pytest.raises(Rejected, match=r"line 4 of README\.md"):
        await forge.review(made.number or 0, "x", Judgement.COMMENTED, lines)
    assert await forge.reviews(made.number or 0) == []


@pytest.mark.parametrize(
    "path", ["PULL_REQUEST_TEMPLATE.md", ".forgejo/pull_request_template.md", ".github/PULL_REQUEST_TEMPLATE.md"]
)
async def test_where_a_template_may_be(bench: GiteaForgeBench, forge: GiteaForge, path: str) -> None:
    bench.repository.files |= {path: "## Why", ".gitea/other.md": "no", "PULL_REQUEST_TEMPLATE.yaml": "no"}
    assert await forge.template() == "## Why"


async def test_board_and_forge_share_a_webhook(bench: GiteaForgeBench) -> None:
    forge = bench.open(hook=True)
    hook = {
        "type": "gitea",
        "config": {"url": GiteaForgeBench.callback, "content_type": "json"},
        "events": ["issues"],
        "active": True,
    }
    await forge._at.http.send("POST", "x", f"{forge._at.root}/hooks", hook)
    await forge.subscribe()
    (made,) = bench.repository.tracker.hooks.values()
    assert set(made.events) == {"issues", "pull_request"}
    bench.wire.requests.clear()
    await forge.subscribe()
    assert bench.wire.writes() == []
    await forge.aclose()


async def test_a_webhook_needs_its_secret(bench: GiteaForgeBench) -> None:
    forge = bench.open(webhook={"callbackUrl": GiteaForgeBench.callback})
    with pytest.raises(Misconfigured, match=r"spec\.forge\.webhook: Secret shop-gitea lacks the key 'webhookSecret'"):
        await forge.subscribe()
    await forge.aclose()


async def test_the_address_with_the_apis_path(bench: GiteaForgeBench) -> None:
    forge = bench.open(url="http://gitea.test/api/v1")
    await forge.check()
    await forge.aclose()
