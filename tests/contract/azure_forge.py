"""The bench of Azure Repos: its stand-in, in this process, and the people there."""

from __future__ import annotations

import json
from collections.abc import Sequence

import httpx

from boardhand_operator.forges.azure import hooks, pulls
from boardhand_operator.forges.azure.forge import AzureForge
from boardhand_operator.reviews import CheckState, Judgement, LineComment
from boardhand_operator.vendors.azure import hooks as azure_hooks
from testbed.azure import pull_state as git
from testbed.azure.app import create_app
from testbed.azure.models import Person, Team, Token
from testbed.azure.pull_state import HEADS
from testbed.azure.state import AzureState
from tests.contract.board_wires import Wire
from tests.contract.forge_bench import Pull
from tests.contract.standin_forge import StandinForge

SITE = "https://azure.test"
READER, WRITER, HOOKER, NARROW = "reader-token-0123", "writer-token-0123", "hooker-token-0123", "narrow-token-0123"
_STATES = {"active": "open", "completed": "merged", "abandoned": "closed"}
_CI = {CheckState.PASSED: "succeeded", CheckState.FAILED: "failed", CheckState.RUNNING: "pending"}
_VOTES = {Judgement.APPROVED: 10, Judgement.CHANGES_WANTED: -10}


class AzureForgeBench(StandinForge[AzureForge]):
    """A fresh repository, app, in the project Shop of the organisation acme."""

    kind, site = "azure", SITE
    has = frozenset(
        {"labels", "reviewers", "template", "drafts", "reviews", "judgements", "line-comments", "checks", "hooks"}
        | {"reopening"}
    )
    secret, person, label, reviewer = "shop-azure", "ada", "bot", "grace@acme.example"
    opened, edited = "^POST .*/pullrequests$", r"^PATCH .*/pullrequests/\d+$"
    commented, subscribed = "^POST .*/threads$", "^POST .*/hooks/subscriptions$"
    body_limit, full_page, signs_body = pulls.BODY, 20, False
    clone_url, nowhere = f"{SITE}/acme/Shop/_git/app", f"{SITE}/acme/Shop/_git/nothing"

    def __init__(self) -> None:
        code = ("vso.code_write", "vso.project")
        tokens = {
            READER: Token("looker", code),
            WRITER: Token("boardhand", code),
            HOOKER: Token("boardhand", (*code, "vso.work")),
            NARROW: Token("boardhand", ("vso.code",)),
        }
        self.state = state = AzureState(tokens, SITE)
        state.add_person("looker", may_write=False)
        state.add_person("boardhand", may_subscribe=True)
        for name in ("ada", "grace"):
            state.add_person(name)
        project = state.add_project("Shop", {})
        project.teams.append(Team("Shop Team", ["ada", "grace", "boardhand"], []))
        git.add_repository(state, project, "app")
        self.vendor = httpx.ASGITransport(create_app(state))
        self.wire = Wire(self.vendor, reads=r"^GET |^POST .*/pullrequestquery$")

    @property
    def repository(self) -> git.Repository:
        return git.repositories(self.state)["app"]

    @property
    def ada(self) -> Person:
        return self.state.people["ada"]

    def credentials(self, token: str | None, *, hook: bool) -> dict[str, str]:
        return {"token": token or (HOOKER if hook else WRITER)}

    def call(self, *, secret: str | None = None) -> tuple[dict[str, str], bytes]:
        body = json.dumps({"eventType": hooks.EVENTS[0], "resource": {"pullRequestId": 1, "title": "ü"}}).encode()
        proof = azure_hooks.proof(secret or self.hook_secret)
        return {"Content-Type": "application/json", "Authorization": proof}, body

    async def hooks(self) -> int:
        """Whole ones: a subscription for each event."""
        ours = [one for one in self.state.hooks.values() if one.consumer["url"] == self.callback]
        by_event = [sum(one.event == event for one in ours) for event in hooks.EVENTS]
        assert len(ours) == sum(by_event)
        return max(by_event)

    def reader_token(self) -> str:
        return READER

    async def clock(self, seconds: float) -> None:
        self.state.skew += seconds

    async def branch(self, name: str, base: str = "main") -> str:
        assert base in self.repository.branches
        return git.push(self.state, self.repository, name).id

    async def same_branch(self, name: str) -> None:
        git.push(self.state, self.repository, name, self.repository.branches["main"].id)

    async def template(self, text: str) -> None:
        self.repository.files["/.azuredevops/pull_request_template.md"] = text

    async def open_by_hand(self, head: str, base: str, title: str) -> int:
        made = git.open_pull(self.state, self.repository, self.ada, HEADS + head, HEADS + base, title, "", draft=False)
        return made.id

    def all_pulls(self) -> list[Pull]:
        return [
            Pull(
                number=one.id,
                title=one.title,
                body=one.text,
                head=one.source.removeprefix(HEADS),
                base=one.target.removeprefix(HEADS),
                state=_STATES[one.status],
                draft=one.draft,
                labels=tuple(one.labels),
                reviewers=tuple(one.votes),
            )
            for one in self.repository.pulls.values()
        ]

    async def close(self, number: int) -> None:
        self.repository.pulls[number].status = "abandoned"

    async def reopen(self, number: int) -> None:
        self.repository.pulls[number].status = "active"

    async def merge(self, number: int) -> None:
        self.repository.pulls[number].status = "completed"

    async def put_label(self, number: int, label: str) -> None:
        self.repository.pulls[number].labels.append(label)

    async def say(self, number: int, text: str) -> None:
        git.say(self.state, self.repository.pulls[number], self.ada, text)

    async def said(self, number: int) -> list[str]:
        return [
            remark.text
            for thread in self.repository.pulls[number].threads
            for remark in thread.remarks
            if remark.kind == "text"
        ]

    async def judge(self, number: int, judgement: Judgement, text: str, lines: Sequence[LineComment] = ()) -> None:
        """A person's review without a vote is a comment on a file."""
        pull = self.repository.pulls[number]
        for line in lines:
            git.say(self.state, pull, self.ada, line.text, f"/{line.path}", line.line)
        if judgement is Judgement.COMMENTED:
            git.say(self.state, pull, self.ada, text, "/README.md")
        else:
            git.say(self.state, pull, self.ada, text)
            git.vote(self.state, pull, self.ada, _VOTES[judgement])

    async def status(self, commit: str, name: str, state: CheckState) -> None:
        git.tell_status(self.state, self.repository, commit, name, _CI[state])

    async def empty(self) -> str:
        git.add_repository(self.state, self.repository.project, "empty", empty=True)
        return f"{SITE}/acme/Shop/_git/empty"

    async def rename_branch(self, name: str, to: str) -> None:
        found = self.repository.branches.pop(name)
        git.push(self.state, self.repository, to, found.id)
        self.repository.default = to
