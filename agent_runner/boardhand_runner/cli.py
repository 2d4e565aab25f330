"""The runner's command line: one subcommand a stage, as the pod's containers name them.

A stage leaves its compact answer in the termination log, says in one line on stderr why it failed, and carries the
failure's class in its exit code. Whatever else goes wrong is not caught: Python's own exit code is Infrastructure.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO, cast

from pydantic import ValidationError

from boardhand_api.failures import FailureClass, exit_code_of
from boardhand_api.order import ORDER_VERSION, Order
from boardhand_api.pod import ORDER_BYTES, Stage
from boardhand_api.redaction import Redaction
from boardhand_api.result import (
    POD_TERMINATION_BYTES,
    TERMINATION_BYTES,
    Checked,
    Published,
    Refusal,
    Result,
    termination_message,
)
from boardhand_api.versions import newer
from boardhand_runner import show
from boardhand_runner.errors import Configuration, Infrastructure, RunnerError
from boardhand_runner.local.command import add_parser
from boardhand_runner.settings import Settings
from boardhand_runner.stages import checkout, publish
from boardhand_runner.stages.commands import with_commands
from boardhand_runner.transcript import secrets_below

Answer = Result | Published | Checked


@dataclass(frozen=True)
class Command:
    """A stage as a subcommand."""

    help: str
    run: Callable[[Settings, Order], Answer]
    failed: Callable[[Refusal], Answer]
    """The answer of a stage that could give none."""


def _agent(settings: Settings, order: Order) -> Answer:
    # Imported here: the graph's libraries take a second that the other stages need not pay.
    from boardhand_runner import agent

    return agent.main(settings, with_commands(settings, order))


COMMANDS: Mapping[Stage, Command] = {
    Stage.CHECKOUT: Command(
        "clone the repository and place the workbench's scripts",
        checkout.main,
        lambda refusal: Checked(failure=refusal),
    ),
    Stage.AGENT: Command("work the ticket", _agent, lambda refusal: Result(failure=refusal)),
    Stage.PUBLISH: Command(
        "push the work and export it for the proof",
        lambda settings, order: publish.main(settings, order, sys.stdout),
        lambda refusal: Published(failure=refusal),
    ),
}


_UNKNOWN = (
    "The order is of version {version}, and this runner knows versions up to {known}: let the operator and its"
    " runner.image be of one release."
)
_LEAST_ROOM = min(TERMINATION_BYTES, POD_TERMINATION_BYTES // 16)
"""Bytes of the message where the order does not say: such a pod has more containers than any."""


def read_order(settings: Settings) -> Order:
    """The order in settings.order. Raises Configuration where it is none, Infrastructure where it is too new."""
    try:
        with settings.order.open("rb") as stream:
            text = stream.read(ORDER_BYTES)
        if version := newer(text, ORDER_VERSION):
            raise Infrastructure("VersionUnknown", _UNKNOWN.format(version=version, known=ORDER_VERSION))
        return Order.model_validate_json(text)
    except OSError as error:
        raise Configuration("OrderUnreadable", f"{settings.order} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        raise Configuration("OrderWrong", f"{settings.order} is no order: {where}: {first['msg']}.") from None


def run_stage(stage: Stage, settings: Settings) -> int:
    """Run a stage to its answer; the exit code."""
    command, room = COMMANDS[stage], _LEAST_ROOM
    try:
        order = read_order(settings)
        room = order.message_bytes
        answer = command.run(settings, order)
    except RunnerError as error:
        answer = command.failed(error.refusal())
        # Not where the stage answered for itself: the agent's log ends with its result, and nothing may follow that.
        sys.stderr.write(f"{stage}: {error.failure_class}/{error.reason}: {' '.join(error.message.split())}\n")
    message = known(settings).clean(termination_message(answer, room))
    settings.termination_log.write_text(message, encoding="utf-8")
    if answer.failure is None:
        return 0
    failure = answer.failure
    # Work worth handing over goes on to be published, whatever kept the agent from finishing it.
    return 0 if isinstance(answer, Result) and answer.partial else exit_code_of(FailureClass(failure.failure_class))


def run_in_pod(stage: Stage) -> int:
    """Run a stage as the container that it is; the exit code."""
    end_on_term()
    settings = Settings.from_environment()
    # Whatever is not caught ends in a traceback, which anybody may read who reads the pod's log.
    sys.stderr = cast(TextIO, known(settings).stream(sys.stderr))
    return run_stage(stage, settings)


def known(settings: Settings) -> Redaction:
    """The secrets that are mounted into this stage."""
    found = Redaction()
    found.know(secrets_below(settings.secrets))
    return found


def end_on_term() -> None:
    """End at once when the kubelet says so, threads that wait for a command and all.

    The first process of a container is sent TERM in vain unless it asks for it, and would hold a cancelled run's pod
    for its whole grace period.
    """
    signal.signal(signal.SIGTERM, lambda number, _frame: os._exit(128 + number))


def parser() -> argparse.ArgumentParser:
    """Every subcommand sets `call`: a function of the parsed arguments that returns the exit code."""
    top = argparse.ArgumentParser(
        prog="boardhand-runner", description="The stages of a run that are not the project's own."
    )
    subcommands = top.add_subparsers(required=True, metavar="STAGE")
    for stage, command in COMMANDS.items():
        sub = subcommands.add_parser(stage.value, help=command.help, description=command.help)
        sub.set_defaults(call=lambda _arguments, stage=stage: run_in_pod(stage))
    add_parser(subcommands)
    show.add_parser(subcommands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """The console script; `argv` without the program's name."""
    arguments = parser().parse_args(argv)
    code: int = arguments.call(arguments)
    return code
