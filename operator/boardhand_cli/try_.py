"""`boardhand try`: one ticket from a file against a local checkout, without Kubernetes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from boardhand_api.model import PlainModel, Provider
from boardhand_api.run import Task
from boardhand_cli import session
from boardhand_cli.logs import lines_of
from boardhand_cli.printing import out, shown
from boardhand_cli.problems import Exit, Problem
from boardhand_cli.session import INTERRUPTED
from boardhand_client.steps import StepRow, entry
from boardhand_client.trials import Reach, try_model

RUNNER = "boardhand-runner"
KEYS = {
    Provider.OPENAI: "OPENAI_API_KEY",
    Provider.MISTRAL: "MISTRAL_API_KEY",
    Provider.GOOGLE: "GOOGLE_API_KEY",
    Provider.ANTHROPIC: "ANTHROPIC_API_KEY",
}
"""Where the key is, with no file given: the providers' own names for it."""


def try_(
    ticket: Annotated[Path, typer.Argument(metavar="TICKET.yaml", help="title, body, and what else a ticket has.")],
    model: Annotated[str, typer.Option(help="Name of the large model.")],
    repo: Annotated[Path, typer.Option(help="Folder of the repository; nothing in it is changed.")] = Path(),
    small_model: Annotated[str | None, typer.Option(help="Absent: the large one.")] = None,
    provider: Annotated[Provider, typer.Option(help="Who serves the model.")] = Provider.OPENAI,
    base_url: Annotated[str | None, typer.Option(help="Address of the model's server, with its version.")] = None,
    api_key_file: Annotated[
        Path | None, typer.Option(help="File with the key; absent: OPENAI_API_KEY, and so on.")
    ] = None,
    setup: Annotated[list[str] | None, typer.Option(metavar="COMMAND", help="May be repeated.")] = None,
    verify: Annotated[
        list[str] | None, typer.Option(metavar="COMMAND", help="May be repeated; absent: told from the build files.")
    ] = None,
    workdir: Annotated[str | None, typer.Option(help="Folder of the repository that commands start in.")] = None,
    task: Annotated[Task, typer.Option(help="What is to be done.")] = Task.AUTO,
    money: Annotated[float | None, typer.Option(help="US dollars it may use.")] = None,
    no_tests_needed: Annotated[bool, typer.Option("--no-tests-needed", help="A proof may run no test.")] = False,
) -> None:
    """Have one ticket solved here, in a copy of a repository: no cluster, no board, no forge.

    Shows the steps as they come, then the verdict, the branch and what it changes. The commands of the model run as
    you, with your files in reach. The exit code is 0 where the proof passed.
    """
    runner = _runner()
    if not repo.is_dir():
        raise Problem(Exit.INPUT, f"--repo {repo} is no folder: give that of a checkout")
    if not ticket.exists() or ticket.is_dir():
        raise Problem(Exit.INPUT, f"{ticket} is no file: give the ticket as YAML, with a title")
    with _key(provider, api_key_file) as key:
        _tried(provider, model, base_url, key)
        given: dict[str, Any] = {
            **{"--ticket": ticket, "--repo": repo, "--model": model, "--small-model": small_model},
            **{"--provider": provider.value, "--base-url": base_url, "--api-key-file": key, "--workdir": workdir},
            **{"--task": task.value, "--money": money},
        }
        pairs = [(flag, str(value)) for flag, value in given.items() if value is not None]
        pairs += [(flag, one) for flag, many in (("--setup", setup), ("--verify", verify)) for one in many or ()]
        words = [word for pair in pairs for word in pair] + (["--no-tests-needed"] if no_tests_needed else [])
        raise typer.Exit(_run([runner, "run", "--events", *words]))


def _runner() -> str:
    """The runner's program: a process of its own, since this program has nothing of its libraries."""
    beside = Path(sys.executable).with_name(RUNNER)
    found = str(beside) if beside.is_file() else shutil.which(RUNNER)
    if found is None:
        raise Problem(Exit.INPUT, f"{RUNNER} is not installed here; in a checkout: pip install '.[runner]'")
    return found


@contextmanager
def _key(provider: Provider, file: Path | None) -> Iterator[Path | None]:
    """The file with the key; one of the environment is in a file for as long as the run takes."""
    value = os.environ.get(KEYS[provider], "")
    if file or not value:
        yield file
        return
    with tempfile.TemporaryDirectory(prefix="boardhand-try-") as folder:
        made = Path(folder) / "key"
        made.touch(0o600)
        made.write_text(value)
        yield made


def _tried(provider: Provider, name: str, base_url: str | None, key: Path | None) -> None:
    """A model that cannot be asked is said now, rather than after a run's patience. Raises Problem."""
    try:
        held = key.read_text("utf-8") if key else None
        model = PlainModel(provider=provider, name=name, base_url=base_url)
    except (OSError, UnicodeDecodeError) as wrong:
        raise Problem(Exit.INPUT, f"--api-key-file {key} cannot be read: {type(wrong).__name__}") from None
    except ValidationError:
        raise Problem(Exit.INPUT, f"--base-url {base_url} is no address such as http://127.0.0.1:11434/v1") from None
    session.redactor.know_own({"apiKey": held or ""})
    with session.console().status("trying the model"):
        found = session.run(try_model(model, held, Reach()))
    if not found.ok:
        raise Problem(Exit.INPUT, found.said)


def _run(command: list[str]) -> int:
    """Its exit code; what it says is shown as it comes."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", errors="replace") as process:
        assert process.stdout is not None
        try:
            came = _shown(process.stdout)
        except KeyboardInterrupt:
            # The terminal told the runner too.
            process.wait()
            return INTERRUPTED
    if came:
        _changes(came)
    return process.returncode


def _shown(lines: Any) -> dict[str, Any] | None:
    """What came of it, from the last line."""
    console, spent = out(), 0.0
    for line in lines:
        if came := _proved(line):
            return came
        one = entry(line.rstrip("\n"))
        spent += (one.money or 0) if isinstance(one, StepRow) else 0
        for text in lines_of(one, spent):
            console.print(text, soft_wrap=True)
    return None


def _proved(line: str) -> dict[str, Any] | None:
    if not line.startswith('{"event": "proved"'):
        return None
    found: dict[str, Any] = json.loads(line)
    return found


def _changes(came: dict[str, Any]) -> None:
    """The diffstat of the branch."""
    span = f"{came['base']}...{came['branch']}"
    command = ["git", "-C", came["repository"], "diff", "--stat", "--no-ext-diff", "--end-of-options", span]
    done = subprocess.run(command, capture_output=True, text=True, check=False, errors="replace")
    for line in done.stdout.splitlines():
        out().print(shown(line), soft_wrap=True)
