"""GitHubForge fed with every answer that GitHub's description has for what it sends, and what only GitHub has."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from boardhand_api import pool
from boardhand_api.run_status import PullRequest, PullRequestState
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
from boardhand_operator.forges import Proposal
from boardhand_operator.forges.github.forge import GitHubForge, needs
from boardhand_operator.http.transport import Connection
from boardhand_operator.reviews import Check, CheckState, Judgement, LineComment
from testbed.github import desk, pull_desk, token_desk
from testbed.github.state import Token
from tests.contract.github_api import check_requests, documented_answers, operation
from tests.contract.github_forge import LEAST, NAME, SITE, GitHubBench
from tests.contract.scripted_server import ScriptedServer
from tests.unit.test_github_app import key, pem

AT = "/repos/team/app"
MAPPED: dict[int, type[BoardhandError]] = {
    301: Rejected,  # without the address that it leads to
    302: Rejected,
    401: CredentialsRefused,
    403: PermissionMissing,
    404: NotFound,
    406: Rejected,
    410: NotFound,
    415: Rejected,
    422: Rejected,
    500: RemoteUnavailable,
    503: RemoteUnavailable,
}


def pull(**changes: Any) -> dict[str, Any]:
    """GitHub's own example of a pull request, of our branch."""
    found: dict[str, Any] = documented_answers("GET", f"{AT}/pulls/7")[200]
    places = {name: {**found[name], "ref": ref, "repo": found["base"]["repo"]} for name, ref in PLACES}
    return {**found, **places, "number": 7, "title": "T", "body": "B", "draft": False, "state": "open", **changes}


PLACES = (("head", "b"), ("base", "main"))


class Scripted(ScriptedServer):
    """A forge at github.com."""

    def open(self, **spec: Any) -> GitHubForge:
        repository = {"url": "https://github.com/team/app.git", "branch": "main", "pushSecretRef": {"name": "p"}}
        return GitHubForge(
            pool.Forge.model_validate({"type": "github", "secretRef": {"name": "s"}, **spec}),
            pool.Repository.model_validate(repository),
            {"token": "a-token-of-ours", "webhookSecret": GitHubBench.hook_secret},
            Connection(transport=self.wire),
        )


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    monkeypatch.setattr("boardhand_operator.http.transport.RETRIES", 0)
    monkeypatch.setattr("boardhand_operator.forges.opening.PATIENCE", (0.0,))
    made = Scripted()
    yield made
    check_requests(made.wire.requests)


Call = Callable[[GitHubForge], Any]
HOOK = {"webhook": {"callbackUrl": GitHubBench.callback}}
LINES = [LineComment("a.py", 3, "why?")]


def opened(**given: Any) -> Call:
    return lambda forge: forge.open_pull_request(Proposal("b", "main", "T", "B", False, **given))


CALLS: dict[str, tuple[str, str, Call]] = {
    "repository": ("GET", AT, lambda forge: forge.check()),
    "branch": ("GET", f"{AT}/branches/b", lambda forge: forge.head("b")),
    "find": ("GET", f"{AT}/pulls", lambda forge: forge.pull_request("b")),
    "followed": ("GET", f"{AT}/pulls/7", lambda forge: forge.followed(7)),
    "open": ("POST", f"{AT}/pulls", opened()),
    "edit": ("PATCH", f"{AT}/pulls/7", opened()),
    "label": ("POST", f"{AT}/issues/7/labels", opened(labels=["bot"])),
    "comment": ("POST", f"{AT}/issues/7/comments", lambda forge: forge.comment(7, "words")),
    "comments": ("GET", f"{AT}/issues/7/comments", lambda forge: forge.comments(7)),
    "review": ("POST", f"{AT}/pulls/7/reviews", lambda forge: forge.review(7, "w", Judgement.COMMENTED, LINES)),
    "contents": ("GET", f"{AT}/contents/.github/pull_request_template.md", lambda forge: forge.template()),
    "checks": ("GET", f"{AT}/commits/abc/check-runs", lambda forge: forge.checks("abc")),
    "status": ("GET", f"{AT}/commits/abc/status", lambda forge: forge.checks("abc")),
    "hooks": ("GET", f"{AT}/hooks", lambda forge: forge.subscribe()),
    "hook": ("POST", f"{AT}/hooks", lambda forge: forge.subscribe()),
    "hook-edit": ("PATCH", f"{AT}/hooks/1", lambda forge: forge.subscribe()),
    "user": ("GET", "/user", lambda forge: forge.comments(7)),
}
READ_AS: dict[tuple[str, int], type[BoardhandError] | None] = {
    ("repository", 404): Misconfigured,
    ("branch", 404): None,  # there is no such branch
    ("label", 301): Misconfigured,  # a write is led nowhere else
    **{(name, 404): PermissionMissing for name in ("hooks", "hook", "hook-edit")},  # to who may not see them
    ("hook", 422): Misconfigured,
    ("hook-edit", 422): Misconfigured,
}
CASES = [
    (name, status, body)
    for name, (method, path, _) in CALLS.items()
    for status, body in documented_answers(method, path).items()
    if status >= 300 and status != 304  # which is answered to a condition alone, and the transport's to read
]


