"""The commands that prove a run, where the pool leaves them to the repository.

Told once, from the commit that work starts from, and kept where the workbench cannot write: the model's change does not
choose what proves it.
"""

from __future__ import annotations

import json
import shlex

from boardhand_api.order import Order
from boardhand_runner.detect import TEXT_BYTES, Commands, Folder, detect, looked_for, wanted
from boardhand_runner.errors import Configuration, Infrastructure
from boardhand_runner.git import BASE_REF, Git
from boardhand_runner.settings import Settings

NOTHING = Commands((), ())


def place_commands(settings: Settings, order: Order) -> Commands | None:
    """Tell the commands and leave them for the agent and the proof; None where the order gives them.

    Set-up commands of the order stay as they are. Raises Configuration where nothing tells how the project is verified,
    unless nothing will be changed.
    """
    if order.verify:
        return None
    told = detect(base_folder(settings, order.workdir))
    if told is None and not order.task.reads_only:
        where = f"the folder {order.workdir}" if order.workdir else "the root"
        raise Configuration(
            "NothingToVerify",
            f"spec.workbench.verify is empty, and nothing in {where} of the branch {order.base_branch} says how the"
            f" project is tested. Looked for: {looked_for()}. Set spec.workbench.verify to the commands that prove a"
            " change, or spec.repository.workdir to the project's folder.",
        )
    commands = told or NOTHING
    if order.setup:
        commands = Commands(tuple(order.setup), commands.verify)
    settings.commands.write_text(json.dumps({"setup": commands.setup, "verify": commands.verify}), "utf-8")
    line = shlex.join([str(len(commands.setup)), *commands.setup, *commands.verify])
    settings.commands_script.write_text(f"set -- {line}\n", "utf-8")
    return commands


def with_commands(settings: Settings, order: Order) -> Order:
    """The order with the commands that checkout told. Raises Infrastructure where it left none."""
    if order.verify:
        return order
    try:
        told = json.loads(settings.commands.read_text("utf-8"))
    except FileNotFoundError:
        raise Infrastructure("CommandsMissing", f"Checkout left no commands at {settings.commands}.") from None
    return order.model_copy(update={"setup": told["setup"], "verify": told["verify"]})


def base_folder(settings: Settings, workdir: str) -> Folder:
    """The work folder of the base commit, read from the git directory: no filter, no link, no work tree."""
    git = Git(settings)
    names, texts = set(), {}
    for row in git.run("ls-tree", "-z", f"{BASE_REF}:{workdir}").stdout.decode("utf-8", "replace").split("\0"):
        about, _, name = row.partition("\t")
        if about.startswith("040000 tree "):
            names.add(f"{name}/")
        elif about.startswith("100"):
            names.add(name)
            if wanted(name):
                texts[name] = _text(git, about.split()[2])
    return Folder(frozenset(names), texts)


def _text(git: Git, blob: str) -> str:
    """A blob without its byte-order mark; empty where it is larger than TEXT_BYTES: people write no such build file."""
    size = int(git.text("cat-file", "-s", blob))
    return git.text("cat-file", "blob", blob).removeprefix("\ufeff") if size <= TEXT_BYTES else ""
