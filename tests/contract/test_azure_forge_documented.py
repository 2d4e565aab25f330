"""AzureForge and its stand-in against what Azure DevOps documents, refusals too."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from boardhand_operator.errors import (
    CredentialsRefused,
    Misconfigured,
    NotFound,
    PermissionMissing,
    Rejected,
    Remote,
    RemoteUnavailable,
)
from boardhand_operator.forges import Forge, Proposal
from boardhand_operator.forges.azure.at import Place, place_of
from boardhand_operator.reviews import Check, CheckState, Judgement, LineComment
from testbed.azure import code_routes, pull_routes, status_routes, thread_routes
from testbed.azure import pull_state as git
from testbed.azure.models import Team
from tests.contract.azure_forge import NARROW, AzureForgeBench
from tests.contract.azure_pull_requests import (
    DOCUMENTED,
    answer_problems,
    check_azure_pull_requests,
    operation,
    path_of,
)

FIX = "boardhand/1-fix"
ROOT = "/Shop/_apis/git/repositories/app"
KINDS: dict[str, type[Remote]] = {
    "400": Rejected,
    "401": CredentialsRefused,
    "401-scope": PermissionMissing,
    "403": PermissionMissing,
    "404": NotFound,
    "409": Rejected,
    "500": RemoteUnavailable,
}


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AzureForgeBench]:
    monkeypatch.setattr("boardhand_operator.forges.opening.PATIENCE", (0.0,))
    monkeypatch.setattr("boardhand_operator.http.transport.RETRIES", 0)
    made = AzureForgeBench()
    yield made


async def everything(bench: AzureForgeBench) -> None:
    """Every call there is, at least once."""
    forge = bench.open(hook=True, reviewers=["grace", "Shop Team", bench.ada.id])
    commit = await bench.branch(FIX)
    await bench.template("## Why\n")
    await forge.check()
    assert await forge.head(FIX)
    made = await forge.open_pull_request(Proposal(FIX, "main", "Fix", "why", True, ["bot"], ["grace"]))
    await forge.open_pull_request(Proposal(FIX, "main", "Fix it", "why", False, ["bot", "more"], ["grace"]))
    number = made.number or 0
    await forge.comment(number, "words")
    for judgement in Judgement:
        await forge.review(number, "seen", judgement, [LineComment("README.md", 1, "a line")])
    bench.repository.pulls[number].builds.append({"name": "build", "status": "running"})
    await bench.status(commit, "lint", CheckState.PASSED)
    await forge.comments(number)
    await forge.reviews(number)
    await forge.followed(number)
    await forge.checks(commit)
    await forge.template()
    await forge.subscribe()
    next(iter(bench.state.hooks.values())).status = "disabledBySystem"
    await forge.subscribe()
    await forge.aclose()


async def test_every_request_is_documented(bench: AzureForgeBench) -> None:
    await everything(bench)
    check_azure_pull_requests(bench.wire.requests)
    sent = {operation(request.method, path_of(request))["page"] for request in bench.wire.requests}
    assert sent == {found["page"] for found in DOCUMENTED["operations"]}


async def test_the_stand_ins_answers_are_as_documented(bench: AzureForgeBench) -> None:
    seen: dict[str, list[str]] = {}
    inner = bench.wire.inner

    async def judged(request: httpx.Request) -> httpx.Response:
        answer = await inner.handle_async_request(request)
        body = await answer.aread()
        if answer.status_code < 300:
            found = answer_problems(request.method, path_of(request), answer.status_code, json.loads(body))
            seen.setdefault(f"{request.method} {path_of(request)}", []).extend(found)
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)

    bench.wire.inner = httpx.MockTransport(judged)
    await bench.branch("ada/change")
    await bench.open_by_hand("ada/change", "main", "By hand")
    await everything(bench)
    assert len(seen) > 20
    assert {place: wrong for place, wrong in seen.items() if wrong} == {}


def test_every_endpoint_of_the_stand_in_is_documented() -> None:
    for one in (*code_routes.TABLE, *pull_routes.TABLE, *thread_routes.TABLE, *status_routes.TABLE):
        found = operation(one.method, one.path)
        assert (found["status"], bool(found.get("preview"))) == (one.status, one.preview), one.path


Ask = Callable[[Forge, int], Any]
CALLS: dict[str, tuple[str, str, Ask]] = {
    "repository": ("GET", ROOT, lambda f, n: f.check()),
    "refs": ("GET", f"{ROOT}/refs", lambda f, n: f.head("main")),
    "search": ("GET", f"{ROOT}/pullrequests", lambda f, n: f.pull_request(FIX)),
    "open": ("POST", f"{ROOT}/pullrequests", lambda f, n: f.open_pull_request(Proposal(FIX, "main", "T", "B", False))),
    "edit": (
        "PATCH",
        f"{ROOT}/pullrequests/2",
        lambda f, n: f.open_pull_request(Proposal("there", "main", "T", "B", False)),
    ),
    "followed": ("GET", f"{ROOT}/pullrequests/2", lambda f, n: f.followed(n)),
    "threads": ("GET", f"{ROOT}/pullrequests/2/threads", lambda f, n: f.comments(n)),
    "comment": ("POST", f"{ROOT}/pullrequests/2/threads", lambda f, n: f.comment(n, "x")),
    "reviews": ("GET", f"{ROOT}/pullrequests/2", lambda f, n: f.reviews(n)),
    "checks": ("GET", f"{ROOT}/commits/abc/statuses", lambda f, n: f.checks("abc")),
    "labels": (
        "POST",
        f"{ROOT}/pullrequests/2/labels",
        lambda f, n: f.open_pull_request(Proposal("there", "main", "T", "B", False, ["x"])),
    ),
    "hooks": ("GET", "/_apis/hooks/subscriptions", lambda f, n: f.subscribe()),
}


@pytest.mark.parametrize("status", KINDS)
@pytest.mark.parametrize("name", CALLS)
async def test_every_refusal_has_its_error(bench: AzureForgeBench, name: str, status: str) -> None:
    method, path, ask = CALLS[name]
    await bench.branch(FIX)
    await bench.branch("there")
    number = await bench.open_by_hand("there", "main", "By hand")
    path = path.replace("/pullrequests/2", f"/pullrequests/{number}")
    inner = bench.wire.inner

    async def refusing(request: httpx.Request) -> httpx.Response:
        if (request.method, path_of(request)) != (method, path):
            return await inner.handle_async_request(request)
        return httpx.Response(int(status[:3]), json=DOCUMENTED["errors"][status])

    bench.wire.inner = httpx.MockTransport(refusing)
    kind: type[Exception] = Misconfigured if (name, status) == ("repository", "404") else KINDS[status]
    with pytest.raises(kind) as failed:
        await ask(bench.open(hook=True), number)
    assert DOCUMENTED["errors"][status]["message"][:20] in str(failed.value) or kind is Misconfigured
    check_azure_pull_requests(bench.wire.requests)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(203, headers={"content-type": "text/html"}, text="<html>Sign In</html>"),
        httpx.Response(302, headers={"location": "https://spsprodcus1.vssps.visualstudio.com/_signin?realm=dev"}),
    ],
    ids=["page", "redirect"],
)
async def test_a_page_to_sign_in_is_a_refused_token(bench: AzureForgeBench, answer: httpx.Response) -> None:
    bench.wire.instead = answer
    forge = bench.open()
    for call in (forge.check(), forge.head("main"), forge.pull_request(FIX), forge.comment(1, "x")):
        with pytest.raises(CredentialsRefused, match=r"sign in.*Secret shop-azure"):
            await call


async def test_a_token_without_the_scope_is_told_which(bench: AzureForgeBench) -> None:
    with pytest.raises(PermissionMissing, match=r"Code \(read & write\)"):
        await bench.open(token=NARROW).check()


async def test_labels_are_made_and_put_on_once(bench: AzureForgeBench) -> None:
    await bench.branch(FIX)
    forge = bench.open()
    made = await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False, ["bot", "Ünï"]))
    await bench.put_label(made.number or 0, "of-ada")
    assert await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False, ["BOT", "Ünï"])) == made
    assert [pull.labels for pull in await bench.pulls()] == [("bot", "Ünï", "of-ada")]


async def test_a_team_is_asked_by_its_name(bench: AzureForgeBench) -> None:
    team = Team("Reviewers", [], [])
    bench.repository.project.teams.append(team)
    bench.state.add_person("Reviewers").id = team.id
    await bench.branch(FIX)
    await bench.open(reviewers=["Reviewers"]).check()
    await bench.open().open_pull_request(Proposal(FIX, "main", "Fix", "b", False, (), ["reviewers"]))
    assert [pull.reviewers for pull in await bench.pulls()] == [("Reviewers",)]


async def test_a_reviewer_that_azure_does_not_take_loses_no_pull_request(bench: AzureForgeBench) -> None:
    await bench.branch(FIX)
    ghost = bench.state.add_person("ghost")
    bench.repository.project.teams[0].members.append("ghost")
    await bench.open(reviewers=["ghost"]).check()
    forge = bench.open()
    bench.wire.before = None
    inner = bench.wire.inner

    async def refusing(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(f"/reviewers/{ghost.id}"):
            return httpx.Response(403, json=DOCUMENTED["errors"]["403"])
        return await inner.handle_async_request(request)

    bench.wire.inner = httpx.MockTransport(refusing)
    await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False, (), ["ghost", "grace"]))
    assert [pull.reviewers for pull in await bench.pulls()] == [("grace",)]


async def test_builds_that_policies_ask_for_are_checks(bench: AzureForgeBench) -> None:
    commit = await bench.branch(FIX)
    forge = bench.open()
    number = (await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False))).number or 0
    pull = bench.repository.pulls[number]
    pull.builds += [{"name": "build", "status": "rejected"}, {"name": "slow", "status": "queued"}]
    pull.statuses += [
        git.Status(1, "ci", "scan", "failed", "https://ci.example/1", 0.0),
        git.Status(2, "ci", "scan", "succeeded", "https://ci.example/2", 0.0),
    ]
    await bench.status(commit, "lint", CheckState.PASSED)
    found = {check.name: check for check in await forge.checks(commit)}
    assert {name: check.state for name, check in found.items()} == {
        "lint": CheckState.PASSED,
        "ci/scan": CheckState.PASSED,
        "build": CheckState.FAILED,
        "slow": CheckState.RUNNING,
    }
    assert found["ci/scan"] == Check("ci/scan", CheckState.PASSED, "https://ci.example/2")
    assert found["build"].url.endswith("/acme/Shop/_build/results?buildId=100")
    pull.status = "abandoned"
    assert [check.name for check in await forge.checks(commit)] == ["lint"]


@pytest.mark.parametrize(
    ("vote", "judgement"),
    [(10, "Approved"), (5, "Approved"), (-5, "ChangesWanted"), (-10, "ChangesWanted"), (0, None)],
)
async def test_every_vote(bench: AzureForgeBench, vote: int, judgement: str | None) -> None:
    await bench.branch(FIX)
    forge = bench.open()
    number = (await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False))).number or 0
    git.vote(bench.state, bench.repository.pulls[number], bench.ada, vote)
    found = await forge.reviews(number)
    assert [review.judgement.value for review in found] == ([judgement] if judgement else [])
    assert await forge.comments(number) == []


async def test_a_teams_vote_is_its_members(bench: AzureForgeBench) -> None:
    await bench.branch(FIX)
    forge = bench.open()
    number = (await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False))).number or 0
    team = bench.state.add_person("Reviewers")
    for voter in (team, bench.ada):
        git.vote(bench.state, bench.repository.pulls[number], voter, 10)
    inner = bench.wire.inner

    async def marked(request: httpx.Request) -> httpx.Response:
        found = json.loads(await (await inner.handle_async_request(request)).aread())
        for one in found.get("reviewers", []):
            one["isContainer"] = one["id"] == team.id
        return httpx.Response(200, json=found)

    bench.wire.inner = httpx.MockTransport(marked)
    assert [review.author for review in await forge.reviews(number)] == ["ada"]


async def test_answers_and_deleted_words_in_threads(bench: AzureForgeBench) -> None:
    await bench.branch(FIX)
    forge = bench.open()
    number = (await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False))).number or 0
    id_ = await forge.comment(number, "a question")
    thread = bench.repository.pulls[number].threads[0]
    grace = bench.state.people["grace"]
    thread.remarks.append(git.Remark(2, grace, "an answer", bench.state.now()))
    thread.remarks.append(git.Remark(3, bench.ada, "taken back", bench.state.now(), deleted=True))
    found = await forge.comments(number)
    assert [(said.text, said.author, said.by_us) for said in found] == [
        ("a question", "boardhand", True),
        ("an answer", "grace", False),
    ]
    assert (id_, found[1].id) == (f"{thread.id}.1", f"{thread.id}.2")
    assert thread.status == "closed"


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        (["/pull_request_template.md"], "/pull_request_template.md"),
        (["/pull_request_template.md", "/docs/Pull_Request_Template.TXT"], "/docs/Pull_Request_Template.TXT"),
        (["/docs/pull_request_template.md", "/.vsts/pull_request_template.txt"], "/.vsts/pull_request_template.txt"),
        (
            ["/.azuredevops/pull_request_template.md", "/.azuredevops/pull_request_template/branches/main.md"],
            "/.azuredevops/pull_request_template/branches/main.md",
        ),
        (["/.azuredevops/pull_request_template/branches/other.md"], None),
        (["/src/pull_request_template.md"], None),
    ],
)
async def test_templates_are_where_azure_looks_for_them(
    bench: AzureForgeBench, files: list[str], wanted: str | None
) -> None:
    bench.repository.files |= {path: f"from {path}" for path in files}
    assert await bench.open().template() == (f"from {wanted}" if wanted else None)
    check_azure_pull_requests(bench.wire.requests)


async def test_a_branch_of_a_folder_has_the_folders_template(bench: AzureForgeBench) -> None:
    await bench.branch("release/1/hot")
    place = "/.azuredevops/pull_request_template/branches/release"
    bench.repository.files |= {f"{place}.md": "all", f"{place}/1.md": "ones"}
    assert await bench.open(branch="release/1/hot").template() == "ones"
    assert await bench.open(branch="release/2").template() == "all"


async def test_a_disabled_repository(bench: AzureForgeBench) -> None:
    bench.repository.disabled = True
    with pytest.raises(Misconfigured, match="disabled") as wrong:
        await bench.open().check()
    assert wrong.value.reason == "RepositoryDisabled"


async def test_one_of_a_fork_is_none_of_ours(bench: AzureForgeBench) -> None:
    await bench.branch(FIX)
    await bench.open_by_hand(FIX, "main", "By hand")
    inner = bench.wire.inner

    async def forked(request: httpx.Request) -> httpx.Response:
        found = json.loads(await (await inner.handle_async_request(request)).aread())
        for one in found["value"]:
            one["forkSource"] = {"name": one["sourceRefName"]}
        return httpx.Response(200, json=found)

    bench.wire.inner = httpx.MockTransport(forked)
    assert await bench.open().pull_request(FIX) is None


async def test_a_webhooks_address_that_azure_does_not_take(bench: AzureForgeBench) -> None:
    forge = bench.open(hook=True, webhook={"callbackUrl": "http://boardhand.example/hook"})
    with pytest.raises(Misconfigured, match=r"spec\.forge\.webhook\.callbackUrl"):
        await forge.subscribe()


@pytest.mark.parametrize(
    ("forge", "clone", "place"),
    [
        (None, "https://dev.azure.com/acme/Our%20Shop/_git/app", Place("acme", "Our Shop", "app")),
        (None, "https://dev.azure.com/acme/_git/app", Place("acme", "app", "app")),
        (None, "ssh://git@ssh.dev.azure.com/v3/acme/Our%20Shop/app", Place("acme", "Our Shop", "app")),
        (None, "https://acme.visualstudio.com/DefaultCollection/Shop/_git/app", Place("acme", "Shop", "app")),
        ("https://tfs.example/tfs", "https://tfs.example/tfs/Main/Shop/_git/app", Place("Main", "Shop", "app")),
    ],
)
def test_clone_addresses(forge: str | None, clone: str, place: Place) -> None:
    assert place_of(forge, clone) == place


@pytest.mark.parametrize(
    ("forge", "clone", "reason"),
    [
        (None, "https://github.com/team/app.git", "RepositoryElsewhere"),
        ("https://tfs.example/tfs", "https://tfs.example/other/Main/Shop/_git/app", "RepositoryElsewhere"),
        (None, "https://dev.azure.com/acme/Shop/app", "RepositoryAddress"),
        (None, "https://dev.azure.com/acme", "RepositoryAddress"),
        (None, "ssh://git@ssh.dev.azure.com/v3/acme/app", "RepositoryAddress"),
    ],
)
def test_clone_addresses_that_are_none(forge: str | None, clone: str, reason: str) -> None:
    with pytest.raises(Misconfigured, match=r"spec\.repository\.url") as wrong:
        place_of(forge, clone)
    assert wrong.value.reason == reason
