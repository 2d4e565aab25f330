"""The publish stage: pushes the work and exports that very commit for the proof.

It reads objects and one reference of the run's git directory, and of it nothing else: see `publishing.fresh`. The work
tree is the model's, and nothing in it is looked at here. Files of Git LFS are the pointers that were committed: LFS is
not run, and uploads nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from boardhand_api.order import Order
from boardhand_api.redaction import Redaction
from boardhand_api.result import Published
from boardhand_runner.errors import Infrastructure, Refused
from boardhand_runner.git import Git
from boardhand_runner.leaks import Finder
from boardhand_runner.settings import Settings
from boardhand_runner.stages.publishing.branch import check_branch, push
from boardhand_runner.stages.publishing.changes import check_changes
from boardhand_runner.stages.publishing.diff import write_diff
from boardhand_runner.stages.publishing.fresh import Fresh, bring_submodules, fresh
from boardhand_runner.stages.publishing.secrecy import all_finders, check_secrecy
from boardhand_runner.submodules import add_files, recorded
from boardhand_runner.transcript import secrets_below


def main(settings: Settings, order: Order, out: TextIO | None = None) -> Published:
    """Check, export and push, then write what was pushed to `out`; an answer without a commit where there is nothing
    to push.

    Raises Refused where a policy forbids it, else what `fresh` raises and what `Remote.fault` makes of it.
    """
    check_branch(settings, order.branch)
    with fresh(settings, order) as work:
        if work.is_known:
            return Published()
        check_left(work)
        find = all_finders(settings, order)
        check_secrecy(find, work, check_changes(work, order))
        if order.submodules:
            bring_submodules(settings, work.git, work.head)
        # Before the push: whatever goes wrong with the export, no branch without a proof is left behind.
        export(settings, work.head, with_submodules=order.submodules, git_dir=work.git.git_dir)
        push(settings, order, work)
        if out:
            show(settings, work, find, out)
        return Published(branch=order.branch, commit=work.head)


def show(settings: Settings, work: Fresh, find: Sequence[Finder], out: TextIO) -> None:
    """Write the change for people to see. What was pushed stays so, whatever becomes of that."""
    mounted = Redaction()
    mounted.know(secrets_below(settings.secrets))
    try:
        write_diff(work, out, find, mounted.clean)
    except Infrastructure as failed:
        sys.stderr.write(f"publish: the change is pushed, and cannot be shown here: {failed.message}\n")


def check_left(work: Fresh) -> None:
    """The work leaves something to prove."""
    if not work.git.text("ls-tree", work.head):
        raise Refused("NothingLeft", "The change deletes every file of the repository.")


def export(settings: Settings, head: str, *, with_submodules: bool = False, git_dir: Path | None = None) -> None:
    """The commit's files, and those of the submodules it records, through an index of their own.

    Not git archive: what it leaves out and rewrites is written in the commit's own .gitattributes.
    """
    settings.proof.mkdir(parents=True, exist_ok=True)
    if any(settings.proof.iterdir()):
        raise Infrastructure("ProofNotEmpty", f"{settings.proof} holds files already, so it would prove nothing.")
    index = settings.home / "publish.index"
    git = Git(settings, work_tree=settings.proof, index=index, git_dir=git_dir)
    git.run("read-tree", head)
    if with_submodules:
        add_files(git, recorded(git, head))
    git.run("checkout-index", "--all", "--quiet")
    index.unlink()
