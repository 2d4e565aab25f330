"""What GitLabForge does beyond the cases of every forge: reviews, rights and words as GitLab has them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from boardhand_api import pool
from boardhand_operator.errors import Misconfigured, PermissionMissing, Rejected
from boardhand_operator.forges import Proposal, open_forge
from boardhand_operator.forges.gitlab.address import path_of
from boardhand_operator.forges.gitlab.forge import GitLabForge
from boardhand_operator.reviews import CheckState, Judgement, LineComment
from tests.contract.gitlab_board import CALLBACK, SITE
from tests.contract.gitlab_forge import NAME, GitLabForgeBench

FIX = "boardhand/1-fix"


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[GitLabForgeBench]:
    monkeypatch.setattr("boardhand_operator.forges.opening.PATIENCE", (0.01,))
    made = GitLabForgeBench()
    yield made
    made.check_requests()


@pytest.fixture
async def forge(bench: GitLabForgeBench) -> AsyncIterator[GitLabForge]:
    opened = bench.open()
    yield opened
    await opened.aclose()


async def adas(bench: GitLabForgeBench) -> int:
    await bench.branch("ada/change")
    return await bench.open_by_hand("ada/change", "main", "By ada")


# Merge requests


async def test_no_text_of_ours_is_a_quick_action(bench: GitLabForgeBench, forge: GitLabForge) -> None:
    await bench.branch(FIX)
    text = "Why:\n/merge\n/approve\r\n/label ~x\r/close\n\n"
    made = await forge.open_pull_request(Proposal(FIX, "main", "/merge", text, False))
    await forge.comment(made.number, text)
    lines = [LineComment("README.md", 1, "/approve")]
    await forge.review(made.number, text, Judgement.COMMENTED, lines)
    bench.wire.requests.clear()
    assert await forge.open_pull_request(Proposal(FIX, "main", "/merge", text, False)) == made
    assert bench.wire.writes() == []
    assert bench.state.orders == []
    assert bench.merge_request(made.number).body == "Why:\n\\/merge\n\\/approve\n\\/label ~x\n\\/close"


@pytest.mark.parametrize("title", ["Draft: Fix", "[Draft] Draft:  Fix", "(draft) Fix", "DRAFT: [draft] Fix"])
async def test_a_title_says_draft_where_it_is_one_alone(
    bench: GitLabForgeBench, forge: GitLabForge, title: str
) -> None:
    await bench.branch(FIX)
    for draft, wanted in ((False, "Fix"), (True, "Draft: Fix")):
        assert (await forge.open_pull_request(Proposal(FIX, "main", title, "b", draft))).draft is draft
        assert [pull.title for pull in await bench.pulls()] == [wanted]


async def test_a_branch_that_comes_late_is_waited_for(
    bench: GitLabForgeBench, forge: GitLabForge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boardhand_operator.forges.opening.PATIENCE", (0.05, 0.05, 0.05, 5.0))
    late = asyncio.create_task(forge.open_pull_request(Proposal(FIX, "main", "Late", "b", False)))
    await asyncio.sleep(0.02)
    assert not late.done()
    await bench.branch(FIX)
    assert (await late).number


async def test_a_free_gitlab_takes_one_reviewer(bench: GitLabForgeBench, forge: GitLabForge) -> None:
    bench.project.reviewers_most = 1
    await bench.branch(FIX)
    await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False, (), ["Grace", "ada"]))
    assert [pull.reviewers for pull in await bench.pulls()] == [("grace",)]
    await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False, (), ["Grace", "ada"]))
    assert [pull.reviewers for pull in await bench.pulls()] == [("grace",)]


async def test_labels_of_a_merge_request_are_never_made(bench: GitLabForgeBench, forge: GitLabForge) -> None:
    await bench.branch(FIX)
    await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False, ["typo"]))
    assert bench.project.label("typo") is None


# Reviews


async def test_our_approval_is_given_once_and_taken_back(bench: GitLabForgeBench, forge: GitLabForge) -> None:
    number = await adas(bench)
    for _ in range(2):
        await forge.review(number, "Fine.", Judgement.APPROVED)
    assert list(bench.merge_request(number).approved_by) == ["boardhand"]
    await forge.review(number, "Not fine.", Judgement.CHANGES_WANTED)
    assert bench.merge_request(number).approved_by == {}
    judged = [(review.judgement, review.text) for review in await forge.reviews(number)]
    assert judged == [
        (Judgement.APPROVED, "Fine."),
        (Judgement.APPROVED, "Fine."),
        (Judgement.CHANGES_WANTED, "Not fine."),
    ]
    assert await forge.comments(number) == []


async def test_that_changes_are_wanted_is_our_state_where_we_are_asked(
    bench: GitLabForgeBench, forge: GitLabForge
) -> None:
    number = await adas(bench)
    bench.merge_request(number).reviewers["boardhand"] = "unreviewed"
    await forge.review(number, "", Judgement.CHANGES_WANTED)
    assert bench.merge_request(number).reviewers == {"boardhand": "requested_changes"}
    assert [(review.judgement, review.text) for review in await forge.reviews(number)] == [
        (Judgement.CHANGES_WANTED, "")
    ]


async def test_nobody_approves_their_own(bench: GitLabForgeBench, forge: GitLabForge) -> None:
    await bench.branch(FIX)
    made = await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False))
    with pytest.raises(Rejected, match="may not approve it"):
        await forge.review(made.number, "Fine.", Judgement.APPROVED)
    assert await bench.said(made.number) == []
    bench.project.author_approves = True
    await forge.review(made.number, "Fine.", Judgement.APPROVED)
    assert list(bench.merge_request(made.number).approved_by) == ["boardhand"]


async def test_an_approval_that_is_taken_back_is_none(bench: GitLabForgeBench, forge: GitLabForge) -> None:
    number = await adas(bench)
    found = bench.merge_request(number)
    bench.state.approve(found, "grace")
    assert [(review.author, review.judgement) for review in await forge.reviews(number)] == [
        ("grace", Judgement.APPROVED)
    ]
    bench.state.unapprove(found, "grace")
    assert await forge.reviews(number) == []


async def test_what_gitlab_notes_in_other_words_is_still_known(bench: GitLabForgeBench, forge: GitLabForge) -> None:
    number = await adas(bench)
    found = bench.merge_request(number)
    bench.state.approve(found, "grace")
    found.reviewers["ada"] = "requested_changes"
    found.notes.clear()
    judged = {(review.author, review.judgement) for review in await forge.reviews(number)}
    assert judged == {("grace", Judgement.APPROVED), ("ada", Judgement.CHANGES_WANTED)}


async def test_what_a_person_does_an_hour_later_is_another_review(bench: GitLabForgeBench, forge: GitLabForge) -> None:
    number = await adas(bench)
    await bench.judge(number, Judgement.CHANGES_WANTED, "no", [LineComment("README.md", 1, "no")])
    await bench.clock(3600)
    await bench.judge(number, Judgement.APPROVED, "yes", [LineComment("README.md", 1, "yes")])
    first, second = await forge.reviews(number)
    assert (first.judgement, [line.text for line in first.lines]) == (Judgement.CHANGES_WANTED, ["no"])
    assert (second.judgement, [line.text for line in second.lines]) == (Judgement.APPROVED, ["yes"])
    assert first.id != second.id


async def test_remarks_on_lines_that_stay_and_on_whole_files(bench: GitLabForgeBench, forge: GitLabForge) -> None:
    number = await adas(bench)
    lines = [LineComment("README.md", 4, "a line that stays"), LineComment("README.md", 0, "the file")]
    await forge.review(number, "two", Judgement.COMMENTED, lines)
    (review,) = await forge.reviews(number)
    assert list(review.lines) == lines
    positions = [note.position for note in bench.merge_request(number).notes if note.position]
    assert [(at.get("old_line"), at.get("new_line")) for at in positions] == [(4, 4), (None, None)]


async def test_a_line_that_is_not_shown_leaves_nothing_behind(bench: GitLabForgeBench, forge: GitLabForge) -> None:
    number = await adas(bench)
    lines = [LineComment("README.md", 1, "good"), LineComment("README.md", 99, "beyond")]
    with pytest.raises(Rejected, match=r"line 99 of README\.md"):
        await forge.review(number, "x", Judgement.APPROVED, lines)
    assert bench.merge_request(number).notes == []
    assert bench.merge_request(number).approved_by == {}


async def test_no_comment_is_a_review_by_its_words(bench: GitLabForgeBench, forge: GitLabForge) -> None:
    number = await adas(bench)
    mark = "Fine.\n\n`boardhand:review:1 judgement=Approved`"
    await bench.say(number, mark)
    await forge.comment(number, mark)
    assert await forge.reviews(number) == []
    assert [said.by_us for said in await forge.comments(number)] == [False, True]


# CI, templates and addresses


@pytest.mark.parametrize(
    ("status", "may_fail", "state"),
    [
        ("success", False, CheckState.PASSED),
        ("skipped", False, CheckState.PASSED),
        ("failed", True, CheckState.PASSED),
        ("manual", True, CheckState.PASSED),
        ("manual", False, CheckState.RUNNING),
        ("created", False, CheckState.RUNNING),
        ("waiting_for_resource", True, CheckState.RUNNING),
        ("canceled", False, CheckState.FAILED),
        ("failed", False, CheckState.FAILED),
    ],
)
async def test_what_a_jobs_status_means(
    bench: GitLabForgeBench, forge: GitLabForge, status: str, may_fail: bool, state: CheckState
) -> None:
    commit = await bench.branch(FIX)
    bench.state.add_status(bench.project, commit, "build", status, allow_failure=may_fail, url="https://ci.example/1")
    assert [(check.state, check.url) for check in await forge.checks(commit)] == [(state, "https://ci.example/1")]


async def test_the_templates_letters_may_be_of_any_case(bench: GitLabForgeBench, forge: GitLabForge) -> None:
    bench.project.files[".gitlab/merge_request_templates/Other.md"] = "other"
    assert await forge.template() is None
    bench.project.files[".gitlab/merge_request_templates/default.MD"] = "ours"
    assert await forge.template() == "ours"


@pytest.mark.parametrize(
    ("site", "clone", "path"),
    [
        (None, "https://gitlab.com/team/app.git", "team/app"),
        ("https://gitlab.com", "https://gitlab.com/a/b/c/d.git", "a/b/c/d"),
        ("https://git.example/api/v4", "https://GIT.example:443/a/b/", "a/b"),
        ("https://git.example/gitlab/", "https://git.example/gitlab/a/b.git", "a/b"),
        ("https://git.example/gitlab", "ssh://git@git.example:2222/a/b/c.git", "a/b/c"),
        ("http://git.example:8080", "http://git.example:8080/a%2Db/c.git", "a-b/c"),
    ],
)
def test_which_project_a_clone_address_means(site: str | None, clone: str, path: str) -> None:
    assert path_of(site, clone) == path


@pytest.mark.parametrize(
    ("site", "clone", "reason"),
    [
        (None, "https://git.example/a/b.git", "RepositoryElsewhere"),
        ("https://git.example/gitlab", "https://git.example/a/b.git", "RepositoryElsewhere"),
        ("https://git.example:8443", "https://git.example/a/b.git", "RepositoryElsewhere"),
        ("https://git.example", "ssh://git@other.example/a/b.git", "RepositoryElsewhere"),
        ("https://git.example", "https://git.example/app.git", "RepositoryAddress"),
        ("https://git.example", "https://git.example/a//app.git", "RepositoryAddress"),
    ],
)
def test_a_clone_address_that_means_none(site: str | None, clone: str, reason: str) -> None:
    with pytest.raises(Misconfigured) as wrong:
        path_of(site, clone)
    assert wrong.value.reason == reason


async def test_what_token_and_account_lack_is_said(bench: GitLabForgeBench) -> None:
    with pytest.raises(PermissionMissing, match=r"scopes are read_api, and api is needed.*Secret shop-gitlab"):
        await bench.open(token="a-token-that-reads").check()
    with pytest.raises(PermissionMissing, match="has Developer there, and needs Maintainer"):
        await bench.open(token="a-token-of-the-bot", hook=True).check()
    await bench.open(hook=True).check()


async def test_a_boards_webhook_to_the_same_address_gets_the_forges_events(bench: GitLabForgeBench) -> None:
    hook = bench.state.add_hook(bench.project, CALLBACK, {"issues_events": True}, "", "x")
    await bench.open(hook=True).subscribe()
    assert list(bench.project.hooks) == [hook.id]
    assert hook.events["issues_events"] and hook.events["merge_requests_events"] and hook.events["pipeline_events"]


async def test_it_is_installed_and_needs_a_token() -> None:
    spec = pool.Forge.model_validate({"type": "gitlab", "url": SITE, "secretRef": {"name": "shop-gitlab"}})
    repository = pool.Repository.model_validate({"url": f"{SITE}/{NAME}.git", "pushSecretRef": {"name": "push"}})
    opened = open_forge(spec, repository, {"token": "t"})
    assert isinstance(opened, GitLabForge)
    await opened.aclose()
    with pytest.raises(Misconfigured, match=r"shop-gitlab.*`token`"):
        open_forge(spec, repository, {})
