"""Both Jira boards fed with every documented refusal and answer; and the stand-in's answers held to the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from boardhand_api import pool
from boardhand_operator.boards.jira import adf_read, adf_write, hooks
from boardhand_operator.boards.jira.board import JiraBoard, JiraCloud, JiraDataCenter
from boardhand_operator.errors import (
    BoardhandError,
    CredentialsRefused,
    Misconfigured,
    NotFound,
    PermissionMissing,
    RateLimited,
    Rejected,
    RemoteUnavailable,
)
from boardhand_operator.http.transport import Connection
from tests.contract.board_behaviour import DOING, READY
from tests.contract.jira_board import JiraBench
from tests.contract.jira_requests import (
    FILE,
    check_cloud_requests,
    check_datacenter_requests,
    problems_of,
    recorded,
)
from tests.contract.openapi_schema import problems, validator
from tests.contract.request_check import operation
from tests.contract.scripted_server import ScriptedServer

CALLBACK = "https://boardhand.example/webhooks/team/app"
STATUSES = [{"id": str(number), "name": name} for number, name in enumerate((READY, DOING, "In Review"), 1)]
SINCE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ERROR = {"errorMessages": ["Something is wrong."], "errors": {"field": "and that, too"}}
MAPPED: dict[int, type[BoardhandError]] = {
    400: Rejected,
    401: CredentialsRefused,
    403: PermissionMissing,
    404: NotFound,
    409: Rejected,
    413: Rejected,
    422: Rejected,
    429: RateLimited,
}


def example(method: str, path: str) -> Any:
    """The answer that the vendor's file gives as an example."""
    found = operation(FILE, method, f"/rest/api/3{path}")[1]["responses"]["200"]["content"]["application/json"][
        "example"
    ]
    return json.loads(found) if isinstance(found, str) else found


def issue(**fields: Any) -> dict[str, Any]:
    """An issue in the ready column, with what the documented one has."""
    found: dict[str, Any] = example("GET", "/issue/7")
    found["fields"] |= {"status": STATUSES[0], "project": {"id": "10000", "key": "APP"}, "summary": "A ticket"}
    found["fields"] |= {
        "labels": [],
        "created": "2026-01-01T00:00:00.000+0000",
        "updated": "2026-01-03T00:00:00.000+0000",
    }
    found["fields"] |= {"description": None, "issuetype": {"id": "1", "name": "Task"}, **fields}
    page = {"startAt": 0, "maxResults": 0, "total": 0, "histories": []}
    return found | {"id": "7", "key": "APP-7", "changelog": page}


class Scripted(ScriptedServer):
    """A Jira."""

    def __init__(self, *, cloud: bool = True) -> None:
        super().__init__()
        self.cloud = cloud
        self.below = "/rest/api/3" if cloud else "/rest/api/2"

    def rest(self) -> None:
        """What the other requests are answered with."""
        lacks: dict[str, Any] = {"permissions": {}}
        comments = {"comments": [], "total": 0, "startAt": 0, "maxResults": 100}
        ways = [{"id": "21", "name": "Start", "to": STATUSES[1]}]
        self.on("GET /myself", 200, {"accountId": "me", "key": "me", "displayName": "Bot", "timeZone": "UTC"})
        self.on("GET /project/APP", 200, {"id": "10000", "key": "APP"})
        self.on("GET /project/APP/statuses", 200, [{"statuses": STATUSES}])
        self.on("GET /mypermissions", 200, lacks)
        self.on("GET /issue/7", 200, issue(comment=comments))
        self.on("GET /issue/7/transitions", 200, {"transitions": ways})
        self.on("GET /issue/7/remotelink", 200, [])
        self.on("GET /issue/7/comment", 200, comments)
        self.on("POST /search/jql", 200, {"issues": [issue()], "isLast": True})
        self.on("POST /search", 200, {"issues": [issue()], "total": 1, "startAt": 0})
        self.on("POST /issue/bulkfetch", 200, {"issues": [issue(comment=comments)]})
        self.on("POST /changelog/bulkfetch", 200, {"issueChangeLogs": []})
        self.on("GET /rest/.*webhooks?", 200, [])

    def open(self, **spec: Any) -> JiraBoard:
        fields = {"type": "jira", "board": "APP", "url": "https://acme.example", "secretRef": {"name": "s"}}
        wanted = pool.Board.model_validate(fields | {"webhook": {"callbackUrl": CALLBACK}} | spec)
        credentials = {"email": "bot@acme.example", "token": "t", "webhookSecret": "s"}
        kind = JiraCloud if self.cloud else JiraDataCenter
        return kind(wanted, credentials, Connection(transport=self.wire))


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    monkeypatch.setattr("boardhand_operator.http.transport.RETRIES", 0)
    return Scripted()