def rest(scripted: Scripted, name: str) -> None:
    """What the others of the call's requests are answered with: what leads to the one in question."""
    found = [] if name == "open" else [pull(title="old" if name == "edit" else "T", labels=[], node_id="x")]
    listed = documented_answers("GET", f"{AT}/hooks")[200][0]
    ours = {**listed, "id": 1, "active": False, "config": {**listed["config"], "url": GitHubBench.callback}}
    template = {"type": "file", "name": "pull_request_template.md"}
    folder = [{**documented_answers("GET", f"{AT}/contents/x")[200], **template}]
    for pattern, body in (
        (f"GET {AT}/pulls", found),
        (f"GET {AT}/labels/bot", documented_answers("GET", f"{AT}/labels/bot")[200]),
        (f"GET {AT}/hooks", [ours] if name == "hook-edit" else []),
        (f"GET {AT}/contents/.github", folder),
        (f"GET {AT}/commits/abc/check-runs", {"total_count": 0, "check_runs": []}),
        (f"GET {AT}/issues/7/comments", []),
        ("GET /user", documented_answers("GET", "/user")[200]),
    ):
        scripted.on(pattern, 200, body)


@pytest.mark.parametrize(("name", "status", "body"), CASES, ids=[f"{name}-{status}" for name, status, _ in CASES])
async def test_every_documented_refusal_has_its_error(scripted: Scripted, name: str, status: int, body: Any) -> None:
    method, path, call = CALLS[name]
    scripted.on(f"{method} {path}", status, body)
    rest(scripted, name)
    wanted = READ_AS.get((name, status), MAPPED[status])
    forge = scripted.open(**HOOK)
    if wanted is None:
        assert await call(forge) is None
        return
    with pytest.raises(wanted):
        await call(forge)


async def test_every_documented_answer_is_read(scripted: Scripted) -> None:
    def on(method: str, path: str, status: int = 200, **changes: Any) -> Any:
        body = documented_answers(method, path)[status]
        body = {**body, **changes} if isinstance(body, dict) else body
        scripted.on(f"{method} {path}", status, body)
        return body

    branch = on("GET", f"{AT}/branches/b", name="b")
    scripted.on(f"GET {AT}/pulls", 200, [pull(title="old", requested_reviewers=[])])
    scripted.on(f"PATCH {AT}/pulls/7", 200, pull())
    reviews = on("GET", f"{AT}/pulls/7/reviews")
    on("POST", f"{AT}/pulls/7/requested_reviewers", 201)
    on("GET", f"{AT}/labels/docs")
    on("POST", f"{AT}/issues/7/labels")
    comments = on("GET", f"{AT}/issues/7/comments")
    comment = on("POST", f"{AT}/issues/7/comments", 201)
    review = on("POST", f"{AT}/pulls/7/reviews")
    lines = on("GET", f"{AT}/pulls/7/comments")
    runs = on("GET", f"{AT}/commits/abc/check-runs")
    status = on("GET", f"{AT}/commits/abc/status")
    user = on("GET", "/user")
    forge = scripted.open()
    head = await forge.head("b")
    assert head and head.commit == branch["commit"]["sha"]
    made = await forge.open_pull_request(Proposal("b", "main", "T", "B", False, ["docs"], ["ada", "team/shop"]))
    assert made == PullRequest(url=pull()["html_url"], number=7, draft=False)
    asked = [request for request in scripted.wire.requests if request.url.path.endswith("requested_reviewers")]
    assert [json.loads(request.content) for request in asked] == [{"reviewers": ["ada"], "team_reviewers": ["shop"]}]
    assert await forge.comment(7, "words") == str(comment["id"])
    (said,) = await forge.comments(7)
    assert (said.id, said.author, said.by_us) == (str(comments[0]["id"]), "octocat", user["login"] == "octocat")
    assert await forge.review(7, "words", Judgement.APPROVED, LINES) == str(review["id"])
    (read,) = await forge.reviews(7)
    assert (read.judgement, read.text) == (Judgement.APPROVED, reviews[0]["body"])
    assert [line.text for line in read.lines] == [
        one["body"] for one in lines if one["pull_request_review_id"] == reviews[0]["id"]
    ]
    names = {one["name"] for one in runs["check_runs"]} | {one["context"] for one in status["statuses"]}
    assert {check.name for check in await forge.checks("abc")} == names


