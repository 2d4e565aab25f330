"""`boardhand-runner run`: one ticket through the stages as local processes, without a cluster.

The stages are the pod's own, in its order, below a temporary root. What a pod adds is left out: see LEFT_OUT.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import yaml
from pydantic import ValidationError

from boardhand_api.events import Ended, parse_event
from boardhand_api.failures import exit_code_of
from boardhand_api.model import Model, Provider
from boardhand_api.order import Order, OrderLimits
from boardhand_api.pod import BRANCH_PREFIX, Stage
from boardhand_api.pool import Limits
from boardhand_api.result import Checked, Published, Result
from boardhand_api.run import Task, Ticket
from boardhand_runner import local_report as report
from boardhand_runner.git import execute, git_environment
from boardhand_runner.settings import ROOT_VARIABLE, TERMINATION_VARIABLE, Settings
from boardhand_runner.stages.commands import with_commands

LEFT_OUT = (
    "Left out here: containers and every isolation between the stages (commands of the model run as you, with your"
    " files in reach), board and forge, the operator and the cluster."
)
AGENT_LOG = "agent.log"
"""The agent's events, below the run's root: what `boardhand-runner show` reads."""
COMMAND_SECONDS = 600
GIT_SECONDS = 900
WORKBENCH_PASSES = ("PATH", "HOME", "LANG", "LC_ALL", "JAVA_HOME", "SSL_CERT_FILE")
"""Of your environment, what the commands of the model get: no keys."""


class Unusable(Exception):
    """What was given cannot be run; the message says what to change."""


def add_parser(subcommands: Any) -> None:
    """The subcommand `run`."""
    sub = subcommands.add_parser(
        "run", help="take one ticket through all stages on this machine", description=f"{__doc__}\n{LEFT_OUT}"
    )
    sub.add_argument("--ticket", type=Path, required=True, help="YAML file: title, body, and what else a ticket has")
    sub.add_argument("--repo", required=True, help="folder or clone address of the repository")
    sub.add_argument("--branch", default="main", help="where to start from, for a clone address (default: main)")
    sub.add_argument("--push-to", help="clone address to push to (default: a bare repository below the run's folder)")
    sub.add_argument("--git-secret", type=Path, help="folder with the files username and token, for clone addresses")
    sub.add_argument("--task", choices=[task.value for task in Task], default=Task.AUTO.value)
    sub.add_argument("--provider", choices=[provider.value for provider in Provider], default=Provider.OPENAI.value)
    sub.add_argument("--model", required=True, help="name of the large model")
    sub.add_argument("--small-model", help="name of the small model (default: the large one)")
    sub.add_argument("--base-url", help="the model server's address, up to and with its version")
    sub.add_argument("--api-key-file", type=Path, help="file that holds the key")
    sub.add_argument("--setup", action="append", default=[], metavar="COMMAND", help="may be given several times")
    sub.add_argument(
        "--verify",
        action="append",
        default=[],
        metavar="COMMAND",
        help="may be given several times (default: told from the repository's build files)",
    )
    sub.add_argument("--workdir", default="", help="folder of the repository that commands start in")
    sub.add_argument("--no-tests-needed", action="store_true", help="take a verify run without any test for a pass")
    sub.add_argument("--money", type=float, help="US dollars the run may use")
    sub.add_argument("--events", action="store_true", help="print the agent's events as they are, and last what came")
    sub.set_defaults(call=lambda arguments: run_local(arguments))


def run_local(arguments: argparse.Namespace) -> int:
    """Run the ticket and print what comes of it; the verdict, or the exit code of the stage that failed."""
    try:
        settings = lay_out(Path(tempfile.mkdtemp(prefix="boardhand-run-")))
        source, branch = source_of(arguments, settings)
        order = order_of(arguments, settings, source, branch)
        place_secrets(arguments, settings)
    except Unusable as error:
        sys.stderr.write(f"boardhand-runner run: {error}\n")
        return 2
    report.say(f"{LEFT_OUT}\nEverything of this run is below {settings.root}")
    report.say(f"The agent's log afterwards: boardhand-runner show {settings.root / AGENT_LOG}\n")
    return _stages(settings, order, arguments.push_to or source, raw=arguments.events)


def lay_out(root: Path) -> Settings:
    """The folders that are volumes in a pod."""
    settings = Settings(root=root, termination_log=root / "termination")
    for folder in (settings.git_dir.parent, settings.exec, settings.serve, settings.proof, settings.home):
        folder.mkdir(parents=True)
    settings.order.parent.mkdir()
    return settings


def source_of(arguments: argparse.Namespace, settings: Settings) -> tuple[str, str]:
    """The repository to clone, and the branch to start from.

    A folder is copied into a bare repository, which is then pushed to: nothing of yours is written. A folder that is
    no repository of its own becomes one, so that an example can be tried as it lies there.
    """
    folder = Path(arguments.repo)
    if not folder.is_dir():
        return arguments.repo, arguments.branch
    folder, bare = folder.resolve(), settings.root / "repository.git"
    if not ((folder / ".git").exists() or (folder / "HEAD").is_file()):
        copy = settings.root / "source"
        shutil.copytree(folder, copy)
        for command in (["init", "-q", "-b", "main"], ["add", "--all"], ["commit", "-q", "-m", "As it was given"]):
            _git(settings, *command, cwd=copy)
        folder = copy
    _git(settings, "clone", "-q", "--bare", str(folder), str(bare), cwd=settings.root)
    return str(bare), _git(settings, "symbolic-ref", "--short", "HEAD", cwd=bare)


def order_of(arguments: argparse.Namespace, settings: Settings, source: str, branch: str) -> Order:
    """The order that the operator would write, also left in its place. Raises Unusable."""
    ticket = ticket_of(arguments.ticket)
    named = arguments.small_model or arguments.model
    models = [
        Model(provider=Provider(arguments.provider), name=name, base_url=arguments.base_url)
        for name in (arguments.model, named)
    ]
    limits = Limits()
    order = Order(
        run=f"local-{os.getpid()}",
        task=Task(arguments.task),
        ticket=ticket,
        repository=source,
        base_branch=branch,
        branch=f"{BRANCH_PREFIX}{slug(ticket.id)}-{slug(ticket.title)}",
        large=models[0],
        small=models[1],
        workdir=arguments.workdir,
        setup=arguments.setup,
        verify=arguments.verify,
        limits=OrderLimits(
            steps=limits.steps,
            tokens=limits.tokens,
            money=arguments.money,
            deadline_seconds=limits.deadline_seconds,
            command_timeout_seconds=COMMAND_SECONDS,
            model_patience_seconds=limits.model_patience_seconds,
        ),
        require_tests=not arguments.no_tests_needed,
    )
    _write(settings, order)
    return order


def ticket_of(file: Path) -> Ticket:
    """The ticket in a YAML file; its id is the file's name unless it has one. Raises Unusable."""
    try:
        return Ticket.model_validate({"id": file.stem} | yaml.safe_load(file.read_text("utf-8")))
    except (OSError, yaml.YAMLError, TypeError) as error:
        raise Unusable(f"{file} is no YAML file with a ticket: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise Unusable(f"{file}: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from error


def slug(text: str) -> str:
    """The text as a part of a branch name."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:40].strip("-") or "ticket"


def place_secrets(arguments: argparse.Namespace, settings: Settings) -> None:
    """Copies of the given secrets where the stages look for them. Raises Unusable."""
    try:
        if arguments.api_key_file:
            for folder in (settings.large_secret, settings.small_secret):
                folder.mkdir(parents=True)
                (folder / "apiKey").write_text(arguments.api_key_file.read_text("utf-8"))
                (folder / "apiKey").chmod(0o600)
        if arguments.git_secret:
            shutil.copytree(arguments.git_secret, settings.git_secret)
    except OSError as error:
        raise Unusable(f"{error.filename} cannot be read: {error.strerror}") from error


def _stages(settings: Settings, order: Order, target: str, *, raw: bool) -> int:
    """The pod's stages, one after the other; each only where the one before ended with 0. raw: for a program."""
    if code := _stage(settings, Stage.CHECKOUT):
        return report.failed(Stage.CHECKOUT, _answer(settings, Stage.CHECKOUT, Checked), code)
    with workbench(settings, order.workdir):
        result, code = _agent(settings, raw=raw)
    if code or result is None:
        return report.failed(Stage.AGENT, result, code or 1)
    if result.commit is None:
        return report.answered(result)
    _write(settings, order.model_copy(update={"push_to": target}))
    if code := _stage(settings, Stage.PUBLISH):
        return report.failed(Stage.PUBLISH, _answer(settings, Stage.PUBLISH, Published), code)
    report.say(f"── {Stage.VERIFY}")
    code = prove(settings, order)
    told = result.failure
    message = settings.root / f"{Stage.VERIFY}.termination"
    report.proved(result, with_commands(settings, order), target, code, message.read_text() if message.exists() else "")
    if raw:
        report.came(order, target, code)
    return code or (exit_code_of(told.failure_class) if told else 0)


def _environment(settings: Settings, stage: Stage) -> dict[str, str]:
    log = settings.root / f"{stage}.termination"
    return {ROOT_VARIABLE: str(settings.root), TERMINATION_VARIABLE: str(log)}


def _command(stage: Stage) -> list[str]:
    return [sys.executable, "-c", "import sys; from boardhand_runner.cli import main; sys.exit(main())", stage]


def _stage(settings: Settings, stage: Stage) -> int:
    report.say(f"── {stage}")
    # What publish prints is the change for who has no repository at hand.
    out = subprocess.DEVNULL if stage is Stage.PUBLISH else None
    return subprocess.run(
        _command(stage), env=os.environ | _environment(settings, stage), stdout=out, check=False
    ).returncode


def _agent(settings: Settings, *, raw: bool) -> tuple[Result | None, int]:
    """The agent's result and exit code; its events are shown as they come, and kept as AGENT_LOG."""
    report.say(f"── {Stage.AGENT}")
    result = None
    with (
        (settings.root / AGENT_LOG).open("w", encoding="utf-8") as log,
        subprocess.Popen(
            _command(Stage.AGENT),
            env=os.environ | _environment(settings, Stage.AGENT),
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            log.write(line)
            event = parse_event(line)
            if raw:
                report.say(line.rstrip("\n"))
            else:
                report.event(event)
            result = event.result if isinstance(event, Ended) else result
    return result, process.returncode


@contextmanager
def workbench(settings: Settings, workdir: str = "", passes: Sequence[str] = WORKBENCH_PASSES) -> Iterator[None]:
    """The workbench's server. It gets nothing of your environment but what `passes` names."""
    command = ["sh", str(settings.serve_script), str(settings.root), workdir]
    with subprocess.Popen(command, env=_passed(passes)) as server:
        try:
            yield
        finally:
            server.terminate()


def prove(
    settings: Settings,
    order: Order,
    passes: Sequence[str] = WORKBENCH_PASSES,
    log: IO[bytes] | None = None,
    inside: Sequence[str] = (),
) -> int:
    """The verify stage: its exit code is the verdict. What it prints goes to `log`, else to stdout.

    `inside`: words before its command, such as those that shut it in.
    """
    flags = ["--require-tests"] if order.require_tests else []
    flags += ["--workdir", order.workdir] if order.workdir else []
    commands = [str(len(order.setup)), *order.setup, *order.verify] if order.verify else []
    command = [*inside, "sh", str(settings.verify_script), *flags, *commands]
    environment = _passed(passes) | _environment(settings, Stage.VERIFY)
    return subprocess.run(command, env=environment, stdout=log, check=False).returncode


def _passed(names: Sequence[str]) -> dict[str, str]:
    return {name: os.environ[name] for name in names if name in os.environ}


def _answer(settings: Settings, stage: Stage, kind: type[Checked | Published]) -> Checked | Published | None:
    log = settings.root / f"{stage}.termination"
    return kind.model_validate_json(log.read_text()) if log.exists() else None


def _write(settings: Settings, order: Order) -> None:
    settings.order.write_text(order.model_dump_json(by_alias=True, exclude_none=True), "utf-8")


def _git(settings: Settings, *arguments: str, cwd: Path) -> str:
    environment = git_environment(settings) | {"GIT_ALLOW_PROTOCOL": "file"}
    done = execute(arguments, environment, GIT_SECONDS, cwd=cwd)
    if done.code:
        raise Unusable(f"git {arguments[0]} of {cwd} failed: {done.stderr.strip()}")
    return done.text