Call = Callable[[JiraBoard], Any]
CALLS: dict[str, tuple[str, str, Call]] = {
    "myself": ("GET", "/myself", lambda b: b.check()),
    "project": ("GET", "/project/APP", lambda b: b.check()),
    "statuses": ("GET", "/project/APP/statuses", lambda b: b.look()),
    "permissions": ("GET", "/mypermissions", lambda b: b.check()),
    "filter": ("POST", "/jql/parse", lambda b: b.check()),
    "search": ("POST", "/search/jql", lambda b: b.look()),
    "fetch": ("POST", "/issue/bulkfetch", lambda b: b.look()),
    "changes": ("POST", "/changelog/bulkfetch", lambda b: b.look()),
    "people": ("GET", "/user/assignable/search", lambda b: b.people()),
    "comments": ("GET", "/issue/7/comment", lambda b: b.comments("7")),
    "comment": ("POST", "/issue/7/comment", lambda b: b.comment("7", "words")),
    "edit": ("PUT", "/issue/7/comment/9", lambda b: b.edit_comment("7", "9", "words")),
    "place": ("GET", "/issue/7", lambda b: b.move("7", DOING)),
    "ways": ("GET", "/issue/7/transitions", lambda b: b.move("7", DOING, READY)),
    "move": ("POST", "/issue/7/transitions", lambda b: b.move("7", DOING, READY)),
    "links": ("GET", "/issue/7/remotelink", lambda b: b.read("7")),
}
SAID_BETTER = {("project", 404), ("statuses", 404), ("move", 400), ("move", 409), ("move", 413), ("move", 422)}
"""What means that something is not as the pool says."""
CASES = [
    (name, int(status))
    for name, (method, path, _) in CALLS.items()
    for status in operation(FILE, method, f"/rest/api/3{path}")[1]["responses"]
    if int(status) >= 400 and (name, int(status)) != ("links", 403)
]


@pytest.mark.parametrize(("name", "status"), CASES, ids=[f"{name}-{status}" for name, status in CASES])
async def test_every_documented_refusal_has_its_error(scripted: Scripted, name: str, status: int) -> None:
    method, path, call = CALLS[name]
    granted = {key: {"havePermission": True} for key in ("BROWSE_PROJECTS", "TRANSITION_ISSUES")}
    granted |= {key: {"havePermission": True} for key in ("ADD_COMMENTS", "EDIT_OWN_COMMENTS")}
    scripted.on(f"{method} {path}", status, ERROR)
    scripted.on("GET /mypermissions", 200, {"permissions": granted})
    scripted.rest()
    board = scripted.open(filter="labels = x")
    wanted = Misconfigured if (name, status) in SAID_BETTER else MAPPED[status]
    with pytest.raises(wanted, match=r"Something is wrong\.; field: and that, too"):
        await call(board)
    check_cloud_requests(scripted.wire.requests)
    await board.aclose()


async def test_links_that_are_switched_off_are_none(scripted: Scripted) -> None:
    scripted.on("GET /issue/7/remotelink", 403, ERROR)
    scripted.rest()
    read = await scripted.open().read("7")
    assert read is not None
    assert [link.title for link in read.links] == ["is depended by PR-2", "depends on PR-3"]