@pytest.mark.parametrize("text", ["Ä template 🚀\n", ""])
async def test_a_template_as_github_gives_it(scripted: Scripted, text: str) -> None:
    file = documented_answers("GET", f"{AT}/contents/x")[200]
    listed = [{**file, "name": "PULL_REQUEST_TEMPLATE", "type": "dir"}, {**file, "name": "Pull_Request_Template.md"}]
    scripted.on(f"GET {AT}/contents/.github", 404, documented_answers("GET", f"{AT}/contents/x")[404])
    scripted.on(f"GET {AT}/contents/", 200, listed)
    content = base64.encodebytes(text.encode()).decode()
    scripted.on(f"GET {AT}/contents/Pull_Request_Template.md", 200, file | {"content": content})
    assert await scripted.open().template() == text


RUNS = {
    ("queued", None): CheckState.RUNNING,
    ("in_progress", None): CheckState.RUNNING,
    ("waiting", None): CheckState.RUNNING,
    ("completed", "success"): CheckState.PASSED,
    ("completed", "neutral"): CheckState.PASSED,
    ("completed", "skipped"): CheckState.PASSED,
    ("completed", "failure"): CheckState.FAILED,
    ("completed", "cancelled"): CheckState.FAILED,
    ("completed", "timed_out"): CheckState.FAILED,
    ("completed", "action_required"): CheckState.FAILED,
}
STATES = {
    "success": CheckState.PASSED,
    "pending": CheckState.RUNNING,
    "failure": CheckState.FAILED,
    "error": CheckState.FAILED,
}


async def test_every_state_of_ci_and_pages_of_it(scripted: Scripted) -> None:
    schema = operation("GET", f"{AT}/commits/abc/check-runs")[1]
    assert schema["operationId"] == "checks/list-for-ref"
    run = documented_answers("GET", f"{AT}/commits/abc/check-runs")[200]["check_runs"][0]
    status = documented_answers("GET", f"{AT}/commits/abc/status")[200]["statuses"][0]
    runs = [
        {**run, "id": at, "name": f"run {at}", "status": said, "conclusion": end} for at, (said, end) in enumerate(RUNS)
    ]
    statuses = [{**status, "id": at, "context": f"status {said}", "state": said} for at, said in enumerate(STATES)]
    older = [{**run, "id": 0, "name": "run 3", "conclusion": "failure"}]

    def answer(request: httpx.Request) -> httpx.Response:
        page = request.url.params.get("page", "1")
        if request.url.path.endswith("/status"):
            return httpx.Response(200, json={"statuses": statuses})
        later = {"link": f'<{request.url.copy_merge_params({"page": "2"})}>; rel="next"'} if page == "1" else {}
        return httpx.Response(200, json={"check_runs": runs if page == "1" else older}, headers=later)

    scripted.wire.inner = httpx.MockTransport(answer)
    found = {check.name: check.state for check in await scripted.open().checks("abc")}
    assert found == {f"run {at}": state for at, state in enumerate(RUNS.values())} | {
        f"status {said}": state for said, state in STATES.items()
    }


