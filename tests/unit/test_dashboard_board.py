"""The board page: what is shown, and that moves lead from one state of the page to the next."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from boardhand_api.run_status import Phase
from boardhand_client.rows import Column, RunRow, column_of
from boardhand_dashboard.templating import part
from boardhand_dashboard.views.shown import CARDS, Shown, delta, shown

HOSTILE = "<script>alert(1)</script> \"onload='x' \u202eevil\x1b[31m @team\n\ndata: forged\nevent: board ![](http://x)"


def row(name: str, phase: Phase = Phase.QUEUED, moved: int = 0, pool: str = "web", title: str = "A") -> RunRow:
    at = f"2026-11-23T10:{moved // 60 % 60:02}:{moved % 60:02}Z"
    return RunRow.of(
        {
            "metadata": {"namespace": "shop", "name": name, "creationTimestamp": at},
            "spec": {"pool": pool, "ticket": {"id": name, "title": title}},
            "status": {"phase": phase.value},
        }
    )


phases = st.sampled_from(list(Phase))
rows = st.builds(
    row,
    name=st.sampled_from([f"run-{number}" for number in range(8)]),
    phase=phases,
    moved=st.integers(0, 9),
    pool=st.sampled_from(["web", "app"]),
    title=st.sampled_from(["A", "B"]),
)
boards = st.lists(rows, max_size=8, unique_by=lambda one: one.name)
Page = dict[Column, list[RunRow]]


def page_of(board: Shown) -> Page:
    return {column: list(there) for column, there in board.cards.items()}


def moved(page: Page, old: Shown, new: Shown) -> Page:
    """As htmx does it: takes cards away, replaces some where they are, puts others after one that is there."""
    change = delta(old, new)
    names = {one.name for there in page.values() for one in there}
    assert set(change.gone) <= names
    page = {column: [one for one in there if one.name not in change.gone] for column, there in page.items()}
    for one in change.changed:
        ((column, place),) = [
            (column, place)
            for column, there in page.items()
            for place, before in enumerate(there)
            if before.name == one.name
        ]
        page[column][place] = one
    for put in change.puts:
        there = page[put.column]
        place = 0 if put.after is None else [before.name for before in there].index(put.after) + 1
        there.insert(place, put.row)
    return page


@given(boards, boards)
@settings(max_examples=50)
def test_moves_make_the_older_page_show_the_newer_state(before: list[RunRow], after: list[RunRow]) -> None:
    old, new = shown(before), shown(after)
    assert moved(page_of(old), old, new) == page_of(new)
    assert bool(delta(old, new)) == (old.cards != new.cards or old.counts != new.counts)


@given(boards)
@settings(max_examples=30)
def test_every_run_stands_in_its_column_newest_first(there: list[RunRow]) -> None:
    board = shown(there)
    assert sorted(one.name for column in board.cards.values() for one in column) == sorted(one.name for one in there)
    for column, cards in board.cards.items():
        assert all(column_of(one) is column for one in cards)
        assert [one.created for one in cards] == sorted((one.created for one in cards), reverse=True)


def test_what_came_to_its_end_last_stands_first() -> None:
    def ended(name: str, created: str, finished: str) -> RunRow:
        metadata = {"namespace": "shop", "name": name, "creationTimestamp": created}
        return RunRow.of({"metadata": metadata, "spec": {}, "status": {"phase": "Failed", "finishedAt": finished}})

    slow = ended("slow", "2026-11-23T10:00:00Z", "2026-11-23T12:00:00Z")
    quick = ended("quick", "2026-11-23T11:00:00Z", "2026-11-23T11:05:00Z")
    assert [one.name for one in shown([quick, slow]).cards[Column.FAILED]] == ["slow", "quick"]


def many(count: int) -> list[RunRow]:
    return [row(f"run-{number:03}", moved=number) for number in range(count)]


def test_a_column_shows_the_newest_and_counts_all() -> None:
    board = shown(many(120))
    assert [one.name for one in board.cards[Column.WAITING]][:2] == ["run-119", "run-118"]
    assert len(board.cards[Column.WAITING]) == CARDS
    assert board.counts[Column.WAITING] == 120


def test_a_card_that_leaves_makes_room_for_the_next() -> None:
    before = many(60)
    after = [*before[:-1], row("run-059", Phase.WORKING, 59)]
    change = delta(shown(before), shown(after))
    assert {(put.row.name, put.after) for put in change.puts} == {("run-059", None), ("run-009", "run-010")}
    assert [(one.name, column) for one, column in change.moved if column is Column.WORKING] == [
        ("run-059", Column.WORKING)
    ]


def test_a_filter_shows_one_pool_and_offers_all() -> None:
    board = shown([row("a", pool="web"), row("b", pool="app")], "app")
    assert [one.name for one in board.cards[Column.WAITING]] == ["b"]
    assert board.counts[Column.WAITING] == 1
    assert board.pools == ("app", "web")


def rendered(before: Iterable[RunRow], after: Iterable[RunRow]) -> str:
    change = delta(shown(before), shown(after))
    return part("parts/board_moves.html", change=change, namespace="shop")


def test_a_move_is_announced_and_many_are_counted() -> None:
    said = rendered([row("a")], [row("a", Phase.WORKING)])
    assert 'id="board-said" hx-swap-oob="innerHTML">a A: Working. </p>' in said
    crowd = [row(f"run-{number}") for number in range(5)]
    assert ">5 runs moved.</p>" in rendered(crowd, [row(one.name, Phase.FAILED) for one in crowd])


def test_what_only_changes_is_replaced_where_it_is_and_not_announced() -> None:
    said = rendered([row("a")], [row("a", title="B")])
    assert 'hx-swap-oob="outerHTML:[id=&#39;run-a&#39;]"' in said
    assert "board-said" not in said


@pytest.mark.parametrize("template", ["parts/board.html", "parts/board_moves.html"])
def test_what_strangers_wrote_has_no_effect_on_the_page(template: str) -> None:
    hostile = row("a", title=HOSTILE, pool=HOSTILE)
    change, board = delta(shown([]), shown([hostile])), shown([hostile])
    text = part(template, change=change, board=board, namespace="shop", pool="")
    assert "<script" not in text
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert "onload='x'" not in text
    assert str(Markup.escape("<script>alert(1)</script>")) in text


def test_only_an_address_of_the_web_becomes_a_link() -> None:
    body = {
        "metadata": {"namespace": "shop", "name": "a"},
        "spec": {"pool": "web", "ticket": {"id": "1", "title": "t"}},
        "status": {"phase": "Succeeded", "pullRequest": {"url": "javascript:alert(1)", "number": 1}},
    }
    assert "javascript" not in part("parts/board.html", board=shown([RunRow.of(body)]), namespace="shop", pool="")
    body["status"] = {"phase": "Succeeded", "pullRequest": {"url": "https://forge.example/1", "number": 1}}
    text = part("parts/board.html", board=shown([RunRow.of(body)]), namespace="shop", pool="")
    assert '<a href="https://forge.example/1" rel="noopener noreferrer nofollow">' in text
