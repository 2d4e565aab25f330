"""GiteaForge on the stand-in in this process, and what people do in that repository meanwhile."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import httpx

from boardhand_operator.forges.gitea.forge import GiteaForge
from boardhand_operator.forges.gitea.said import EVENTS
from boardhand_operator.reviews import CheckState, Judgement, LineComment
from testbed.gitea import issue_state as desk
from testbed.gitea import pull_state
from testbed.gitea.app import create_app
from testbed.gitea.hook_call import hook_call
from testbed.gitea.pull_models import Pull as Stored
from testbed.gitea.shapes import is_draft
from testbed.gitea.state import GiteaState, Token
from tests.contract.board_wires import Wire
from tests.contract.forge_bench import Pull
from tests.contract.forge_requests import check_forge_requests
from tests.contract.standin_forge import StandinForge

SITE, NAME = "http://gitea.test", "team/app"
TOKENS = {
    "a-token-of-the-bot": Token("bot", True),
    "a-token-of-the-owner": Token("team", True),
    "a-token-of-a-reader": Token("bot", False),
}
STATES = {CheckState.PASSED: "success", CheckState.FAILED: "failure", CheckState.RUNNING: "pending"}


class GiteaForgeBench(StandinForge[GiteaForge]):
    """A fresh repository; every look at the clock is a second later."""

    kind, site = "gitea", SITE
    has = frozenset(
        {
            "labels",
            "labels-must-exist",
            "reviewers",
            "template",
            "drafts",
            "reviews",
            "judgements",
            "line-comments",
            "reopening",
            "checks",
            "hooks",
            "second-pull-request-race",
        }
    )
    secret, person, label, reviewer = "shop-gitea", "ada", "bot", "grace"
    opened, edited, commented = "POST .*/pulls$", "PATCH .*/pulls/[0-9]+$", "POST .*/issues/[0-9]+/comments$"
    subscribed, signs_body = "POST .*/hooks$", True
    body_limit, full_page = 10_000_000, 50
    clone_url, nowhere = f"{SITE}/{NAME}.git", f"{SITE}/team/nothing.git"

    def __init__(self) -> None:
        ticks = itertools.count(1767225600)
        self.off = 0.0
        self.state = GiteaState(dict(TOKENS), SITE, now=lambda: float(next(ticks)) + self.off)
        self.repository = self.state.add_repository(NAME)
        self.repository.tracker.writers = {"ada", "bot", "grace"}
        desk.add_label(self.state, self.repository, "bot")
        self.vendor = httpx.ASGITransport(create_app(self.state))
        self.wire = Wire(self.vendor)
        self._commits = itertools.count(1)

    def credentials(self, token: str | None, *, hook: bool) -> dict[str, str]:
        return {"token": f"{token or ('a-token-of-the-owner' if hook else 'a-token-of-the-bot')}\n"}

    def reader_token(self) -> str:
        return "a-token-of-a-reader"

    # What a git client does

    async def branch(self, name: str, base: str = "main") -> str:
        assert base in self.repository.branches
        return self.state.push(self.repository, name, f"{next(self._commits):040x}").commit

    async def same_branch(self, name: str) -> None:
        self.state.push(self.repository, name, self.repository.branches["main"].commit)

    async def template(self, text: str) -> None:
        self.repository.files[".gitea/PULL_REQUEST_TEMPLATE.md"] = text

    # What people do

    async def open_by_hand(self, head: str, base: str, title: str) -> int:
        return self.state.open_pull(self.repository, head, base, title, "", "ada").number

    def all_pulls(self) -> list[Pull]:
        return [_shown(pull) for pull in self.repository.pulls.values()]

    async def close(self, number: int) -> None:
        self.state.edit_pull(self.pull(number), None, None, "closed")

    async def reopen(self, number: int) -> None:
        self.state.edit_pull(self.pull(number), None, None, "open")

    async def merge(self, number: int) -> None:
        pull_state.merge(self.state, self.pull(number))

    async def put_label(self, number: int, label: str) -> None:
        self.pull(number).labels.append(desk.add_label(self.state, self.repository, label))

    async def say(self, number: int, text: str) -> None:
        self.state.add_comment(self.pull(number), text, "ada")

    async def said(self, number: int) -> list[str]:
        return [said.body for said in self.pull(number).comments]

    async def judge(self, number: int, judgement: Judgement, text: str, lines: Sequence[LineComment] = ()) -> None:
        remarks = [(line.path, line.line, line.text) for line in lines]
        pull_state.judge(self.state, self.repository, self.pull(number), "ada", EVENTS[judgement], text, remarks)

    async def status(self, commit: str, name: str, state: CheckState) -> None:
        pull_state.report(self.state, self.repository, commit, name, STATES[state])

    async def archive(self) -> bool:
        self.repository.archived = True
        return True

    async def switch_off(self) -> bool:
        self.repository.pull_requests = False
        return True

    async def empty(self) -> str:
        return f"{SITE}/{self.state.add_repository('team/empty', empty=True).full_name}.git"

    async def rename_branch(self, name: str, to: str) -> None:
        pull_state.rename_branch(self.repository, name, to)

    # What the vendor does

    async def clock(self, seconds: float) -> None:
        self.off = seconds

    def call(self, *, secret: str | None = None) -> tuple[dict[str, str], bytes]:
        payload = {"action": "reviewed", "pull_request": {"title": "grüße 🚀"}}
        return hook_call(secret or self.hook_secret, "pull_request", payload)

    async def hooks(self) -> int:
        return sum(hook.url == self.callback for hook in self.repository.tracker.hooks.values())

    def pull(self, number: int) -> Stored:
        return self.state.pull(self.repository, number)

    def check_requests(self) -> None:
        """Every request so far is one that Forgejo documents, with the token in its header alone."""
        check_forge_requests(self.wire.requests)
        assert not any(token in str(request.url) for request in self.wire.requests for token in TOKENS)


def _shown(found: Stored) -> Pull:
    return Pull(
        number=found.number,
        title=found.title,
        body=found.body,
        head=found.head,
        base=found.base,
        state="merged" if found.merged else found.state,
        draft=is_draft(found),
        labels=tuple(label.name for label in found.labels),
        reviewers=tuple(found.asked),
    )
