"""Cases of every forge: title, text, labels and reviewers that a pull request gets."""

from __future__ import annotations

import pytest

from boardhand_operator.forges import Forge, Proposal
from tests.contract.about import about
from tests.contract.forge_bench import ForgeBench
from tests.contract.forge_cases_pulls import FIX


class WantedCases:
    """As they were wanted, as far as the forge takes them."""

    @about()
    async def test_a_title_of_any_text(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.branch(FIX)
        title = "Ünïcode 🚀 <b> & 'quotes'\nand a second line"
        made = await forge.open_pull_request(Proposal(FIX, "main", title, "b", False))
        (there,) = await bench.pulls()
        assert there.title == " ".join(title.split())
        bench.wire.requests.clear()
        assert await forge.open_pull_request(Proposal(FIX, "main", title, "b", False)) == made
        assert bench.wire.writes() == []

    @about()
    async def test_a_long_title_is_cut_once(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.branch(FIX)
        made = await forge.open_pull_request(Proposal(FIX, "main", "🚀x" * 700, "b", False))
        (there,) = await bench.pulls()
        assert there.title.startswith("🚀x" * 30)
        assert there.title.endswith("…")
        bench.wire.requests.clear()
        assert await forge.open_pull_request(Proposal(FIX, "main", "🚀x" * 700, "b", False)) == made
        assert bench.wire.writes() == []

    @pytest.mark.parametrize("size", [3_900, 60_000, 1_200_000])
    @about()
    async def test_a_body_is_kept_up_to_what_the_forge_takes(self, bench: ForgeBench, forge: Forge, size: int) -> None:
        await bench.branch(FIX)
        body = ("ü → 日本 <b>&\n" * (size // 12))[:size].rstrip() + "."
        made = await forge.open_pull_request(Proposal(FIX, "main", "Long", body, False))
        (there,) = await bench.pulls()
        if len(body) <= bench.body_limit:
            assert there.body == body
        else:
            assert len(there.body) <= bench.body_limit
            assert there.body.startswith(body[: bench.body_limit // 2])
            assert "cut here" in there.body
        bench.wire.requests.clear()
        assert await forge.open_pull_request(Proposal(FIX, "main", "Long", body, False)) == made
        assert bench.wire.writes() == []

    @about("labels")
    async def test_labels_are_put_on_and_others_stay(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.branch(FIX)
        made = await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False, [bench.label]))
        assert [pull.labels for pull in await bench.pulls()] == [(bench.label,)]
        await bench.put_label(made.number, "of-ada")
        assert await forge.open_pull_request(Proposal(FIX, "main", "Fix it", "b", False, [bench.label])) == made
        assert [sorted(pull.labels) for pull in await bench.pulls()] == [sorted([bench.label, "of-ada"])]

    @about("labels")
    async def test_a_label_that_is_gone_loses_no_pull_request(self, bench: ForgeBench, forge: Forge) -> None:
        """Where the vendor makes labels up, it makes this one."""
        await bench.branch(FIX)
        made = await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False, ["nobody's", bench.label]))
        (there,) = await bench.pulls()
        known = {bench.label} if "labels-must-exist" in bench.has else {"nobody's", bench.label}
        assert (there.number, set(there.labels)) == (made.number, known)

    @about("reviewers")
    async def test_reviewers_are_asked(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.branch(FIX)
        made = await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False, (), [bench.reviewer]))
        assert [len(pull.reviewers) for pull in await bench.pulls()] == [1]
        bench.wire.requests.clear()
        assert await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False, (), [bench.reviewer])) == made
        assert bench.wire.writes() == []
        assert [len(pull.reviewers) for pull in await bench.pulls()] == [1]

    @about("reviewers")
    async def test_a_reviewer_that_is_gone_loses_no_pull_request(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.branch(FIX)
        reviewers = ["nobody-at-all", bench.reviewer]
        made = await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False, (), reviewers))
        (there,) = await bench.pulls()
        assert (there.number, len(there.reviewers)) == (made.number, 1)
