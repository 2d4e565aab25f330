"""What Azure DevOps documents: every refusal has its error, every answer is read, and the stand-in gives no other."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from boardhand_api import pool
from boardhand_operator import errors
from boardhand_operator.boards import Attachment, Link
from boardhand_operator.boards.azure.board import AzureBoard
from boardhand_operator.boards.claims import Won, claim, close
from boardhand_operator.errors import Misconfigured, PermissionMissing, RateLimited, RemoteUnavailable
from boardhand_operator.http.transport import Connection
from testbed.azure.app import TABLES
from testbed.azure.call import Endpoint
from testbed.azure.state import STATE
from tests.contract.azure_board import BUG, HOOK, STORY, AzureBench
from tests.contract.azure_requests import DOCUMENTED, check_azure_requests, operation
from tests.contract.board_bench import DOING, DONE, READY, REVIEW, RUN
from tests.contract.board_wires import Wire
from tests.contract.markup import PIECES, same

FOLDER = Path(__file__).parent / "documented" / "azure"
ERRORS = json.loads((FOLDER / "errors.json").read_text())["answers"]
ANSWERS = json.loads((FOLDER / "answers.json").read_text())["answers"]
ROOT = "https://dev.azure.com/acme"
Call = Callable[[AzureBoard], Any]
CALLS: dict[str, tuple[str, Call]] = {
    "columns": (".*/workitemtypes$", lambda board: board.look()),
    "query": (".*/wiql$", lambda board: board.look()),
    "where": (r"GET .*/workItems/\d+$", lambda board: board.move("299", "New")),
    "comments": (".*/comments$", lambda board: board.comments("299")),
    "comment": ("POST .*/comments$", lambda board: board.comment("299", "words")),
    "edit": ("PATCH .*/comments/.*$", lambda board: board.edit_comment("299", "50", "words")),
    "move": (r"PATCH .*/workItems/\d+$", lambda board: board.move("299", "New")),
    "people": (".*/teams$", lambda board: board.people()),
    "hooks": (".*/subscriptions$", lambda board: board.subscribe()),
}


class Scripted:
    """An Azure DevOps that gives the documented answers, but for the places that `instead` names."""

    def __init__(self) -> None:
        self.instead: list[tuple[str, httpx.Response]] = []
        self.wire = Wire(httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/acme")
        for pattern, answer in self.instead:
            if re.search(pattern, f"{request.method} {path}"):
                return answer
        found = operation(request.method, request.url.raw_path.decode().partition("?")[0].removeprefix("/acme"))
        known = ANSWERS.get(f"{request.method} {found['path']}")
        return httpx.Response(200, json={} if known is None else known)

    def open(self, **spec: Any) -> AzureBoard:
        fields = {"type": "azure", "board": "acme/shop", "secretRef": {"name": "s"}, "webhook": {"callbackUrl": HOOK}}
        wanted = pool.Board.model_validate(fields | {"columns": {"ready": "New"}} | spec)
        return AzureBoard(wanted, {"token": "a-token", "webhookSecret": "word"}, Connection(transport=self.wire))


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    monkeypatch.setattr("boardhand_operator.http.transport.RETRIES", 0)
    return Scripted()


@pytest.mark.parametrize("said", ERRORS, ids=[said["name"] for said in ERRORS])
@pytest.mark.parametrize("name", CALLS)
async def test_every_documented_refusal_has_its_error(scripted: Scripted, name: str, said: dict[str, Any]) -> None:
    place, call = CALLS[name]
    content = said["text"].encode() if "text" in said else json.dumps(said["body"]).encode()
    scripted.instead.append((place, httpx.Response(said["status"], headers=said.get("headers"), content=content)))
    board = scripted.open()
    wanted = (getattr(errors, said["error"]), *([Misconfigured] if name == "hooks" else []))
    with pytest.raises(wanted) as failed:
        await call(board)
    assert said["says"] in str(failed.value)
    if "retry_after" in said:
        assert isinstance(failed.value, RateLimited)
        assert failed.value.retry_after == said["retry_after"]
    check_azure_requests(scripted.wire.requests, ROOT)
    await board.aclose()


async def test_every_documented_answer_is_read(scripted: Scripted) -> None:
    board = scripted.open(columns={"ready": "Sprint Backlog"})
    types = ANSWERS["GET /{project}/_apis/wit/workitemtypes"]
    states = [{"name": name} for name in ("Sprint Backlog", "In Progress", "In Review")]
    bug = types["value"][0] | {"states": states}
    scripted.instead.append((".*/workitemtypes$", httpx.Response(200, json={"count": 1, "value": [bug]})))
    await board.check()
    read = await board.read("299")
    assert read is not None
    assert (read.key, read.event, read.labels, read.priority) == ("#299", "1", ("Tag1", "Tag2"), "2")
    assert read.body == "Follow the **spec**\n\n## Acceptance criteria\n\n- it works"
    assert read.attachments == (Attachment("Spec.txt", "https://dev.azure.com/fabrikam/_apis/wit/attachments/x"),)
    assert read.links[0] == Link("A page", "https://example.com/a")
    assert [said.text for said in read.comments] == ["Moving to the **right** area path"]
    assert read.comments[0].by_us
    assert await board.people() == {"8c8c7d32-6b1b-47f4-b2e9-30b477b5ab3d": "fabrikamfiber1@hotmail.com"}
    assert await board.comment("299", "words") == "50"
    await board.subscribe()
    check_azure_requests(scripted.wire.requests, ROOT)
    await board.aclose()


async def test_a_documented_board_is_read(scripted: Scripted) -> None:
    board = scripted.open(board="acme/shop/web team", columns={"ready": "Active"})
    with pytest.raises(Misconfigured, match="'New', 'Active'"):
        await board.check()
    check_azure_requests(scripted.wire.requests, ROOT)
    await board.aclose()


# The stand-in


def endpoints() -> list[tuple[str, str]]:
    every: list[Endpoint] = [one for table in TABLES[:3] for one in table]
    return [(one.method, re.sub(r"\{\w+\}", "7", one.path)) for one in every]


@pytest.mark.parametrize(("method", "path"), endpoints())
def test_the_stand_in_has_only_what_is_documented(method: str, path: str) -> None:
    path = path.replace("/workitems/7", "/workitems/$7") if method == "POST" else path
    assert operation(method, path)


async def test_the_stand_in_gives_what_is_documented() -> None:
    bench = AzureBench(team=True)
    board = bench.open(hook=True)
    checked = 0

    async def keep(request: httpx.Request) -> None:
        nonlocal checked
        answer = await httpx.ASGITransport(bench.app).handle_async_request(request)
        path = request.url.raw_path.decode().partition("?")[0].removeprefix("/acme")
        known = ANSWERS.get(f"{request.method} {operation(request.method, path)['path']}")
        if (known is not None and request.method == "GET") or request.url.path.endswith(("wiql", "batch")):
            assert unknown(json.loads(await answer.aread()), known) == []
            checked += 1

    ticket = await bench.ticket(body="words", label="bot")
    await bench.say(ticket, "hello")
    await bench.furnish(ticket)
    bench.wire.before = keep
    await board.check()
    await board.look([DOING])
    await board.read(ticket)
    await board.people()
    await board.subscribe()
    assert checked >= 12
    await board.aclose()


def unknown(found: Any, known: Any, where: str = "") -> list[str]:
    """Names that the documentation has not; what is named by users (fields and so on) is not looked into."""
    if isinstance(found, list) and isinstance(known, list):
        every = {name: value for entry in reversed(known) if isinstance(entry, dict) for name, value in entry.items()}
        return [name for entry in found for name in unknown(entry, every, where)]
    if not isinstance(found, dict) or not isinstance(known, dict):
        return []
    if where in ("fields", "stateMappings", "attributes", "publisherInputs", "consumerInputs", "multilineFieldsFormat"):
        return []
    here = [name for name in found if name not in known]
    return here + [name for key in found if key in known for name in unknown(found[key], known[key], key)]


def test_what_is_documented_is_told_with_its_page() -> None:
    assert all(one["page"].startswith("https://") for one in DOCUMENTED["operations"])
    assert set(ANSWERS) <= {f"{one['method']} {one['path']}" for one in DOCUMENTED["operations"]}


# What only Azure has


async def test_a_quiet_poll_is_two_requests() -> None:
    bench = AzureBench()
    board = bench.open()
    ticket = await bench.ticket()
    await bench.say(ticket, "hello")
    (said,) = await board.comments(ticket)
    first = await board.look([DOING], said.created_at)
    assert len(first.said) == 1
    bench.wire.requests.clear()
    assert await board.look([DOING], said.created_at) == first
    assert [place.rpartition("/")[2].split()[0] for place in bench.wire.sent()] == ["wiql", "workitemsbatch"]
    await board.aclose()


async def test_a_column_takes_its_state_along_and_undone() -> None:
    bench = AzureBench(team=True)
    assert bench.board is not None
    board = bench.open()
    ticket = await bench.ticket()
    assert bench.item(ticket).fields[STATE] == "New"
    await board.move(ticket, DOING)
    fields = bench.item(ticket).fields
    assert (fields[STATE], fields[bench.board.field_name + ".Done"]) == ("Active", False)
    await board.move(ticket, DONE)
    assert fields[STATE] == "Closed"
    bench.check_requests()
    await board.aclose()


async def test_a_person_who_changes_it_meanwhile_is_seen() -> None:
    bench = AzureBench(team=True)
    board = bench.open()
    ticket = await bench.ticket()

    async def person(request: httpx.Request) -> None:
        if request.method == "PATCH":
            bench.wire.before = None
            await bench.put(ticket, DONE)

    bench.wire.before = person
    await board.move(ticket, REVIEW)
    assert bench.item(ticket).fields[STATE] == "Active"
    assert sum(place.startswith("PATCH") for place in bench.wire.sent()) == 2
    await board.aclose()


async def test_a_work_item_that_changes_all_the_time_is_not_moved() -> None:
    bench = AzureBench()
    board = bench.open()
    ticket = await bench.ticket()

    async def person(request: httpx.Request) -> None:
        if request.method == "PATCH":
            await bench.edit(ticket, f"Title {len(bench.wire.requests)}", "")

    bench.wire.before = person
    with pytest.raises(errors.Rejected, match="VS403351"):
        await board.move(ticket, DOING)
    assert bench.item(ticket).fields[STATE] == READY
    await board.aclose()


async def test_a_work_item_of_another_area_is_on_another_board() -> None:
    bench = AzureBench(team=True)
    board = bench.open()
    ticket = await bench.ticket()
    bench.item(ticket).fields["System.AreaPath"] = "shop\\other"
    assert (await board.look()).members[READY] == frozenset()
    assert await board.read(ticket) is None
    assert await board.column_of(ticket) is None
    await board.aclose()


async def test_a_state_that_the_type_has_not_is_said() -> None:
    bench = AzureBench()
    board = bench.open(columns={"review": "Triaged"})
    await board.check()
    ticket = await bench.ticket()
    with pytest.raises(errors.Rejected, match="Triaged"):
        await board.move(ticket, "Triaged")
    bug = bench.state.add_item(bench.project, BUG, "ada", {"System.Title": "a bug", STATE: READY})
    await board.move(str(bug.id), "Triaged")
    assert bug.fields[STATE] == "Triaged"
    await board.aclose()


async def test_related_work_items_are_links_and_a_bug_is_its_steps() -> None:
    bench = AzureBench()
    board = bench.open()
    other = await bench.ticket("the other", DONE)
    steps = {"Microsoft.VSTS.TCM.ReproSteps": "<div>Press <code>x</code></div>", STATE: READY, "System.Title": "a bug"}
    bug = bench.state.add_item(bench.project, BUG, "ada", steps)
    related = f"{ROOT}/_apis/wit/workItems/{other}"
    bug.relations.append(
        {"rel": "System.LinkTypes.Hierarchy-Reverse", "url": related, "attributes": {"name": "Parent"}}
    )
    read = await board.read(str(bug.id))
    assert read is not None
    assert read.body == "Press `x`"
    assert read.links == (Link(f"#{other} the other", f"{ROOT}/shop/_workitems/edit/{other}"),)
    await board.aclose()


@pytest.mark.parametrize("piece", PIECES)
async def test_a_server_of_ones_own_stores_comments_as_html(piece: str) -> None:
    bench = AzureBench(server=True)
    board = bench.open()
    await board.check()
    ticket, text = await bench.ticket(), f"Before.\n\n{PIECES[piece]}\n\nAfter."
    await board.comment(ticket, text)
    (said,) = bench.item(ticket).comments
    assert said.format == "html" and said.text.startswith("<p>Before.</p>")
    (read,) = await board.comments(ticket)
    assert same(read.text, text, "html")
    bench.check_requests()
    await board.aclose()


async def test_marks_survive_html() -> None:
    bench = AzureBench(server=True)
    board = bench.open()
    ticket = await bench.ticket()
    first = await claim(board, ticket, RUN)
    assert isinstance(first, Won)
    assert await claim(board, ticket, RUN) == first
    id_ = await close(board, ticket, RUN.uid, "It is *done*: `make check` says so.")
    assert await close(board, ticket, RUN.uid, "other words") == id_
    assert len(bench.item(ticket).comments) == 2
    await board.aclose()


@pytest.mark.parametrize(
    ("token", "error"),
    [("a-token-that-expired", errors.CredentialsRefused), ("a-token-without-write", PermissionMissing)],
)
async def test_a_token_that_is_not_enough_is_said(token: str, error: type[Exception]) -> None:
    bench = AzureBench()
    board = bench.open(token=token)
    with pytest.raises(error, match="Secret shop-azure"):
        await board.check()
    await board.aclose()


@pytest.mark.parametrize("board", ["acme", "acme/shop/team/more", "/shop", "acme//team"])
def test_a_board_that_is_none_is_said(board: str) -> None:
    with pytest.raises(Misconfigured, match="organisation/project"):
        AzureBench().open(board=board)


async def test_a_team_that_is_not_there_is_said() -> None:
    board = AzureBench(team=True).open(board="acme/shop/nobody")
    with pytest.raises(Misconfigured, match="nobody") as wrong:
        await board.check()
    assert wrong.value.reason == "BoardMissing"
    await board.aclose()


async def test_a_filter_is_a_condition_of_wiql() -> None:
    bench = AzureBench(team=True)
    fits, other = await bench.ticket("fits"), await bench.ticket("other")
    board = bench.open(filter="[System.Title] = 'fits' OR [System.Title] = 'fits too'")
    await board.check()
    look = await board.look()
    assert [card.id for card in look.ready] == [fits]
    assert look.members[READY] == {fits, other}
    bench.check_requests()
    await board.aclose()


async def test_a_filter_that_is_none_is_said() -> None:
    board = AzureBench().open(filter="title ~ 'x'")
    with pytest.raises(Misconfigured, match="TF51006") as wrong:
        await board.check()
    assert wrong.value.reason == "FilterWrong"
    await board.aclose()


async def test_a_board_whose_ready_column_is_gone_loses_no_ticket() -> None:
    bench = AzureBench(team=True)
    ticket = await bench.ticket(column=DOING)
    await bench.rename(READY, "Later")
    board = bench.open()
    for call in (board.column_of(ticket), board.read(ticket)):
        with pytest.raises(Misconfigured, match="'Later'"):
            await call
    await board.aclose()


async def test_a_subscription_that_was_switched_off_is_switched_on() -> None:
    bench = AzureBench()
    board = bench.open(hook=True)
    await board.subscribe()
    (hook,) = bench.state.hooks.values()
    hook.status = "disabledBySystem"
    await board.subscribe()
    assert (hook.status, hook.consumer["basicAuthUsername"]) == ("enabled", "boardhand")
    bench.check_requests()
    await board.aclose()


async def test_an_address_that_azure_does_not_take_is_said() -> None:
    board = AzureBench().open(hook=True, webhook={"callbackUrl": "http://boardhand.example/hook"})
    with pytest.raises(Misconfigured, match=r"https.*callbackUrl") as wrong:
        await board.subscribe()
    assert wrong.value.reason == "WebhookRefused"
    await board.aclose()


async def test_a_poll_reads_fifty_work_items_whole() -> None:
    bench = AzureBench()
    board = bench.open()
    made = [await bench.ticket(f"t{number}") for number in range(60)]
    look = await board.look()
    assert len(look.ready) == 50
    assert look.members[READY] == set(made)
    assert [card.id for card in (await board.look()).ready] == made
    await board.aclose()


async def test_a_long_story_is_read_to_its_end() -> None:
    bench = AzureBench()
    board = bench.open()
    ticket = await bench.ticket()
    (before,) = (await board.look()).ready
    for number in range(230):
        await bench.edit(ticket, f"title {number}", "")
    (after,) = (await board.look()).ready
    assert (after.event, after.title) == (before.event, "title 229")
    assert STORY in bench.item(ticket).fields.values()
    await board.aclose()


@pytest.mark.parametrize("broken", [b"[]", b"null", b"{}"])
async def test_an_answer_that_is_none_of_theirs(scripted: Scripted, broken: bytes) -> None:
    scripted.instead.append((".*/wiql$", httpx.Response(502, content=broken)))
    board = scripted.open(columns={"ready": "New"})
    with pytest.raises(RemoteUnavailable):
        await board.look()
    await board.aclose()
