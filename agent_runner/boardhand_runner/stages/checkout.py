"""The checkout stage: the repository as the run starts from it, and what the workbench serves by."""

from __future__ import annotations

import os
from importlib import resources

from boardhand_api.order import Order
from boardhand_api.result import Checked
from boardhand_runner import submodules
from boardhand_runner.errors import Configuration
from boardhand_runner.fifo_workbench import REQUESTS
from boardhand_runner.git import BASE_REF, Git
from boardhand_runner.persistence import clone as persistence
from boardhand_runner.persistence import lock
from boardhand_runner.remote import Remote
from boardhand_runner.settings import Settings
from boardhand_runner.stages.commands import place_commands
from boardhand_runner.stages.trust import place_trust_store

HISTORY_COMMITS = 50
"""Enough to read how the project is worked on. A blobless clone would have to fetch the rest later, without
credentials; a full one of an old repository takes minutes that every run would pay."""


def main(settings: Settings, order: Order) -> Checked:
    """Clone, branch, and hand the workbench its scripts. Raises Configuration or Infrastructure."""
    base = kept_clone(settings, order) if order.persistent else clone(settings, order)
    told = place_commands(settings, order)
    place_workbench(settings)
    place_verify(settings)
    place_trust_store(settings)
    if told is None:
        return Checked(base_commit=base)
    return Checked(base_commit=base, setup=list(told.setup), verify=list(told.verify))


def kept_clone(settings: Settings, order: Order) -> str:
    """The base commit of the clone that an earlier pod of the run left, as it is, or else of a new one."""
    with lock.held(settings):
        base = persistence.kept_base(settings, order)
        if base is None:
            persistence.remove(settings)
            base = clone(settings, order)
            persistence.mark(settings, order, base)
        return base


def clone(settings: Settings, order: Order) -> str:
    """The repository at the base branch, on the run's branch, without remotes or credentials; the base commit."""
    remote = Remote(settings, order.repository)
    settings.git_dir.parent.mkdir(parents=True, exist_ok=True)
    remote.run_first(
        "clone",
        f"--separate-git-dir={settings.git_dir}",
        f"--branch={order.base_branch}",
        f"--depth={HISTORY_COMMITS}",
        "--single-branch",
        "--no-tags",
        "--no-recurse-submodules",
        "--no-checkout",
        # No template: what the image brings as hooks and excludes has no place in the run.
        "--template=",
        "--",
        remote.address,
        str(settings.work),
        in_repository=False,
    )
    git = Git(settings, work_tree=settings.work)
    git.run("remote", "remove", "origin")
    git.run("update-ref", BASE_REF, "HEAD")
    check_folders(git, order)
    if order.sparse:
        folders = [*order.sparse, *([order.workdir] if order.workdir else [])]
        git.run("sparse-checkout", "set", "--cone", "--stdin", stdin="\n".join(folders).encode())
    git.run("checkout", "--quiet", "--no-track", "-B", order.branch)
    hidden = _hidden_submodules(git)
    git.hide_submodules()
    if order.submodules:
        submodules.place(settings, order.repository, hidden)
    settings.git_pointer.write_text((settings.work / ".git").read_text())
    return git.text("rev-parse", BASE_REF)


def _hidden_submodules(git: Git) -> list[str]:
    """Those that the sparse work tree leaves out."""
    rows = git.run("ls-files", "-t", "--stage", "-z").stdout.decode("utf-8", "surrogateescape").split("\0")
    return [row.partition("\t")[2] for row in rows if row.startswith("S 160000 ")]


def check_folders(git: Git, order: Order) -> None:
    """Every folder that the pool names is one of the base commit. Raises Configuration."""
    named = [("workdir", order.workdir)] if order.workdir else []
    for field, folder in [*named, *(("sparse", folder) for folder in order.sparse)]:
        kind = git.run("cat-file", "-t", f"{BASE_REF}:{folder}", check=False)
        if kind.text != "tree":
            raise Configuration(
                "FolderMissing",
                f"There is no folder {folder} on the branch {order.base_branch}: mend spec.repository.{field}.",
            )


def place_workbench(settings: Settings) -> None:
    """Put the server's script where the workbench reads it, and its FIFO where both sides reach it."""
    settings.serve_closed.unlink(missing_ok=True)
    settings.serve_script.write_bytes(_script("workbench.sh"))
    (settings.exec / REQUESTS).unlink(missing_ok=True)
    os.mkfifo(settings.exec / REQUESTS, 0o600)


def place_verify(settings: Settings) -> None:
    """Put the proof's script where the verify stage runs it from."""
    settings.verify_script.write_bytes(_script("verify.sh"))


def _script(name: str) -> bytes:
    return resources.files(__package__).joinpath(name).read_bytes()