async def test_a_deleted_account_is_a_ghost(scripted: Scripted) -> None:
    for path in (f"{AT}/issues/7/comments", f"{AT}/pulls/7/reviews"):
        body = documented_answers("GET", path)[200]
        scripted.on(f"GET {path}", 200, [{**one, "user": None} for one in body])
    scripted.on(f"GET {AT}/pulls/7/comments", 200, [])
    scripted.on("GET /user", 200, documented_answers("GET", "/user")[200])
    forge = scripted.open()
    assert [said.author for said in await forge.comments(7)] == ["ghost"]
    assert [said.author for said in await forge.reviews(7)] == ["ghost"]


USED_UP = {
    "x-ratelimit-remaining": "0",
    "x-ratelimit-reset": "1767229200",
    "date": "Thu, 01 Jan 2026 00:00:00 GMT",
}


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "90"}, 90.0),
        (USED_UP, 3600.0),
    ],
)
async def test_a_secondary_rate_limit_is_no_missing_permission(
    scripted: Scripted, headers: dict[str, str], wait: float
) -> None:
    said = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}
    scripted.wire.instead = httpx.Response(403, headers=headers, json=said)
    with pytest.raises(RateLimited) as limited:
        await scripted.open().comment(7, "words")
    assert limited.value.retry_after == pytest.approx(wait)


async def test_github_names_the_permission_that_is_missing(scripted: Scripted) -> None:
    said = {"message": "Resource not accessible by personal access token"}
    headers = {"x-accepted-github-permissions": "pull_requests=write"}
    scripted.wire.instead = httpx.Response(403, headers=headers, json=said)
    with pytest.raises(PermissionMissing, match=r"it takes pull_requests=write.*Secret s need.*checks \(read\)"):
        await scripted.open().comment(7, "words")


# What only GitHub has, at the stand-in


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubBench]:
    monkeypatch.setattr("boardhand_operator.forges.opening.PATIENCE", (0.0,))
    made = GitHubBench()
    yield made
    made.check()


FIX = "boardhand/1-fix"


async def test_a_plan_without_drafts_gets_a_title_that_says_so(bench: GitHubBench) -> None:
    bench.code.drafts = False
    await bench.branch(FIX)
    forge = bench.open()
    made = await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", True))
    assert made.draft
    assert [(one.title, one.draft) for one in await bench.pulls()] == [("Draft: Fix", False)]
    bench.wire.requests.clear()
    assert (
        await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", True)) == made == await forge.pull_request(FIX)
    )
    assert bench.wire.writes() == []
    ready = await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False))
    assert not ready.draft
    assert [one.title for one in await bench.pulls()] == ["Fix"]
    again = await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", True))
    assert again.draft
    assert [one.title for one in await bench.pulls()] == ["Draft: Fix"]


async def test_a_draft_takes_the_permission_for_contents(bench: GitHubBench) -> None:
    await bench.branch(FIX)
    await bench.open().open_pull_request(Proposal(FIX, "main", "Fix", "b", True))
    bench.state.tokens["narrow-token"] = Token("boardhand", {**LEAST, "contents": "read"})
    with pytest.raises(PermissionMissing, match=r"contents \(write\)"):
        await bench.open(token="narrow-token").open_pull_request(Proposal(FIX, "main", "Fix", "b", False))


@pytest.mark.parametrize(
    ("lacking", "named"),
    [
        ({"contents": "read"}, "contents=write"),
        ({"pull_requests": "read"}, "pull_requests=write"),
        ({"statuses": ""}, "statuses=read"),
    ],
)
async def test_the_check_names_the_permission_that_a_token_lacks(
    bench: GitHubBench, lacking: dict[str, str], named: str
) -> None:
    bench.state.tokens["narrow-token"] = Token("boardhand", {k: v for k, v in {**LEAST, **lacking}.items() if v})
    with pytest.raises(PermissionMissing, match=f"it takes {named}.*Secret shop-github need"):
        await bench.open(token="narrow-token").check()
    await bench.open().check()
    assert set(bench.code.branches) == {"main"}