@pytest.mark.parametrize("refusal", recorded("datacenter.json")["refusals"], ids=lambda refusal: str(refusal["status"]))
async def test_every_recorded_refusal_of_data_center_has_its_error(
    refusal: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boardhand_operator.http.transport.RETRIES", 0)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/rest/api/2/myself":
            return httpx.Response(200, json=recorded("datacenter.json")["answers"]["myself"])
        return httpx.Response(refusal["status"], headers=refusal["headers"], json=refusal["body"])

    fields = {"type": "jira-dc", "board": "EX", "url": "https://jira.example/jira", "secretRef": {"name": "s"}}
    board = JiraDataCenter(
        pool.Board.model_validate(fields), {"token": "t"}, Connection(transport=httpx.MockTransport(answer))
    )
    with pytest.raises(BoardhandError) as refused:
        await board.comments("10002")
    assert type(refused.value).__name__ == refusal["error"]
    said = (refusal["body"].get("errorMessages") or [refusal["body"].get("message")])[0]
    assert said in str(refused.value)
    if "Retry-After" in refusal["headers"]:
        assert refused.value.retry_after == float(refusal["headers"]["Retry-After"])  # type: ignore[attr-defined]
    await board.aclose()


# Answers


async def test_every_documented_answer_is_read(scripted: Scripted) -> None:
    found = example("POST", "/search/jql")["issues"][0] | {"id": "7", "key": "APP-7"}
    found["fields"] |= issue()["fields"]
    changes = example("POST", "/changelog/bulkfetch")
    changes["issueChangeLogs"][0]["issueId"] = "7"
    histories = changes["issueChangeLogs"][0]["changeHistories"]
    histories[0]["items"] = [{"field": "status", "fieldId": "status", "from": "3", "to": "1"}]
    scripted.on("GET /myself", 200, example("GET", "/myself"))
    scripted.on("POST /search/jql", 200, {"issues": [found], "isLast": True})
    scripted.on("POST /changelog/bulkfetch", 200, {"issueChangeLogs": changes["issueChangeLogs"]})
    scripted.on("GET /issue/7/comment", 200, example("GET", "/issue/7/comment"))
    scripted.on("GET /issue/7", 200, issue(comment=example("GET", "/issue/7")["fields"]["comment"]))
    scripted.on("GET /issue/7/remotelink", 200, example("GET", "/issue/7/remotelink"))
    scripted.on("GET /user/assignable/search", 200, [example("GET", "/user/assignable/search")])
    scripted.on("GET /project/APP", 200, example("GET", "/project/APP") | {"id": "10000"})
    kinds = example("GET", "/project/APP/statuses")
    scripted.on("GET /project/APP/statuses", 200, [*kinds, {"statuses": STATUSES}])
    scripted.rest()
    board = scripted.open()
    (ready,) = (await board.look([], SINCE)).ready
    assert (ready.event, ready.entered_at.isoformat()) == ("10001", "2017-04-13T08:00:29+00:00")
    read = await board.read("7")
    assert read is not None
    assert [(said.author, said.by_us, said.created_at.year) for said in read.comments] == [("Mia Krystof", True, 2021)]
    assert read.comments[0].text.startswith("Lorem ipsum dolor")
    assert ("TSTSUP-111", "http://www.mycompany.com/support?id=1") in {(link.title, link.url) for link in read.links}
    assert [link.url for link in read.links if "PR-2" in link.url] == ["https://acme.example/browse/PR-2"]
    assert [file.name for file in read.attachments] == ["picture.jpg"]
    assert await board.people() == {"5b10a2844c20165700ede21g": "mia@example.com"}
    await board.aclose()


async def test_every_recorded_answer_of_data_center_is_read() -> None:
    answers = recorded("datacenter.json")["answers"]
    scripted = Scripted(cloud=False)
    scripted.on("GET /myself", 200, answers["myself"])
    scripted.on("GET /issue/10002", 200, answers["issue"])
    scripted.on("GET /issue/10002/remotelink", 200, answers["remotelinks"])
    scripted.on("GET /user/assignable/search", 200, [answers["myself"]])
    scripted.on("POST /search", 200, {"issues": [answers["issue"]], "total": 1, "startAt": 0})
    scripted.on("GET /project/APP/statuses", 200, [{"statuses": [{"id": "10000", "name": READY}]}])
    scripted.rest()
    board = scripted.open()
    read = await board.read("10002")
    assert read is not None
    assert (read.key, read.column, read.event, read.priority) == ("EX-1", "In Progress", "10071", "Major")
    assert read.body == "# Title\n- one"
    assert [(said.text, said.author_id, said.by_us) for said in read.comments] == [
        ("Lorem **ipsum**", "JIRAUSER10100", True)
    ]
    assert [(one.name, [(item.text, item.done) for item in one.items]) for one in read.checklists] == [
        ("Subtasks", [("EX-2 Part", True)])
    ]
    assert [link.title for link in read.links] == ["TSTSUP-111", "is depended by PR-2", "depends on PR-3 First"]
    assert await board.people() == {"JIRAUSER10100": "fred"}
    (ready,) = (await board.look()).ready
    assert (ready.event, ready.body) == (read.event, read.body)
    check_datacenter_requests(scripted.wire.requests)
    await board.aclose()


@pytest.mark.parametrize("told", recorded("adf.json")["documents"], ids=lambda told: told["name"])
def test_every_documented_document_is_markdown(told: dict[str, Any]) -> None:
    assert adf_read.markdown(told["document"]) == told["markdown"]


def test_documents_that_break_the_format_are_seen() -> None:
    assert problems_of(adf_write.document("# A\n\n- b\n\n> c\n\n`d`")) == []
    code = {"type": "text", "text": "x", "marks": [{"type": "code"}, {"type": "strong"}]}
    for wrong in (
        {"type": "paragraph", "content": [{"type": "text", "text": ""}]},
        {"type": "paragraph", "content": [code]},
        {"type": "bulletList", "content": []},
        {"type": "blockquote", "content": [{"type": "rule"}]},
    ):
        assert problems_of({"type": "doc", "version": 1, "content": [wrong]})


# Webhooks


def test_the_documented_signature() -> None:
    known = recorded("webhooks.json")["signature"]
    assert hooks.signed(known["secret"], known["body"].encode(), {known["header"]: known["value"]})
    assert not hooks.signed(known["secret"], known["body"].encode() + b" ", {known["header"]: known["value"]})


async def test_a_webhook_that_is_switched_off_is_switched_on(scripted: Scripted) -> None:
    known = recorded("webhooks.json")["answers"]["cloud"]
    scripted.on("GET /rest/webhooks/1.0/webhook", 200, [known[0] | {"enabled": False}])
    scripted.on("PUT /rest/webhooks/1.0/webhook/72", 200, known[0])
    await scripted.open().subscribe()
    assert [place.split()[0] for place in scripted.wire.sent()] == ["GET", "PUT"]
    assert json.loads(scripted.wire.requests[1].content)["enabled"] is True
    check_cloud_requests(scripted.wire.requests)


@pytest.mark.parametrize(
    ("cloud", "status", "reason", "words"),
    [
        (True, 403, "WebhookByHand", r"an administrator makes the webhook once, in Settings, System, WebHooks"),
        (False, 403, "WebhookByHand", r"Administration, System, WebHooks.*'webhookSecret' in Secret s"),
        (False, 404, "WebhookUnsigned", r"before Jira 10 calls cannot be signed"),
        (True, 400, "WebhookRefused", r"callbackUrl"),
        (True, 404, "WebhookByHand", r"issues project = \"APP\", events issue created"),
    ],
)
async def test_a_webhook_that_cannot_be_made_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, cloud: bool, status: int, reason: str, words: str
) -> None:
    monkeypatch.setattr("boardhand_operator.http.transport.RETRIES", 0)
    scripted = Scripted(cloud=cloud)
    scripted.on("GET /rest/.*", status, ERROR)
    with pytest.raises(Misconfigured, match=words) as wrong:
        await scripted.open().subscribe()
    assert wrong.value.reason == reason


