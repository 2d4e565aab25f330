"""`boardhand-runner run`: one ticket through the stages as local processes, without a cluster.

The stages are the pod's own, in its order, below a temporary root. What a pod adds is left out: see LEFT_OUT.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from boardhand_api.failures import exit_code_of
from boardhand_api.model import Provider
from boardhand_api.order import Order
from boardhand_api.pod import Stage
from boardhand_api.result import Checked, Published
from boardhand_api.run import Task
from boardhand_runner.local import report
from boardhand_runner.local.ground import Unusable, lay_out, place_secrets, source_of
from boardhand_runner.local.order import order_of, write_order
from boardhand_runner.local.stages import AGENT_LOG, answer_of, message_of, prove, run_agent, run_stage, workbench
from boardhand_runner.settings import Settings
from boardhand_runner.stages.commands import with_commands

LEFT_OUT = (
    "Left out here: containers and every isolation between the stages (commands of the model run as you, with your"
    " files in reach), board and forge, the operator and the cluster."
)


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


def _stages(settings: Settings, order: Order, target: str, *, raw: bool) -> int:
    """The pod's stages, one after the other; each only where the one before ended with 0. raw: for a program."""
    if code := run_stage(settings, Stage.CHECKOUT):
        return report.failed(Stage.CHECKOUT, answer_of(settings, Stage.CHECKOUT, Checked), code)
    with workbench(settings, order.workdir):
        result, code = run_agent(settings, raw=raw)
    if code or result is None:
        return report.failed(Stage.AGENT, result, code or 1)
    if result.commit is None:
        return report.answered(result)
    write_order(settings, order.model_copy(update={"push_to": target}))
    if code := run_stage(settings, Stage.PUBLISH):
        return report.failed(Stage.PUBLISH, answer_of(settings, Stage.PUBLISH, Published), code)
    report.say(f"── {Stage.VERIFY}")
    code = prove(settings, order)
    told = result.failure
    report.proved(result, with_commands(settings, order), target, code, message_of(settings, Stage.VERIFY) or "")
    if raw:
        report.came(order, target, code)
    return code or (exit_code_of(told.failure_class) if told else 0)