async def test_what_did_not_change_is_not_sent_again(bench: GitHubBench) -> None:
    await bench.branch(FIX)
    forge = bench.open()
    made = await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False))
    number = made.number or 0
    await bench.judge(number, Judgement.COMMENTED, "words")
    first = (await forge.reviews(number), await forge.pull_request(FIX))
    bench.held.answers.clear()
    assert (await forge.reviews(number), await forge.pull_request(FIX)) == first
    assert [status for *_, status, _ in bench.held.answers] == [304, 304, 304]
    await bench.judge(number, Judgement.APPROVED, "more")
    assert len(await forge.reviews(number)) == 2


async def test_a_pull_request_of_a_fork_is_not_ours(bench: GitHubBench) -> None:
    await bench.branch(FIX)
    number = await bench.open_by_hand(FIX, "main", "From a fork")
    bench.code.pulls[number].of_fork = True
    forge = bench.open()
    assert await forge.pull_request(FIX) is None
    made = await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False))
    assert made.number != number


async def test_teams_are_asked_and_looked_for(bench: GitHubBench) -> None:
    bench.code.teams.add("shop")
    await bench.branch(FIX)
    forge = bench.open(reviewers=["team/shop", "grace"])
    await forge.check()
    made = await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False, (), ["team/shop", "grace"]))
    found = bench.code.pulls[made.number or 0]
    assert (found.teams, [one.login for one in found.reviewers]) == (["shop"], ["grace"])
    with pytest.raises(Misconfigured, match=r"team/none .* is a team without access to team/app"):
        await bench.open(reviewers=["team/none"]).check()
    with pytest.raises(Misconfigured, match="opens the pull requests") as wrong:
        await bench.open(reviewers=["Boardhand"]).check()
    assert wrong.value.reason == "ReviewerIsAuthor"


async def test_who_has_reviewed_is_not_asked_again(bench: GitHubBench) -> None:
    await bench.branch(FIX)
    forge = bench.open()
    made = await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False, (), ["ada"]))
    await bench.judge(made.number or 0, Judgement.CHANGES_WANTED, "no")
    await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False, (), ["ada"]))
    assert [one.reviewers for one in await bench.pulls()] == [()]


async def test_a_branch_that_github_renamed_is_another_one(bench: GitHubBench) -> None:
    await bench.rename_branch("main", "trunk")
    bench.code.renamed["main"] = "trunk"
    forge = bench.open()
    assert await forge.head("main") is None
    with pytest.raises(Misconfigured, match=r"no branch 'main' .*default branch is 'trunk'"):
        await forge.check()


async def test_a_review_that_nobody_submitted_is_not_read(bench: GitHubBench) -> None:
    await bench.branch(FIX)
    forge = bench.open()
    number = (await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False))).number or 0
    await forge.review(number, "words", Judgement.COMMENTED)
    pending = bench.code.pulls[number].reviews[0]
    pending.at, pending.state = None, "PENDING"
    assert await forge.reviews(number) == []


async def test_lines_that_are_gone_and_remarks_on_files(bench: GitHubBench) -> None:
    await bench.branch(FIX)
    forge = bench.open()
    number = (await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False))).number or 0
    lines = [LineComment("x.py", 0, "too long"), LineComment("README.md", 2, "why?")]
    await forge.review(number, "", Judgement.COMMENTED, lines)
    bench.code.pulls[number].reviews[0].lines[0].line = None
    (read,) = await forge.reviews(number)
    assert read.text == "`x.py`: too long"
    assert read.lines == (LineComment("README.md", 0, "why?"),)
    with pytest.raises(Rejected, match="approve"):
        await forge.review(number, "fine", Judgement.APPROVED)


async def test_check_runs_and_statuses_are_read_together(bench: GitHubBench) -> None:
    commit = await bench.branch(FIX)
    await bench.status(commit, "jenkins", CheckState.PASSED)
    pull_desk.check(bench.state, bench.repository, commit, "actions", None)
    found = await bench.open().checks(commit)
    assert [(check.name, check.state) for check in found] == [
        ("actions", CheckState.RUNNING),
        ("jenkins", CheckState.PASSED),
    ]
    assert all(isinstance(check, Check) and check.url for check in found)


