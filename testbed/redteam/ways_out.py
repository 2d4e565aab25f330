"""Ways out of the work tree: links, hard links and races, at what reads and writes files beside the secrets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from boardhand_api import pod
from boardhand_api.pod import Stage
from boardhand_operator.specs.volumes import Mount
from boardhand_runner import hostile
from boardhand_runner.errors import ToolError
from boardhand_runner.tools.worktree import Confined
from testbed.redteam.attack import Attack
from testbed.redteam.git_config import READ_ONLY
from testbed.redteam.guards import attack, mounts, replaced
from testbed.redteam.raid import MODEL_KEY, THIEF, WORK, Raid, call, prompted, run, stolen

TOKEN = "../secrets/git/token"
CONFINED = "files are opened folder by folder below the work tree"
OUT = "leads out of the repository"
OWN_OUTPUT = 'f="$(dirname "$0")/$(basename "$0" .sh).out"'
"""Where the workbench puts the command's own output."""
SWAP = "rm -rf d; ln -s ../secrets/git d; sleep 0.01; rm d; mkdir d; echo no >d/token; sleep 0.01"
SWAPS = f"(for i in $(seq 200); do {SWAP}; done) >/dev/null 2>&1 &"
READS = [call("read_file", path="d/token", limit=number) for number in range(1, 13)]


def attacks() -> list[Attack]:
    """Every attack of this theme."""
    return [*_links(), *_notes(), *_volumes()]


@contextmanager
def _opened(confined: Confined, path: str) -> Iterator[int]:
    try:
        file = os.open(confined.root / path, os.O_RDONLY)
    except OSError as error:
        raise ToolError(str(error)) from None
    try:
        yield file
    finally:
        os.close(file)


def _written(confined: Confined, path: str, data: bytes) -> bool:
    (confined.root / path).write_bytes(data)
    return True


reading_anywhere = replaced(Confined, "open", _opened)
writing_anywhere = replaced(Confined, "write", _written)


def _links() -> list[Attack]:
    hook = f"#!/bin/sh\nexec {THIEF}\n"
    planted = [run("ln -s ../git/repository/config c"), call("write_file", path="c", content=_config())]
    return [
        attack(
            "link-to-a-secret",
            "a secret in the prompt, read through a link by the file tool",
            lambda: Raid([run(f"ln -s {TOKEN} key"), call("read_file", path="key"), WORK], prompted, OUT),
            CONFINED,
            reading_anywhere,
            short=True,
        ),
        attack(
            "link-swapped-while-it-is-read",
            "the same, by a folder that is a link every other moment",
            lambda: Raid([run(SWAPS), *READS, WORK], prompted),
            CONFINED,
            reading_anywhere,
        ),
        attack(
            "link-to-the-git-configuration",
            "to have the write tool, which sees the git directory, plant a filter",
            lambda: Raid([*planted, run("echo '* filter=evil' >.gitattributes"), WORK], stolen, OUT),
            CONFINED,
            writing_anywhere,
        ),
        attack(
            "hard-link-into-the-git-folder",
            "to have the write tool change a hook through a second name of it",
            lambda: Raid(
                [
                    run("ln $(git rev-parse --git-path config) c; ln $(git rev-parse --git-path HEAD) h"),
                    call("write_file", path="c", content=hook),
                    WORK,
                ],
                stolen,
                "Invalid cross-device link",
            ),
        ),
    ]


def _config() -> str:
    return f'[core]\n\tbare = false\n\trepositoryformatversion = 0\n[filter "evil"]\n\tclean = {THIEF}\n'


def _notes() -> list[Attack]:
    """Files that the harness reads by itself."""
    links = {"AGENTS.md": "../secrets/model-large/apiKey", "CONTRIBUTING.md": TOKEN}
    return [
        attack(
            "notes-that-are-links",
            "a secret in the prompt, as the project's notes for agents",
            lambda: Raid([WORK], lambda seen: any(MODEL_KEY in asked for asked in seen.asked), links=links),
        ),
        attack(
            "link-in-the-proof",
            "a secret read by the verify commands, through a link in the commit",
            lambda: Raid(
                [run(f"ln -s {TOKEN} key")],
                stolen,
                files={"check.sh": "cat key >>@LOOT@/got 2>/dev/null\necho 1..1\necho ok 1\n"},
            ),
            "verify mounts no secret",
            lambda: mounts(Stage.VERIFY, lambda row: [*row, Mount(pod.SECRETS.name, pod.SECRETS)]),
        ),
        attack(
            "secret-mounts-in-the-workbench",
            "a secret, by its path in the pod",
            lambda: Raid(
                [run("cat @SECRETS@/*/* >>@LOOT@/got"), WORK],
                stolen,
                "secrets/.*: No such file or directory",
            ),
            "the workbench mounts no secret",
            lambda: mounts(Stage.WORKBENCH, lambda row: [*row, Mount(pod.SECRETS.name, pod.SECRETS)]),
            short=True,
        ),
    ]


def _volumes() -> list[Attack]:
    """The volumes that the workbench shares with stages that have secrets."""
    follow = replaced(hostile, "_READ", hostile._READ & ~os.O_NOFOLLOW)
    return [
        attack(
            "output-that-is-a-link",
            "a secret in the prompt, as the output of a command",
            lambda: Raid([run(f"{OWN_OUTPUT}; ln -sf @SECRETS@/git/token $f; echo x"), WORK], prompted),
            "files of the exec volume are opened without following links",
            follow,
            short=True,
        ),
        attack(
            "server-script-replaced",
            "the workbench's own server, or the proof's script, for the next stage to run",
            lambda: Raid(
                [run(f"cp {THIEF} @ROOT@/serve/verify.sh; cp {THIEF} @ROOT@/serve/workbench.sh"), WORK],
                lambda seen: "secrets" in seen.settings.verify_script.read_text(),
                READ_ONLY,
            ),
            "the scripts are mounted read-only in the workbench",
            lambda: mounts(Stage.WORKBENCH, lambda row: [replace(mount, read_only=False) for mount in row]),
        ),
    ]
