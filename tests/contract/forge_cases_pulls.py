"""Cases of every forge: one pull request a branch, and what it says."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from boardhand_api.run_status import PullRequestState
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.errors import NotFound, Rejected, RemoteUnavailable
from boardhand_operator.forges import Forge, Proposal
from tests.contract.about import about
from tests.contract.forge_bench import ForgeBench
from tests.contract.forge_cases_check import ODD

FIX = "boardhand/1-fix"
OPEN, MERGED, CLOSED = PullRequestState


class PullCases:
    """Opened once, found by its branch, brought up to date."""

    @about()
    async def test_a_pull_request_is_opened_once_and_found_by_its_branch(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.branch(FIX)
        assert await forge.pull_request(FIX) is None
        made = await forge.open_pull_request(Proposal(FIX, "main", "Fix it", "why", False))
        assert made.url.startswith(("https://", "http://"))
        assert str(made.number) in made.url
        (there,) = await bench.pulls()
        assert (there.number, there.title, there.body) == (made.number, "Fix it", "why")
        assert (there.head, there.base, there.state) == (FIX, "main", "open")
        assert await forge.pull_request(FIX) == made
        assert await forge.open_pull_request(Proposal(FIX, "main", "Fix it", "why", False)) == made
        assert len(await bench.pulls()) == 1

    @about()
    async def test_nothing_is_written_where_nothing_changed(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.branch(FIX)
        made = await forge.open_pull_request(Proposal(FIX, "main", "Fix it", "why\n\n- ü 🚀", False))
        bench.wire.requests.clear()
        assert await forge.open_pull_request(Proposal(FIX, "main", "Fix it", "why\n\n- ü 🚀", False)) == made
        assert bench.wire.writes() == []

    @about()
    async def test_title_and_body_are_brought_up_to_date(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.branch(FIX)
        made = await forge.open_pull_request(Proposal(FIX, "main", "First", "old", False))
        assert await forge.open_pull_request(Proposal(FIX, "main", "Second", "new", False)) == made
        (there,) = await bench.pulls()
        assert (there.title, there.body) == ("Second", "new")

    @about("drafts")
    async def test_a_draft_becomes_ready_and_a_draft_again(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.branch(FIX)
        for draft in (True, False, True):
            made = await forge.open_pull_request(Proposal(FIX, "main", "Fix it", "why", draft))
            assert made.draft is draft
            (there,) = await bench.pulls()
            assert there.draft is draft
            assert await forge.pull_request(FIX) == made

    @about()
    async def test_two_at_once_open_one(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.branch(FIX)
        other = bench.open()
        made = await asyncio.gather(
            *(which.open_pull_request(Proposal(FIX, "main", "Race", "b", False)) for which in (forge, other))
        )
        assert made[0] == made[1]
        assert [pull.number for pull in await bench.pulls("open")] == [made[0].number]
        if "second-pull-request-race" not in bench.has:
            assert len(await bench.pulls()) == 1
        await other.aclose()

    @about()
    async def test_one_that_a_person_opened_meanwhile_is_found(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.branch(FIX)

        async def rival(request: httpx.Request) -> None:
            if bench.wire.is_write(request):
                bench.wire.before = None
                await bench.open_by_hand(FIX, "main", "First")

        bench.wire.before = rival
        made = await forge.open_pull_request(Proposal(FIX, "main", "Second", "b", False))
        assert [(pull.number, pull.title) for pull in await bench.pulls("open")] == [(made.number, "Second")]

    @about()
    async def test_one_that_a_person_opened_before_is_taken(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.branch(FIX)
        number = await bench.open_by_hand(FIX, "main", "By hand")
        made = await forge.open_pull_request(Proposal(FIX, "main", "Ours", "b", False))
        assert made.number == number
        assert [pull.title for pull in await bench.pulls()] == ["Ours"]

    @about()
    async def test_a_lost_answer_leads_to_no_second_one(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.branch(FIX)
        bench.wire.lose.append(bench.opened)
        with pytest.raises(RemoteUnavailable):
            await forge.open_pull_request(Proposal(FIX, "main", "Lost", "b", False))
        made = await forge.open_pull_request(Proposal(FIX, "main", "Lost", "b", False))
        assert [pull.number for pull in await bench.pulls()] == [made.number]

    @about()
    async def test_a_lost_answer_to_a_change(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.branch(FIX)
        made = await forge.open_pull_request(Proposal(FIX, "main", "First", "b", False))
        bench.wire.lose.append(bench.edited)
        with pytest.raises(RemoteUnavailable):
            await forge.open_pull_request(Proposal(FIX, "main", "Second", "b", False))
        assert await forge.open_pull_request(Proposal(FIX, "main", "Second", "b", False)) == made
        assert [pull.title for pull in await bench.pulls()] == ["Second"]

    @about()
    async def test_a_closed_one_is_not_taken_again(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.branch(FIX)
        first = await forge.open_pull_request(Proposal(FIX, "main", "First", "b", False))
        await bench.close(first.number)
        assert await forge.pull_request(FIX) is None
        second = await forge.open_pull_request(Proposal(FIX, "main", "Second", "b", False))
        assert second.number != first.number
        assert await forge.pull_request(FIX) == second
        assert [pull.state for pull in await bench.pulls()] == ["closed", "open"]

    @about()
    async def test_a_merged_one_is_not_taken_again(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.branch(FIX)
        first = await forge.open_pull_request(Proposal(FIX, "main", "First", "b", False))
        await bench.merge(first.number)
        assert await forge.pull_request(FIX) is None
        await bench.branch(FIX)
        second = await forge.open_pull_request(Proposal(FIX, "main", "Second", "b", False))
        assert second.number != first.number
        assert [pull.state for pull in await bench.pulls()] == ["merged", "open"]

    @about()
    async def test_what_becomes_of_a_pull_request_is_told(self, bench: ForgeBench, forge: Forge) -> None:
        commits = [await bench.branch(name) for name in (FIX, "boardhand/2-other")]
        made = [
            await forge.open_pull_request(Proposal(name, "main", "Fix it", "why", False))
            for name in (FIX, "boardhand/2-other")
        ]
        for pull, commit in zip(made, commits, strict=True):
            now = await forge.followed(pull.number)
            assert (now.url, now.number, now.draft, now.state) == (pull.url, pull.number, False, OPEN)
            assert now.head and commit.startswith(now.head)
            assert now.merged_at is None
        await bench.close(made[0].number)
        await bench.merge(made[1].number)
        closed, merged = [await forge.followed(pull.number) for pull in made]
        assert (closed.url, closed.state, closed.merged_at) == (made[0].url, CLOSED, None)
        assert (merged.url, merged.state) == (made[1].url, MERGED)
        assert merged.merged_at and parse_time(merged.merged_at)

    @about("reopening")
    async def test_one_that_is_opened_again_is_told(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.branch(FIX)
        made = await forge.open_pull_request(Proposal(FIX, "main", "Fix it", "why", False))
        await bench.close(made.number)
        assert (await forge.followed(made.number)).state is CLOSED
        await bench.reopen(made.number)
        now = await forge.followed(made.number)
        assert (now.url, now.state, now.merged_at) == (made.url, OPEN, None)

    @about()
    async def test_a_commit_that_a_person_adds_is_told(self, bench: ForgeBench, forge: Forge) -> None:
        first = await bench.branch(FIX)
        made = await forge.open_pull_request(Proposal(FIX, "main", "Fix it", "why", False))
        assert (await forge.followed(made.number)).head == (await forge.followed(made.number)).head
        added = await bench.branch(FIX, base=FIX)
        now = await forge.followed(made.number)
        assert added != first
        assert now.head and added.startswith(now.head)

    @about()
    async def test_looking_at_a_pull_request_is_one_request(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.branch(FIX)
        made = await forge.open_pull_request(Proposal(FIX, "main", "Fix it", "why", False))
        bench.wire.requests.clear()
        await forge.followed(made.number)
        assert len(bench.wire.requests) == 1
        assert bench.wire.writes() == []

    @about()
    async def test_a_pull_request_that_is_not_there(self, forge: Forge, bench: ForgeBench) -> None:
        with pytest.raises(NotFound):
            await forge.followed(4711)
        assert await bench.pulls() == []

    @about()
    async def test_branches_whose_names_begin_alike(self, bench: ForgeBench, forge: Forge) -> None:
        numbers = {}
        for name in ("boardhand/1", "boardhand/10", "boardhand-1"):
            await bench.branch(name)
            assert await forge.pull_request(name) is None
            numbers[name] = (await forge.open_pull_request(Proposal(name, "main", name, "b", False))).number
        assert len(set(numbers.values())) == 3
        for name, number in numbers.items():
            found = await forge.pull_request(name)
            assert found and found.number == number

    @about()
    async def test_one_into_another_branch_is_another_one(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.branch("release/1")
        await bench.branch(FIX)
        elsewhere = bench.open(branch="release/1")
        await elsewhere.check()
        back = await elsewhere.open_pull_request(Proposal(FIX, "release/1", "Back", "b", False))
        assert await forge.pull_request(FIX) is None
        made = await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False))
        assert made.number != back.number
        assert await elsewhere.pull_request(FIX) == back
        assert sorted(pull.base for pull in await bench.pulls()) == ["main", "release/1"]
        await elsewhere.aclose()

    @pytest.mark.parametrize("name", ODD)
    @about()
    async def test_a_branch_of_any_name_has_its_pull_request(self, bench: ForgeBench, forge: Forge, name: str) -> None:
        await bench.branch(name)
        made = await forge.open_pull_request(Proposal(name, "main", "Odd", "b", False))
        assert await forge.pull_request(name) == made
        assert [pull.head for pull in await bench.pulls()] == [name]

    @about()
    async def test_a_branch_that_is_not_there(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.branch(FIX)
        with pytest.raises(NotFound, match="boardhand/8-none"):
            await forge.open_pull_request(Proposal("boardhand/8-none", "main", "None", "b", False))
        with pytest.raises(NotFound, match="no-such-base"):
            await forge.open_pull_request(Proposal(FIX, "no-such-base", "None", "b", False))
        assert await bench.pulls() == []

    @about()
    async def test_a_branch_into_itself_is_refused_in_the_forges_words(self, forge: Forge, bench: ForgeBench) -> None:
        with pytest.raises(Rejected):
            await forge.open_pull_request(Proposal("main", "main", "Self", "b", False))
        assert await bench.pulls() == []
