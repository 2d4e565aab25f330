"""The GitHub stand-in in this process as a forge, and what people do there."""

from __future__ import annotations

import hashlib
import hmac
import itertools
from collections.abc import Sequence

import httpx

from boardhand_api import pool
from boardhand_operator.forges.github.forge import GitHubForge, needs
from boardhand_operator.reviews import CheckState, Judgement, LineComment
from testbed.github import desk, pull_desk
from testbed.github.app import create_app
from testbed.github.state import GitHubState, Token
from tests.contract.board_wires import Wire
from tests.contract.forge_bench import Pull
from tests.contract.github_api import Held, check_requests
from tests.contract.standin_forge import StandinForge

SITE, NAME, API = "http://github.test", "team/app", "/api/v3"
LEAST = {"metadata": "read"} | needs(
    pool.Forge.model_validate(
        {"type": "github", "reviewers": ["team/x"], "webhook": {"callbackUrl": StandinForge.callback}}
    )
)
"""What the docs ask for."""
BOT, READER = "a-token-of-the-bot", "a-token-of-a-reader"
SEEN = {"metadata": "read", "contents": "read", "pull_requests": "read", "issues": "read"}
EVENTS = {
    Judgement.APPROVED: "APPROVE",
    Judgement.CHANGES_WANTED: "REQUEST_CHANGES",
    Judgement.COMMENTED: "COMMENT",
}
SAID = {CheckState.PASSED: "success", CheckState.FAILED: "failure", CheckState.RUNNING: "pending"}


class GitHubBench(StandinForge[GitHubForge]):
    """See `ForgeBench`; every look at the clock is a second later."""

    kind, site = "github", SITE
    has = frozenset({"labels", "labels-must-exist", "reviewers", "template", "drafts", "reviews", "judgements"})
    has |= {"line-comments", "checks", "hooks", "reopening"}
    person, secret, label, reviewer = "ada", "shop-github", "bot", "grace"
    opened = rf"^POST {API}/repos/{NAME}/pulls$"
    edited = rf"^PATCH {API}/repos/{NAME}/pulls/\d+$"
    commented = rf"^POST {API}/repos/{NAME}/issues/\d+/comments$"
    subscribed = rf"^POST {API}/repos/{NAME}/hooks$"
    body_limit, full_page = 65_536, 100
    clone_url, nowhere = f"{SITE}/{NAME}.git", f"{SITE}/team/nothing.git"
    signs_body = True

    def __init__(self) -> None:
        ticks = itertools.count(1767225600)
        self.off = 0.0
        tokens = {BOT: Token("boardhand", LEAST), READER: Token("reader", SEEN)}
        self.state = GitHubState(tokens, SITE, now=lambda: next(ticks) + self.off)
        self.repository = self.state.add_repository(NAME)
        self.repository.roles = {"ada": "write", "grace": "write", "boardhand": "admin", "reader": "read"}
        self.code = self.repository.code
        pull_desk.push(self.state, self.repository, "main")
        desk.add_label(self.state, self.repository, "bot")
        self.ada = self.state.user("ada")
        self.held = Held(httpx.ASGITransport(create_app(self.state)), API)
        self.vendor = self.held
        self.wire = Wire(self.held)

    def credentials(self, token: str | None, *, hook: bool) -> dict[str, str]:
        return {"token": BOT if token is None else token}

    def check(self) -> None:
        """What was sent, and what the stand-in answered, is what GitHub documents."""
        check_requests(self.wire.requests, API)
        self.held.check()

    # What a git client does

    async def branch(self, name: str, base: str = "main") -> str:
        return pull_desk.push(self.state, self.repository, name, base).commit

    async def same_branch(self, name: str) -> None:
        pull_desk.same_branch(self.repository, name, "main")

    async def template(self, text: str) -> None:
        self.code.files[".github/PULL_REQUEST_TEMPLATE.md"] = text

    # What people do

    async def open_by_hand(self, head: str, base: str, title: str) -> int:
        return pull_desk.open_pull(self.state, self.repository, head, base, title, "", self.ada).issue.number

    def all_pulls(self) -> list[Pull]:
        return [
            Pull(
                number=number,
                title=pull.issue.title,
                body=pull.issue.body or "",
                head=pull.head,
                base=pull.base,
                state="merged" if pull.merged else pull.issue.state,
                draft=pull.draft,
                labels=tuple(label.name for label in pull.issue.labels),
                reviewers=tuple(user.login for user in pull.reviewers),
            )
            for number, pull in sorted(self.code.pulls.items())
        ]

    async def close(self, number: int) -> None:
        desk.set_state(self.state, self.code.pulls[number].issue, "closed", self.ada)

    async def reopen(self, number: int) -> None:
        desk.set_state(self.state, self.code.pulls[number].issue, "open", self.ada)

    async def merge(self, number: int) -> None:
        pull_desk.merge(self.state, self.repository, self.code.pulls[number], self.ada)

    async def put_label(self, number: int, label: str) -> None:
        made = desk.add_label(self.state, self.repository, label)
        desk.put_on(self.state, self.code.pulls[number].issue, made, self.ada)

    async def say(self, number: int, text: str) -> None:
        desk.say(self.state, self.code.pulls[number].issue, text, self.ada)

    async def said(self, number: int) -> list[str]:
        return [said.body for said in self.code.pulls[number].issue.said]

    async def judge(self, number: int, judgement: Judgement, text: str, lines: Sequence[LineComment] = ()) -> None:
        said = [(line.path, line.line, line.text) for line in lines]
        pull_desk.review(self.state, self.code.pulls[number], self.ada, EVENTS[judgement], text, said)

    async def status(self, commit: str, name: str, state: CheckState) -> None:
        pull_desk.status(self.state, self.repository, commit, name, SAID[state], self.ada)

    # What owners do

    async def archive(self) -> bool:
        self.repository.archived = True
        return True

    async def switch_off(self) -> bool:
        self.code.pull_requests = False
        return True

    async def empty(self) -> str:
        self.state.add_repository("team/empty").roles = dict(self.repository.roles)
        return f"{SITE}/team/empty.git"

    async def rename_branch(self, name: str, to: str) -> None:
        found = self.code.branches.pop(name)
        found.name = self.repository.default_branch = to
        self.code.branches[to] = found

    # Webhooks, and what goes wrong

    def call(self, *, secret: str | None = None) -> tuple[dict[str, str], bytes]:
        body = b'{"action":"submitted","review":{"state":"approved"}}'
        signature = hmac.new((secret or self.hook_secret).encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-GitHub-Event": "pull_request_review", "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958"}
        return headers | {"X-Hub-Signature-256": f"sha256={signature}"}, body

    async def hooks(self) -> int:
        return sum(hook.url == self.callback for hook in self.repository.hooks.values())

    def reader_token(self) -> str:
        return READER

    async def clock(self, seconds: float) -> None:
        self.off = seconds