async def test_a_webhook_that_the_board_has_is_shared(bench: GitHubBench) -> None:
    forge = bench.open(hook=True)
    await forge.subscribe()
    (hook,) = bench.repository.hooks.values()
    hook.events, hook.active = ["issues", "pull_request"], False
    await forge.subscribe()
    (hook,) = bench.repository.hooks.values()
    assert {"issues", "pull_request_review", "check_run"} <= set(hook.events)
    assert hook.active
    assert hook.secret == GitHubBench.hook_secret
    with pytest.raises(Misconfigured, match="lacks the key 'webhookSecret'"):
        await bench.open(webhook={"callbackUrl": GitHubBench.callback}).subscribe()


async def test_as_an_app(bench: GitHubBench) -> None:
    app = token_desk.add_app(bench.state, "boardhand-of-team", key().public_key())
    token_desk.install(bench.state, app, "team", LEAST, [NAME])
    bench.state.now = time.time
    forge = bench.open(credentials={"appId": str(app.id), "privateKey": pem()}, labels=["bot"], reviewers=["grace"])
    await forge.check()
    await bench.branch(FIX)
    made = await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", True, ["bot"], ["grace"]))
    await forge.comment(made.number or 0, "ours")
    desk.say(bench.state, bench.code.pulls[made.number or 0].issue, "hers", bench.ada)
    assert [(said.text, said.by_us) for said in await forge.comments(made.number or 0)] == [
        ("ours", True),
        ("hers", False),
    ]
    assert bench.code.pulls[made.number or 0].issue.by.login == "boardhand-of-team[bot]"
    (minted,) = app.minted
    assert minted["repositories"] == [NAME]
    assert minted["permissions"] == {"metadata": "read", **needs(pool.Forge.model_validate({"type": "github"}))}
    bench.state.tokens = {text: found for text, found in bench.state.tokens.items() if not text.startswith("ghs_")}
    assert await forge.pull_request(FIX) == made
    assert len(app.minted) == 2
    await forge.aclose()


def test_what_is_needed_is_what_is_configured() -> None:
    def of(**spec: Any) -> set[str]:
        return set(needs(pool.Forge.model_validate({"type": "github", **spec})))

    plain = of()
    assert plain == {"contents", "pull_requests", "checks", "statuses"}
    assert of(reviewers=["team/x"]) - plain == {"members"}
    assert of(reviewers=["ada"]) == plain
    assert of(webhook={"callbackUrl": GitHubBench.callback}) - plain == {"repository_hooks"}


def test_a_secret_without_credentials_is_said() -> None:
    repository = pool.Repository.model_validate({"url": f"{SITE}/{NAME}.git", "pushSecretRef": {"name": "p"}})
    spec = pool.Forge.model_validate({"type": "github", "url": SITE, "secretRef": {"name": "shop"}})
    with pytest.raises(Misconfigured, match=r"Secret shop has nothing under `token`.*`appId`"):
        GitHubForge(spec, repository, {}, Connection())


@pytest.mark.parametrize(
    ("place", "line"),
    [({"line": 3, "side": "RIGHT"}, 3), ({"line": None}, 0), ({"line": 3, "side": "LEFT"}, 0), ({}, 0)],
)
async def test_lines_of_the_new_file_alone_are_counted(scripted: Scripted, place: dict[str, Any], line: int) -> None:
    review = documented_answers("GET", f"{AT}/pulls/7/reviews")[200][0]
    said = documented_answers("GET", f"{AT}/pulls/7/comments")[200][0]
    plain = {key: value for key, value in said.items() if key not in ("line", "side")}
    scripted.on(f"GET {AT}/pulls/7/reviews", 200, [review])
    scripted.on(f"GET {AT}/pulls/7/comments", 200, [{**plain, **place, "pull_request_review_id": review["id"]}])
    scripted.on("GET /user", 200, documented_answers("GET", "/user")[200])
    (read,) = await scripted.open().reviews(7)
    assert [one.line for one in read.lines] == [line]


async def test_a_pull_request_that_did_not_change_is_not_sent_again(bench: GitHubBench) -> None:
    """GitHub counts no such request against its limit."""
    forge = bench.open()
    await bench.branch(FIX)
    made = await forge.open_pull_request(Proposal(FIX, "main", "Fix", "why", False))
    first = await forge.followed(made.number)
    assert await forge.followed(made.number) == first
    assert bench.wire.requests[-1].headers["if-none-match"]
    await bench.merge(made.number)
    assert (await forge.followed(made.number)).state is PullRequestState.MERGED
    await forge.aclose()
