"""The questions of `boardhand init` in their order, each answer tried."""

from __future__ import annotations

from collections.abc import Coroutine
from importlib.metadata import entry_points
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from boardhand_api import pool
from boardhand_api.model import PlainModel, Provider
from boardhand_cli import session
from boardhand_cli.drafting import PUSH, READ, Draft, Json
from boardhand_cli.questions import Questions
from boardhand_client.trials import UNTRIED, Reach, Trial, try_board, try_clone, try_forge, try_model
from boardhand_client.trials.boards import columns_of
from boardhand_client.trials.checks.images import wrong_with
from boardhand_operator import boards, forges
from boardhand_operator.credentials.pool_secrets import git_keys
from boardhand_operator.plugins import implementation

_OWN_URL = frozenset({"jira", "jira-dc", "gitea", "forgejo"})
"""Boards and forges that are at no address of their vendor's."""
_HOSTS = {"github.com": "github", "gitlab.com": "gitlab", "bitbucket.org": "bitbucket", "dev.azure.com": "azure"}


_TOKEN = frozenset({"github", "github-projects"})


class PoolQuestions:
    """The questions in their order."""

    def __init__(self, questions: Questions, trials: bool) -> None:
        self._ask, self._trials = questions, trials

    def draft(self, verify: list[str]) -> Draft:
        """All answers."""
        ask = self._ask.ask
        out = Draft(
            namespace=ask("--namespace", "Namespace of the pool", "default"), name=ask("NAME", "Name of the pool")
        )
        if self._ask.has("--board"):
            self._board(out)
        self._repository(out)
        self._model(out)
        out.spec["workbench"] = self._workbench(verify)
        self._ask.done()
        return out

    def _board(self, out: Draft) -> None:
        ask = self._ask.ask
        kind = ask("--board-type", "Board, - for none", "trello", (*_types(boards.ENTRY_POINTS), "-"))
        if kind == "-":
            return
        url = self._url("--board-url", "the board", kind)
        while True:
            about: Json = {"type": kind, "board": ask("--board", "Which board"), **url}
            held = self._ask.credentials("board", _keys(boards.ENTRY_POINTS, kind))
            found = self._tried(_named(about, held))
            if found.ok:
                break
            self._ask.wrong(found)
        columns = self._columns(found.offers)
        while not (found := self._tried(_board(about, columns, held))).ok:
            self._ask.wrong(found)
            columns = self._columns(found.offers)
        out.spec["board"], out.credentials["board"] = about | {"columns": columns}, held

    def _columns(self, offers: tuple[str, ...]) -> Json:
        ask, usual = self._ask.ask, pool.Columns()
        if offers:
            self._ask.say(f"the columns on this board are: {', '.join(offers)}")
        wanted = {
            "ready": ask("--ready", "Column whose tickets are taken", _usual(usual.ready, offers), offers),
            "inProgress": ask("--in-progress", "Column for work", _usual(usual.in_progress, offers), offers),
            "review": ask("--review", "Column for review", _usual(usual.review, offers), offers),
        }
        failed = ask("--failed", "Column for failed tickets (- for none)", "-", (*offers, "-") if offers else ())
        return wanted | ({} if failed == "-" else {"failed": failed})

    def _repository(self, out: Draft) -> None:
        ask = self._ask.ask
        while True:
            url = ask("--repository", "Clone address of the repository")
            about = {"url": url, "branch": ask("--branch", "Branch that work starts from", "main")}
            git = self._ask.credentials(PUSH, git_keys(url))
            kind = ask("--forge-type", "Forge", _HOSTS.get(urlsplit(url).hostname or ""), _types(forges.ENTRY_POINTS))
            forge: Json = {"type": kind, **self._url("--forge-url", "the forge", kind)}
            held = self._ask.credentials("forge", _keys(forges.ENTRY_POINTS, kind))
            read = self._ask.credentials(READ, ()) or git
            found = self._tried(_forge(forge, about, held))
            for values, push in ((git, True), (read, False)):
                found = self._tried(_git(forge, about, values, push)) if found.ok or found.reason == UNTRIED else found
            if found.ok or found.reason == UNTRIED:
                break
            self._ask.wrong(found)
        out.spec |= {"repository": about, "forge": forge}
        out.credentials |= {READ: read, PUSH: git} | ({"forge": held} if held else {})

    def _model(self, out: Draft) -> None:
        ask = self._ask.ask
        while True:
            kind = ask("--provider", "Who serves the model", "openai", tuple(Provider))
            base = ask("--base-url", "Address of the model's server (- for the provider's own)", "-")
            about: Json = {"provider": kind, "name": ask("--model", "Model")} | (
                {} if base == "-" else {"baseURL": base}
            )
            held = self._ask.credentials("models.large", ("apiKey",))
            found = self._tried(_large(about, held))
            if found.ok:
                break
            self._ask.wrong(found)
        out.spec["models"], out.credentials["models.large"] = {"large": about}, held

    def _workbench(self, verify: list[str]) -> dict[str, Any]:
        while problem := wrong_with(image := self._ask.ask("--image", "Image with the project's toolchain")):
            self._ask.wrong(Trial(False, problem))
        return {"image": image} | ({"verify": verify} if verify else {})

    def _url(self, flag: str, what: str, kind: str) -> dict[str, str]:
        said = self._ask.ask(flag, f"Address of {what} (- for the vendor's own)", None if kind in _OWN_URL else "-")
        return {} if said == "-" else {"url": said}

    def _tried(self, work: Coroutine[Any, Any, Trial]) -> Trial:
        """What comes of it; what was answered may be nothing that can be tried."""
        if not self._trials:
            work.close()
            return Trial(True, "not tried")
        try:
            with session.console().status("trying"):
                found = session.run(work)
        except ValidationError as wrong:
            first = wrong.errors(include_url=False, include_input=False)[0]
            found = Trial(False, f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}")
        if found.ok or found.reason == UNTRIED:
            self._ask.say(f"{'✓' if found.ok else '?'} {found.said}")
        return found


def _types(group: str) -> tuple[str, ...]:
    return tuple(sorted(one.name for one in entry_points(group=group)))


def _keys(group: str, kind: str) -> tuple[str, ...]:
    """GitHub's classes want none, since an App's may take the token's place."""
    return tuple(implementation(group, kind, "type").credential_keys) or (("token",) if kind in _TOKEN else ())


def _usual(name: str, offers: tuple[str, ...]) -> str | None:
    return name if name in offers or not offers else None


async def _named(about: Json, held: dict[str, str]) -> Trial:
    return await columns_of(pool.Board.model_validate(about | {"secretRef": {"name": "board"}}), held, Reach())


async def _board(about: Json, columns: Json, held: dict[str, str]) -> Trial:
    spec = pool.Board.model_validate(about | {"columns": columns, "secretRef": {"name": "board"}})
    return await try_board(spec, held, Reach())


async def _forge(forge: Json, about: Json, held: dict[str, str]) -> Trial:
    reference = {"secretRef": {"name": "forge"}} if held else {}
    repository = pool.Repository.model_validate(about | {"pushSecretRef": {"name": "git"}})
    return await try_forge(pool.Forge.model_validate(forge | reference), repository, held, Reach())


async def _git(forge: Json, about: Json, values: dict[str, str], push: bool) -> Trial:
    repository = pool.Repository.model_validate(about | {"pushSecretRef": {"name": "git"}})
    return await try_clone(repository, pool.Forge.model_validate(forge), values, push=push, reach=Reach())


async def _large(about: Json, held: dict[str, str]) -> Trial:
    return await try_model(PlainModel.model_validate(about), held.get("apiKey"), Reach())
