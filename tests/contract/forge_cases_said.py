"""Cases of every forge: comments, reviews, and what CI says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from boardhand_operator.errors import NotFound, Rejected, RemoteUnavailable
from boardhand_operator.forges import Forge, Proposal
from boardhand_operator.reviews import CheckState, Judgement, LineComment
from tests.contract.about import about
from tests.contract.forge_bench import ForgeBench
from tests.contract.markup import PIECES

FIX = "boardhand/1-fix"
DAY = 86400.0


async def pull_of_ours(bench: ForgeBench, forge: Forge) -> int:
    """One that we opened; its number."""
    await bench.branch(FIX)
    return (await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False))).number or 0


async def pull_of_adas(bench: ForgeBench) -> int:
    await bench.branch("ada/change")
    return await bench.open_by_hand("ada/change", "main", "By ada")


class SaidCases:
    """Who says what of a pull request."""

    @about()
    async def test_comments_with_their_authors_oldest_first(self, bench: ForgeBench, forge: Forge) -> None:
        number = await pull_of_ours(bench, forge)
        await bench.say(number, "a question")
        id_ = await forge.comment(number, "an answer")
        await bench.say(number, "thanks 🚀")
        found = await forge.comments(number)
        assert [(said.text, said.by_us) for said in found] == [
            ("a question", False),
            ("an answer", True),
            ("thanks 🚀", False),
        ]
        assert [said.id for said in found if said.by_us] == [id_]
        assert found[0].author == bench.person
        assert found[0].author_id not in ("", found[1].author_id)
        assert found[0].created_at <= found[1].created_at <= found[2].created_at

    @pytest.mark.parametrize("piece", PIECES)
    @about()
    async def test_a_comment_of_ours_is_read_back_as_it_was_written(
        self, bench: ForgeBench, forge: Forge, piece: str
    ) -> None:
        number, text = await pull_of_ours(bench, forge), f"Before.\n\n{PIECES[piece]}\n\nAfter."
        await forge.comment(number, text)
        assert [said.text for said in await forge.comments(number)] == [text]
        assert await bench.said(number) == [text]

    @about()
    async def test_more_comments_than_a_page(self, bench: ForgeBench, forge: Forge) -> None:
        number = await pull_of_ours(bench, forge)
        texts = [f"comment {at}" for at in range(bench.full_page)]
        for text in texts:
            await bench.say(number, text)
        assert [said.text for said in await forge.comments(number)] == texts
        await bench.say(number, "one more")
        assert [said.text for said in await forge.comments(number)] == [*texts, "one more"]

    @about()
    async def test_a_long_comment_is_cut(self, bench: ForgeBench, forge: Forge) -> None:
        number = await pull_of_ours(bench, forge)
        await forge.comment(number, "日本🚀" * 400_000)
        (text,) = await bench.said(number)
        assert text.startswith("日本🚀" * 100)
        assert "cut here" in text[-100:]

    @about()
    async def test_a_lost_answer_to_a_comment(self, bench: ForgeBench, forge: Forge) -> None:
        number = await pull_of_ours(bench, forge)
        bench.wire.lose.append(bench.commented)
        with pytest.raises(RemoteUnavailable):
            await forge.comment(number, "once")
        assert [said.text for said in await forge.comments(number)] == ["once"]

    @about()
    async def test_a_pull_request_that_is_not_there(self, bench: ForgeBench, forge: Forge) -> None:
        for call in (forge.comments(99), forge.comment(99, "x"), forge.reviews(99)):
            with pytest.raises(NotFound):
                await call

    @pytest.mark.parametrize("off", [-DAY, DAY], ids=["behind", "ahead"])
    @about()
    async def test_comments_by_a_clock_that_is_off(self, bench: ForgeBench, forge: Forge, off: float) -> None:
        number = await pull_of_ours(bench, forge)
        await bench.say(number, "before")
        (before,) = await forge.comments(number)
        await bench.clock(off)
        await bench.say(number, "after")
        (after,) = [said for said in await forge.comments(number) if said.text == "after"]
        assert abs((after.created_at - before.created_at).total_seconds() - off) < 3600

    # Reviews

    @about("reviews")
    async def test_a_pull_request_without_reviews(self, bench: ForgeBench, forge: Forge) -> None:
        number = await pull_of_ours(bench, forge)
        await bench.say(number, "no review")
        assert await forge.reviews(number) == []

    @pytest.mark.parametrize("judgement", list(Judgement))
    @about("reviews")
    async def test_a_persons_review(self, bench: ForgeBench, forge: Forge, judgement: Judgement) -> None:
        number = await pull_of_ours(bench, forge)
        await bench.judge(number, judgement, "Ünï: looked at it 🚀")
        (review,) = await forge.reviews(number)
        assert (review.judgement, review.author, review.by_us) == (judgement, bench.person, False)
        assert review.text in ("Ünï: looked at it 🚀", "")
        assert review.id
        assert review.author_id
        assert review.created_at.tzinfo is not None

    @about("reviews")
    async def test_reviews_come_oldest_first(self, bench: ForgeBench, forge: Forge) -> None:
        number = await pull_of_ours(bench, forge)
        await bench.judge(number, Judgement.CHANGES_WANTED, "not yet")
        await forge.review(number, "We are at it.", Judgement.COMMENTED)
        found = await forge.reviews(number)
        assert [review.by_us for review in found] == [False, True]
        assert [review.judgement for review in found] == [Judgement.CHANGES_WANTED, Judgement.COMMENTED]
        assert found[0].created_at <= found[1].created_at + timedelta(seconds=1)

    @about("line-comments")
    async def test_a_persons_review_of_lines(self, bench: ForgeBench, forge: Forge) -> None:
        number = await pull_of_ours(bench, forge)
        lines = [LineComment("README.md", 1, "why <b>?"), LineComment("README.md", 3, "ü 🚀")]
        await bench.judge(number, Judgement.CHANGES_WANTED, "see the lines", lines)
        (review,) = [found for found in await forge.reviews(number) if found.lines]
        assert sorted(review.lines, key=lambda said: said.line) == lines

    @about("line-comments")
    async def test_our_review_of_lines(self, bench: ForgeBench, forge: Forge) -> None:
        number = await pull_of_adas(bench)
        lines = [LineComment("README.md", 1, "first"), LineComment("README.md", 2, "`second` <b>")]
        id_ = await forge.review(number, "Two remarks.", Judgement.COMMENTED, lines)
        found = [review for review in await forge.reviews(number) if review.lines]
        assert id_
        assert all(review.by_us for review in found)
        assert sorted((line for review in found for line in review.lines), key=lambda said: said.line) == lines

    @about("line-comments")
    async def test_a_line_that_the_change_does_not_show(self, bench: ForgeBench, forge: Forge) -> None:
        number = await pull_of_adas(bench)
        with pytest.raises((Rejected, NotFound)):
            await forge.review(number, "x", Judgement.COMMENTED, [LineComment("nowhere.txt", 1, "x")])

    @pytest.mark.parametrize("judgement", [Judgement.APPROVED, Judgement.CHANGES_WANTED])
    @about("reviews", "judgements")
    async def test_our_judgement_of_a_persons_pull_request(
        self, bench: ForgeBench, forge: Forge, judgement: Judgement
    ) -> None:
        number = await pull_of_adas(bench)
        await forge.review(number, "We looked at it.", judgement)
        assert [(review.judgement, review.by_us) for review in await forge.reviews(number)] == [(judgement, True)]

    # CI

    @about("checks")
    async def test_a_commit_without_checks(self, bench: ForgeBench, forge: Forge) -> None:
        assert await forge.checks(await bench.branch(FIX)) == []

    @pytest.mark.parametrize("state", list(CheckState))
    @about("checks")
    async def test_what_ci_says(self, bench: ForgeBench, forge: Forge, state: CheckState) -> None:
        commit = await bench.branch(FIX)
        await bench.status(commit, "build / ünit", state)
        assert [(check.name, check.state) for check in await forge.checks(commit)] == [("build / ünit", state)]

    @about("checks")
    async def test_the_newest_of_each_check_counts(self, bench: ForgeBench, forge: Forge) -> None:
        commit = await bench.branch(FIX)
        for name, state in (
            ("lint", CheckState.PASSED),
            ("build", CheckState.RUNNING),
            ("build", CheckState.FAILED),
            ("lint", CheckState.RUNNING),
            ("build", CheckState.PASSED),
        ):
            await bench.status(commit, name, state)
        found = {check.name: check.state for check in await forge.checks(commit)}
        assert found == {"lint": CheckState.RUNNING, "build": CheckState.PASSED}
        assert len(await forge.checks(commit)) == 2
