"""The bench of Bitbucket Cloud: its stand-in, in this process, and the people there."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

import httpx

from boardhand_operator.forges.bitbucket import hooks, pulls
from boardhand_operator.forges.bitbucket.forge import BitbucketForge
from boardhand_operator.reviews import CheckState, Judgement, LineComment
from testbed.bitbucket.app import create_app
from testbed.bitbucket.state import Account, BitbucketState, Token
from tests.contract.board_wires import Wire
from tests.contract.forge_bench import Pull
from tests.contract.standin_forge import StandinForge

SITE, NAME = "https://bitbucket.test", "team/app"
BOT = "Boardhand"
_STATES = {"OPEN": "open", "MERGED": "merged", "DECLINED": "closed"}
_CI = {CheckState.PASSED: "SUCCESSFUL", CheckState.FAILED: "FAILED", CheckState.RUNNING: "INPROGRESS"}


class BitbucketBench(StandinForge[BitbucketForge]):
    """A fresh repository. email: with a person's API token; without, with the repository's own access token."""

    kind, site = "bitbucket", SITE
    has = frozenset({"reviewers", "drafts", "reviews", "judgements", "line-comments", "checks", "hooks"})
    secret, person, label = "shop-bitbucket", "ada", ""
    opened, edited, commented = "^POST .*/pullrequests$", r"^PUT .*/pullrequests/\d+$", "^POST .*/comments$"
    subscribed = "^POST .*/hooks$"
    body_limit, full_page, signs_body = pulls.BODY, 50, True
    clone_url, nowhere = f"{SITE}/{NAME}.git", f"{SITE}/team/nothing.git"

    def __init__(self, email: str = "bot@team.example") -> None:
        self.email, self.state = email, BitbucketState(SITE)
        us = self.state.member(BOT) if email else Account(BOT, "app_user")
        account = {"account"} if email else set[str]()
        read, write = {"repository", "pullrequest"} | account, {"pullrequest:write"} | account
        for name, scopes in (("reader", read), ("writer", write), ("hooker", write | {"webhook"})):
            self.state.tokens[f"{name}-token-0123"] = Token(us, frozenset(scopes), email)
        self.state.member("ada")
        self.state.add_repository(NAME)
        self.reviewer = self.state.member("grace").uuid
        self.vendor = httpx.ASGITransport(create_app(self.state))
        self.wire = Wire(self.vendor)

    @property
    def repository(self) -> Any:
        return self.state.repository(NAME)

    def credentials(self, token: str | None, *, hook: bool) -> dict[str, str]:
        given = {"token": token or ("hooker-token-0123" if hook else "writer-token-0123")}
        return given | ({"email": self.email} if self.email else {})

    def call(self, *, secret: str | None = None) -> tuple[dict[str, str], bytes]:
        body = json.dumps({"actor": {}, "pullrequest": {"id": 1, "title": "ü"}, "repository": {}}).encode()
        digest = hmac.new((secret or self.hook_secret).encode(), body, hashlib.sha256).hexdigest()
        return {"X-Event-Key": "pullrequest:updated", "X-Hub-Signature": f"sha256={digest}"}, body

    async def hooks(self) -> int:
        return sum(
            one.url == self.callback and one.secret == self.hook_secret and set(one.events) == set(hooks.EVENTS)
            for one in self.repository.hooks.values()
        )

    def reader_token(self) -> str:
        return "reader-token-0123"

    async def clock(self, seconds: float) -> None:
        self.state.offset += seconds

    async def branch(self, name: str, base: str = "main") -> str:
        assert base in self.repository.branches
        return self.state.push(self.repository, name).commit

    async def same_branch(self, name: str) -> None:
        self.state.push(self.repository, name, self.repository.branches["main"].commit)

    async def template(self, text: str) -> None:
        raise AssertionError(f"Bitbucket has no templates: {text}")

    async def open_by_hand(self, head: str, base: str, title: str) -> int:
        return self.state.open_pull(self.repository, self.state.member("ada"), head, base, title).id

    def all_pulls(self) -> list[Pull]:
        return [
            Pull(
                number=one.id,
                title=one.title,
                body=one.text,
                head=one.head,
                base=one.base,
                state=_STATES[one.state],
                draft=one.draft,
                reviewers=tuple(person.name for person in one.reviewers),
            )
            for one in self.repository.pulls.values()
        ]

    async def close(self, number: int) -> None:
        self.repository.pulls[number].state = "DECLINED"

    async def reopen(self, number: int) -> None:
        raise AssertionError(f"Bitbucket opens no declined one again: {number}")

    async def merge(self, number: int) -> None:
        self.repository.pulls[number].state = "MERGED"

    async def put_label(self, number: int, label: str) -> None:
        raise AssertionError(f"Bitbucket has no labels: {label} on {number}")

    async def say(self, number: int, text: str) -> None:
        self.state.say(self.repository.pulls[number], self.state.member("ada"), text)

    async def said(self, number: int) -> list[str]:
        return [one.text for one in self.repository.pulls[number].comments]

    async def judge(self, number: int, judgement: Judgement, text: str, lines: Sequence[LineComment] = ()) -> None:
        """A person's review without a judgement is a comment on a file."""
        pull, ada = self.repository.pulls[number], self.state.member("ada")
        for line in lines:
            self.state.say(pull, ada, line.text, line.path, line.line)
        if judgement is Judgement.COMMENTED:
            self.state.say(pull, ada, text, "README.md")
        else:
            self.state.say(pull, ada, text)
            approved = judgement is Judgement.APPROVED
            self.state.judge(pull, ada, "approved" if approved else "changes_requested")

    async def status(self, commit: str, name: str, state: CheckState) -> None:
        self.state.status(self.repository, commit, name[:40], name, _CI[state])

    async def empty(self) -> str:
        self.state.add_repository("team/empty", empty=True)
        return f"{SITE}/team/empty.git"

    async def rename_branch(self, name: str, to: str) -> None:
        found = self.repository.branches.pop(name)
        self.state.push(self.repository, to, found.commit)
        self.repository.main = to
