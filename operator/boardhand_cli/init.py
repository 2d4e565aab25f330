"""`boardhand init`: a pool from answers, each tried as it is given."""

from __future__ import annotations

import os
import sys
from collections.abc import Coroutine
from enum import StrEnum
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from pydantic import ValidationError

from boardhand_api import pool
from boardhand_api.model import PlainModel, Provider
from boardhand_cli import session
from boardhand_cli.cluster import Where
from boardhand_cli.drafting import PUSH, READ, Draft, Json, written
from boardhand_cli.problems import Exit, Problem
from boardhand_cli.questions import Questions
from boardhand_cli.session import NAMESPACE, SECRET, Context, KeyFile, Kubeconfig, OperatorNamespace, Secret
from boardhand_client.trials import Reach, Trial, try_board, try_forge, try_model
from boardhand_client.trials.boards import columns_of
from boardhand_client.trials.checks.images import wrong_with
from boardhand_operator import boards, forges
from boardhand_operator.plugins import implementation
from boardhand_operator.pool_secrets import git_keys
from boardhand_operator.sealed.keyring import Unusable

_OWN_URL = frozenset({"jira", "jira-dc", "gitea", "forgejo"})
"""Boards and forges that are at no address of their vendor's."""
_HOSTS = {"github.com": "github", "gitlab.com": "gitlab", "bitbucket.org": "bitbucket", "dev.azure.com": "azure"}


_TOKEN = frozenset({"github", "github-projects"})


class Credentials(StrEnum):
    """How credentials are written."""

    SECRET = "secret"  # noqa: S105 (no secret)
    SEALED = "sealed"


Text = Annotated[str | None, typer.Option()]


def init(
    name: Annotated[str | None, typer.Argument(help="The pool's.")] = None,
    namespace: Annotated[str | None, typer.Option("--namespace", "-n", help="The pool's.")] = None,
    board: Text = None,
    board_type: Text = None,
    board_url: Text = None,
    ready: Text = None,
    in_progress: Text = None,
    review: Text = None,
    failed: Text = None,
    repository: Text = None,
    branch: Text = None,
    forge_type: Text = None,
    forge_url: Text = None,
    provider: Text = None,
    base_url: Text = None,
    model: Text = None,
    image: Annotated[str | None, typer.Option(help="Toolchain image of the workbench.")] = None,
    verify: Annotated[list[str] | None, typer.Option(metavar="COMMAND", help="May be repeated.")] = None,
    credential: Annotated[
        list[str] | None, typer.Option(metavar="PLACE.KEY=FILE", help="Such as board.token=token.txt; repeated.")
    ] = None,
    credentials: Annotated[Credentials, typer.Option(help="How they are written.")] = Credentials.SECRET,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Absent: standard output.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; take flags and defaults.")] = False,
    trials: Annotated[bool, typer.Option("--trials/--no-trials", help="Try each answer.")] = True,
    key_file: KeyFile = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    operator_namespace: OperatorNamespace = NAMESPACE,
    secret: Secret = SECRET,
) -> None:
    """Ask for a pool's parts, try each answer, and write its YAML.

    Every question has a flag of its name; --yes asks none. A value that is secret comes from a file, or is typed
    without being shown.
    """
    if output and output.exists() and not force:
        raise Problem(Exit.REFUSED, f"{output} is there: give --force to replace it, or another name")
    given = {
        **{"NAME": name, "--namespace": namespace, "--board": board, "--board-type": board_type},
        **{"--board-url": board_url, "--ready": ready, "--in-progress": in_progress, "--review": review},
        **{"--failed": failed, "--repository": repository, "--branch": branch, "--forge-type": forge_type},
        **{"--forge-url": forge_url, "--provider": provider, "--base-url": base_url, "--model": model},
        **{"--image": image},
    }
    asking = _Asking(Questions(given, credential or (), quiet=yes), trials)
    draft = asking.draft(verify or [])
    sealing = credentials is Credentials.SEALED
    ring = session.ring_of(key_file, Where(kubeconfig, context, operator_namespace, secret)) if sealing else None
    try:
        text = written(draft.documents(ring))
    except Unusable as wrong:
        raise Problem(Exit.INPUT, str(wrong)) from None
    _write(text, output)
    target = output or "-"
    session.console().print(f"next: kubectl apply -f {target}; boardhand doctor -n {draft.namespace} {draft.name}")


def _write(text: str, output: Path | None) -> None:
    """Readable by its owner alone: it may hold Secrets."""
    if output is None:
        sys.stdout.write(text)
        return
    try:
        handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as wrong:
        raise Problem(Exit.INPUT, f"{output} cannot be written: {wrong.strerror}") from None


class _Asking:
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
            found = self._tried(_forge(forge, about, held))
            if found.ok:
                break
            self._ask.wrong(found)
        out.spec |= {"repository": about, "forge": forge}
        out.credentials |= {READ: self._ask.credentials(READ, ()) or git, PUSH: git} | ({"forge": held} if held else {})

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
        if found.ok:
            self._ask.say(f"✓ {found.said}")
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


async def _large(about: Json, held: dict[str, str]) -> Trial:
    return await try_model(PlainModel.model_validate(about), held.get("apiKey"), Reach())