async def test_a_token_that_lacks_a_scope_lacks_a_permission(scripted: Scripted) -> None:
    scripted.on("POST /issue/7/comment", 401, {"code": 401, "message": "Unauthorized; scope does not match"})
    with pytest.raises(PermissionMissing, match="scopes read:jira-work, write:jira-work and read:jira-user"):
        await scripted.open().comment("7", "words")


# Limits


async def test_the_limits_of_cloud_are_kept() -> None:
    headers = {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2099-01-01T00:00:00Z"}
    limited = {"Retry-After": "11", "RateLimit-Reason": "jira-burst-based", **headers}
    wire = httpx.MockTransport(lambda _: httpx.Response(429, headers=limited, json=ERROR))
    fields = {"type": "jira", "board": "APP", "url": "https://acme.example", "secretRef": {"name": "s"}}
    board = JiraCloud(pool.Board.model_validate(fields), {"email": "e", "token": "t"}, Connection(transport=wire))
    with pytest.raises(RateLimited) as refused:
        await board.people()
    assert refused.value.retry_after == 11
    with pytest.raises((RateLimited, RemoteUnavailable)):
        await board.look()
    await board.aclose()


# The stand-in


async def test_the_stand_ins_answers_are_documented_ones() -> None:
    bench = JiraBench()
    ticket = await bench.ticket(body="words", label="bot")
    await bench.furnish(ticket)
    await bench.say(ticket, "hello")
    await bench.put(ticket, DOING)
    await bench.put(ticket, READY)
    board = bench.open(filter="labels = bot")
    checked = 0

    async def seen(request: httpx.Request) -> None:
        nonlocal checked
        answer = await bench.wire.inner.handle_async_request(
            httpx.Request(request.method, request.url, headers=request.headers, content=request.content)
        )
        found = operation(FILE, request.method, request.url.path)[1]["responses"][str(answer.status_code)]
        schema = found.get("content", {}).get("application/json", {}).get("schema")
        body = await answer.aread()
        if schema and body:
            assert _problems(schema, json.loads(body)) == [], request.url.path
            checked += 1

    bench.wire.before = seen
    await board.check()
    await board.look([DOING], SINCE)
    await board.read(ticket)
    await board.comments(ticket)
    id_ = await board.comment(ticket, "words")
    await board.edit_comment(ticket, id_, "other words")
    await board.people()
    await board.column_of(ticket)
    bench.wire.before = None
    await board.move(ticket, DOING)
    assert checked >= 14
    await board.aclose()


def _problems(schema: dict[str, Any], answer: Any) -> list[str]:
    """Of a list each entry: where Jira answers with one the file gives the schema of an entry alone."""
    name = (schema.get("items") or schema)["$ref"].rpartition("/")[2]
    entries = answer if isinstance(answer, list) else [answer]
    return [problem for entry in entries for problem in problems(validator(FILE, name), entry)]


def test_what_is_recorded_names_its_pages() -> None:
    for name in ("adf.json", "datacenter.json", "webhooks.json"):
        assert all(page.startswith("https://") for page in recorded(name)["pages"])
