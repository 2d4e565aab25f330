"""What TrelloBoard alone does, on the stand-in; every request it sends is held to Trello's OpenAPI file.

What every board does is in the behaviour suite (test_trello_behaviour.py).
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from boardhand_operator.boards import Look
from boardhand_operator.boards.claims import Claimant, Lost, claim
from boardhand_operator.boards.markers import claim_text
from boardhand_operator.boards.ticket import ticket_of
from boardhand_operator.boards.trello import entries as trello_entries
from boardhand_operator.boards.trello import lists as trello_lists
from boardhand_operator.boards.trello.batch import together
from boardhand_operator.boards.trello.board import TrelloBoard
from boardhand_operator.boards.trello.log import entries
from boardhand_operator.errors import (
    Misconfigured,
    NotFound,
    PermissionMissing,
    RateLimited,
    RemoteUnavailable,
)
from tests.contract.trello_board import OTHER, TOKEN, Desk


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    yield made
    made.check_requests()


@pytest.fixture
async def board(desk: Desk) -> AsyncIterator[TrelloBoard]:
    opened = desk.open()
    yield opened
    await opened.aclose()


# What is ready


async def test_ready_tickets_come_in_the_order_in_which_they_entered(desk: Desk, board: TrelloBoard) -> None:
    first, second = desk.card("first"), desk.card("second")
    desk.card("elsewhere", "Done")
    desk.move(first, "Done")
    desk.move(first, "Sprint Backlog")
    found = (await board.look()).ready
    assert [card.title for card in found] == ["second", "first"]
    moved = desk.state.actions.of(first)[-1]
    assert (found[1].event, found[1].key, found[1].column) == (moved["id"], "#1", "Sprint Backlog")
    assert found[0].event == desk.state.actions.of(second)[0]["id"]


async def test_a_poll_of_an_unchanged_board_is_one_request(desk: Desk, board: TrelloBoard) -> None:
    await board.look(["In Progress"])
    desk.wire.requests.clear()
    assert (await board.look(["In Progress", "Done"])).ready == []
    assert desk.wire.sent() == ["GET /1/batch"]
    made = [desk.card(f"card {number}") for number in range(20)]
    for number in range(200):
        desk.card(f"done {number}", "In Review")
    first = (await board.look()).ready
    assert len(first) == 20
    assert (await board.look()).ready == first
    desk.wire.requests.clear()
    assert await board.look(["In Progress"]) == Look(
        first, {"Sprint Backlog": frozenset(card["id"] for card in made), "In Progress": frozenset()}
    )
    assert (await board.look()).ready == first
    assert [place.partition("/1/")[2].partition("/")[0] for place in desk.wire.sent()] == ["batch", "lists"]


async def test_the_boards_size_costs_a_poll_nothing(desk: Desk, board: TrelloBoard) -> None:
    async def cost() -> tuple[int, int]:
        """Requests and bytes of a poll of the unchanged board."""
        for _ in range(2):
            await board.look(["In Progress"])
        desk.wire.requests.clear()
        desk.wire.received = 0
        await board.look(["In Progress"])
        return len(desk.wire.requests), desk.wire.received

    for number in range(20):
        desk.card(f"ready {number}", desc="x" * 100)
    small = await cost()
    for number in range(1500):
        desk.card(f"done {number}", "Done", desc="x" * 100)
    assert await cost() == small
    assert small[0] == 1


async def test_a_log_that_lags_behind_is_read_until_it_is_sure(
    desk: Desk, board: TrelloBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = desk.card()
    desk.move(card, "Done")
    desk.move(card, "Sprint Backlog")
    newest = desk.state.actions.of(card)[-1]
    late = [action for action in desk.state.actions.of(desk.board) if action is not newest]
    with monkeypatch.context() as lagging:
        lagging.setattr(desk.state.actions, "of", lambda _: late)
        (before,) = (await board.look()).ready
    assert before.event != newest["id"]
    for _ in range(3):
        (after,) = (await board.look()).ready
        assert after.event == newest["id"]


async def test_now_and_then_the_log_is_read_again_whatever_the_cards_say(
    desk: Desk, board: TrelloBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.card()
    monkeypatch.setattr(trello_entries, "SECONDS", 0.0)
    for _ in range(3):
        await board.look()
        desk.wire.requests.clear()
    await board.look()
    assert len(desk.wire.requests) == 2


async def test_more_columns_than_a_batch_takes(desk: Desk, board: TrelloBoard) -> None:
    names = [f"Column {number}" for number in range(12)]
    for name in names:
        desk.lists[name] = desk.state.add_list(desk.board, name, "bottom", desk.bot)
    here = desk.card("last", "Column 11")
    look = await board.look(names)
    assert look.members["Column 11"] == {here["id"]}
    assert desk.wire.sent().count("GET /1/batch") == 2


async def test_a_refusal_within_a_batch_is_the_polls(desk: Desk, board: TrelloBoard) -> None:
    await board.look()
    gone = desk.lists["In Progress"]
    del desk.state.lists[gone["id"]]
    with pytest.raises(NotFound, match="read columns Sprint Backlog, In Progress"):
        await board.look(["In Progress"])


async def test_commas_in_a_batchs_routes_stay_theirs(desk: Desk, board: TrelloBoard) -> None:
    routes = [f"/boards/{desk.board['id']}?fields=name,closed", f"/boards/{desk.board['id']}/lists?fields=name"]
    named, lists = await together(board._http, "read", routes)
    assert (named["name"], named["closed"], len(lists)) == ("Shop", False, 4)


async def test_archived_cards_are_not_ready_and_unarchiving_is_an_event(desk: Desk, board: TrelloBoard) -> None:
    card = desk.card()
    (before,) = (await board.look()).ready
    desk.state.update_card(card, {"closed": True}, desk.ada)
    assert (await board.look()).ready == []
    assert await board.read(card["id"]) is None
    assert await board.column_of(card["id"]) is None
    desk.state.update_card(card, {"closed": False}, desk.ada)
    (after,) = (await board.look()).ready
    assert after.event == desk.state.actions.of(card)[-1]["id"] != before.event


async def test_events_are_found_beyond_a_thousand_actions(desk: Desk, board: TrelloBoard) -> None:
    old, other = desk.card("old"), desk.card("other", "Done")
    for _ in range(600):
        desk.move(other, "In Review")
        desk.move(other, "Done")
    (found,) = (await board.look()).ready
    assert found.event == desk.state.actions.of(old)[0]["id"]
    pages = [r.url.params for r in desk.wire.requests if r.url.path.endswith(f"{desk.board['id']}/actions")]
    assert [page["limit"] for page in pages] == ["100", "1000", "1000"]
    assert [("before" in page) for page in pages] == [False, True, True]


async def test_beyond_the_pages_a_cards_own_actions_tell(
    desk: Desk, board: TrelloBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trello_entries, "PAGES", (2, 3))
    monkeypatch.setattr(trello_entries, "LOOKUPS", 2)
    old = [desk.card(f"old {number}") for number in range(3)]
    other = desk.card("other", "Done")
    for _ in range(5):
        desk.move(other, "In Review")
        desk.move(other, "Done")
    assert [card.title for card in (await board.look()).ready] == ["old 0", "old 1"]
    found = (await board.look()).ready
    assert [card.event for card in found] == [desk.state.actions.of(card)[0]["id"] for card in old]
    desk.wire.requests.clear()
    assert (await board.look()).ready == found
    assert len(desk.wire.requests) == 1
    desk.move(old[0], "Done")
    desk.move(old[0], "Sprint Backlog")
    assert {card.event for card in (await board.look()).ready} != {card.event for card in found}


async def test_a_card_that_the_log_forgot_has_the_event_of_its_creation(desk: Desk, board: TrelloBoard) -> None:
    card = desk.card()
    for action in desk.state.actions.of(card):
        desk.state.actions.forget(action)
    (found,) = (await board.look()).ready
    assert found.event == f"created:{card['id']}"
    assert abs(found.entered_at.timestamp() - desk.state.now()) < 60
    read = await board.read(card["id"])
    assert read and read.event == found.event


# What a ticket says


async def test_control_characters_are_read_as_they_are(desk: Desk, board: TrelloBoard) -> None:
    text = "ü → 🚀\u200d👩\r\n\ttab \x01"
    card = desk.card("Ünïcode 🚀", desc=text)
    (found,) = (await board.look()).ready
    assert (found.title, found.body) == ("Ünïcode 🚀", text)
    read = await board.read(card["id"])
    assert read is not None
    assert read.body == text
    assert ticket_of(read).body == text


# Comments, claims and the end


async def test_a_lost_answer_while_taking_a_lost_claim_back(desk: Desk, board: TrelloBoard) -> None:
    card = desk.card()

    async def rival(request: httpx.Request) -> None:
        if request.method == "POST":
            desk.wire.before = None
            desk.state.add_comment(card, claim_text("rival", "uid-rival", "e1", "shop", "uid-shop"), desk.bot)

    desk.wire.before = rival
    desk.wire.lose.append("PUT .*/comments$")
    with pytest.raises(RemoteUnavailable):
        await claim(board, card["id"], Claimant("run", "uid", "e1", "shop", "uid-shop"))
    assert await claim(board, card["id"], Claimant("run", "uid", "e1", "shop", "uid-shop")) == Lost(
        "rival", "uid-rival"
    )
    assert [("left this ticket" in text) for text in desk.said(card)] == [False, True]


# Columns


async def test_a_lost_answer_to_a_move(desk: Desk, board: TrelloBoard) -> None:
    card = desk.card()
    desk.wire.lose.append("PUT /1/cards")
    with pytest.raises(RemoteUnavailable):
        await board.move(card["id"], "In Progress")
    await board.move(card["id"], "In Progress")
    moves = [a for a in desk.state.actions.of(card) if "idList" in a["data"].get("old", {})]
    assert len(moves) == 1


async def test_a_ticket_on_another_board_is_nowhere(desk: Desk, board: TrelloBoard) -> None:
    elsewhere = desk.state.add_list(desk.state.add_board("Other", desk.bot), "Sprint Backlog", "bottom", desk.bot)
    card = desk.state.add_card(elsewhere, "away", "", "bottom", desk.ada)
    assert await board.column_of(card["id"]) is None
    assert await board.read(card["id"]) is None


@pytest.mark.parametrize("change", [{"name": "Ideas"}, {"closed": True}])
async def test_a_renamed_or_archived_ready_column_is_noticed(
    desk: Desk, board: TrelloBoard, monkeypatch: pytest.MonkeyPatch, change: dict[str, object]
) -> None:
    monkeypatch.setattr(trello_lists, "SECONDS", 0.0)
    card = desk.card()
    assert len((await board.look()).ready) == 1
    desk.state.update_list(desk.lists["Sprint Backlog"], dict(change), desk.ada)
    with pytest.raises(Misconfigured):
        await board.look()
    assert await board.column_of(card["id"]) == change.get("name")


async def test_a_new_column_is_found_at_once(desk: Desk, board: TrelloBoard) -> None:
    card = desk.card()
    await board.check()
    desk.state.add_list(desk.board, "Parked", "bottom", desk.ada)
    await board.move(card["id"], "Parked")
    assert await board.column_of(card["id"]) == "Parked"


async def test_two_columns_of_one_name_are_ambiguous(desk: Desk, board: TrelloBoard) -> None:
    desk.state.add_list(desk.board, "In Review", "bottom", desk.ada)
    with pytest.raises(Misconfigured, match="2 open lists 'In Review'"):
        await board.check()


# What Trello refuses


@pytest.mark.parametrize("id_", ["f" * 24, "not an id/at all"])
async def test_a_board_that_is_not_there(desk: Desk, id_: str) -> None:
    board = desk.open(board=id_)
    with pytest.raises(Misconfigured) as wrong:
        await board.check()
    assert wrong.value.reason == "BoardMissing"
    await board.aclose()


async def test_a_board_that_the_account_may_not_see(desk: Desk) -> None:
    desk.ada["idBoards"].clear()
    card = desk.card()
    board = desk.open(token=OTHER)
    with pytest.raises(Misconfigured, match="invite the account"):
        await board.check()
    with pytest.raises(PermissionMissing, match="scope read,write"):
        await board.comment(card["id"], "x")
    await board.aclose()


@pytest.mark.parametrize("change", [{"memberType": "observer"}, {"deactivated": True}])
async def test_an_account_that_only_looks_on(desk: Desk, board: TrelloBoard, change: dict[str, object]) -> None:
    await board.check()
    next(entry for entry in desk.board["memberships"] if entry["idMember"] == desk.bot["id"]).update(change)
    with pytest.raises(PermissionMissing, match="Secret shop-trello only looks on there: make it a normal member"):
        await board.check()


async def test_a_closed_board(desk: Desk, board: TrelloBoard) -> None:
    desk.board["closed"] = True
    with pytest.raises(Misconfigured, match="reopen"):
        await board.check()


async def test_a_rate_limit_is_handed_on_with_its_time(desk: Desk, board: TrelloBoard) -> None:
    card = desk.card()
    await desk.fault(match="GET", status=429, headers={"Retry-After": "120"})
    with pytest.raises(RateLimited) as limited:
        await board.look()
    assert limited.value.retry_after == 120
    await desk.fault(match="POST", status=429, headers={"x-rate-limit-api-token-interval-ms": "10000"})
    with pytest.raises(RateLimited) as limited:
        await board.comment(card["id"], "x")
    assert limited.value.retry_after == 10
    assert desk.said(card) == []


async def test_a_short_rate_limit_is_waited_for(desk: Desk, board: TrelloBoard) -> None:
    desk.card()
    await desk.fault(match="/cards", status=429, headers={"Retry-After": "0"}, times=2)
    assert len((await board.look()).ready) == 1


async def test_the_credentials_are_in_the_header_alone(desk: Desk, board: TrelloBoard) -> None:
    await board.check()
    for request in desk.wire.requests:
        assert f'oauth_token="{TOKEN}"' in request.headers["authorization"]
        assert TOKEN not in str(request.url)


def test_the_latest_event_counts_in_whatever_order_actions_come() -> None:
    def entered(number: int) -> dict[str, object]:
        data = {"card": {"id": "c"}, "list": {"id": "l"}}
        return {"id": f"a{number}", "type": "createCard", "date": f"2026-01-01T12:00:0{number}.000Z", "data": data}

    newest_first = [entered(2), entered(1)]
    assert entries(newest_first, "l") == entries(newest_first[::-1], "l")
    assert entries(newest_first, "l")["c"].event == "a2"
