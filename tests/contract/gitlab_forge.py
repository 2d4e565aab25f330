"""The GitLab stand-in in this process as a forge, and what people do there."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence

import httpx

from boardhand_operator.forges.gitlab.forge import GitLabForge
from boardhand_operator.reviews import CheckState, Judgement, LineComment
from testbed.gitlab.app import create_app
from testbed.gitlab.call import DEVELOPER, GUEST, MAINTAINER
from testbed.gitlab.merge_shapes import is_draft
from testbed.gitlab.models import MergeRequest
from testbed.gitlab.state import GitLabState
from tests.contract.board_wires import Wire
from tests.contract.forge_bench import Pull
from tests.contract.gitlab_board import CALLBACK, SIGNING, SITE, TOKENS, signed_call
from tests.contract.gitlab_documented import Held, check_requests
from tests.contract.standin_forge import StandinForge

NAME = "team/web/app"
MEMBERS = {"ada": DEVELOPER, "grace": DEVELOPER, "boardhand": DEVELOPER, "keeper": MAINTAINER, "reader": GUEST}
SAID = {CheckState.PASSED: "success", CheckState.FAILED: "failed", CheckState.RUNNING: "running"}


class GitLabForgeBench(StandinForge[GitLabForge]):
    """See `ForgeBench`; every look at the clock is a second later."""

    kind, site, callback, hook_secret = "gitlab", SITE, CALLBACK, SIGNING
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
    person, secret, label, reviewer = "ada", "shop-gitlab", "bot", "grace"
    opened, edited = "^POST .*/merge_requests$", "^PUT .*/merge_requests/[0-9]+$"
    commented, subscribed = "^POST .*/merge_requests/[0-9]+/notes$", "^POST .*/hooks$"
    body_limit, full_page = 1_000_000, 100
    clone_url, nowhere = f"{SITE}/{NAME}.git", f"{SITE}/team/web/nothing.git"
    signs_body = True

    def __init__(self) -> None:
        self._ticks = itertools.count(1767225600)
        self.state = GitLabState(dict(TOKENS), SITE, now=lambda: float(next(self._ticks)))
        self.project = self.state.add_project(NAME, MEMBERS)
        self.state.add_label(self.project, "bot")
        self.vendor = httpx.ASGITransport(create_app(self.state))
        self.held = Held(self.vendor)
        self.wire = Wire(self.held)

    def credentials(self, token: str | None, *, hook: bool) -> dict[str, str]:
        return {"token": f"{token or ('a-token-of-a-maintainer' if hook else 'a-token-of-the-bot')}\n"}

    def merge_request(self, number: int) -> MergeRequest:
        return self.project.merge_requests[number]

    def check_requests(self) -> None:
        """What was sent and answered so far is what GitLab documents; no quick action was carried out."""
        assert self.held.wrong == []
        assert self.state.orders == []
        check_requests(self.wire.requests)
        assert not any(token in str(request.url) for request in self.wire.requests for token in TOKENS)

    # What a git client does

    async def branch(self, name: str, base: str = "main") -> str:
        commit = hashlib.sha1(f"{base} {name} {next(self._ticks)}".encode(), usedforsecurity=False).hexdigest()
        self.state.push(self.project, name, commit)
        return commit

    async def same_branch(self, name: str) -> None:
        self.state.push(self.project, name, self.project.branches["main"].commit)

    async def template(self, text: str) -> None:
        self.project.files[".gitlab/merge_request_templates/Bug.md"] = "of bugs"
        self.project.files[".gitlab/merge_request_templates/Default.md"] = text

    # What people do

    async def open_by_hand(self, head: str, base: str, title: str) -> int:
        return self.state.add_merge_request(self.project, head, base, title, "", "ada").iid

    def all_pulls(self) -> list[Pull]:
        return [
            Pull(
                number=number,
                title=found.title,
                body=found.body,
                head=found.source,
                base=found.target,
                state={"opened": "open"}.get(found.state, found.state),
                draft=is_draft(found),
                labels=tuple(found.labels),
                reviewers=tuple(found.reviewers),
            )
            for number, found in sorted(self.project.merge_requests.items())
        ]

    async def close(self, number: int) -> None:
        self.merge_request(number).state = "closed"

    async def reopen(self, number: int) -> None:
        self.merge_request(number).state = "opened"

    async def merge(self, number: int) -> None:
        self.merge_request(number).state = "merged"

    async def put_label(self, number: int, label: str) -> None:
        self.merge_request(number).labels.append(self.state.add_label(self.project, label).name)

    async def say(self, number: int, text: str) -> None:
        self.state.say(self.merge_request(number), text, "ada")

    async def said(self, number: int) -> list[str]:
        return [note.body for note in self.merge_request(number).notes if not note.system and note.position is None]

    async def judge(self, number: int, judgement: Judgement, text: str, lines: Sequence[LineComment] = ()) -> None:
        """As with GitLab's "Submit review"."""
        found = self.merge_request(number)
        for line in lines:
            position = {"position_type": "text", "new_path": line.path, "old_path": line.path, "new_line": line.line}
            refs = dict.fromkeys(("base_sha", "start_sha", "head_sha"), "0" * 40)
            self.state.say(found, line.text, "ada", position=refs | position)
        self.state.say(found, text, "ada")
        if judgement is Judgement.APPROVED:
            self.state.approve(found, "ada")
        elif judgement is Judgement.CHANGES_WANTED:
            self.state.request_changes(found, "ada")
        else:
            found.reviewers["ada"] = "reviewed"

    async def status(self, commit: str, name: str, state: CheckState) -> None:
        self.state.add_status(self.project, commit, name, SAID[state])

    # What owners do

    async def archive(self) -> bool:
        self.project.archived = True
        return True

    async def switch_off(self) -> bool:
        self.project.merge_requests_on = False
        return True

    async def empty(self) -> str:
        return f"{SITE}/{self.state.add_project('team/empty', MEMBERS, empty=True).path}.git"

    async def rename_branch(self, name: str, to: str) -> None:
        self.state.push(self.project, to, self.project.branches.pop(name).commit)
        self.project.default_branch = to

    # The vendor

    async def clock(self, seconds: float) -> None:
        self.state.skew = seconds

    def reader_token(self) -> str:
        return "a-token-of-a-reader"

    def call(self, *, secret: str | None = None) -> tuple[dict[str, str], bytes]:
        body = '{"object_kind":"merge_request","text":"grüße 🚀"}'.encode()
        return signed_call(secret or SIGNING, body), body

    async def hooks(self) -> int:
        return sum(hook.url == CALLBACK for hook in self.project.hooks.values())
