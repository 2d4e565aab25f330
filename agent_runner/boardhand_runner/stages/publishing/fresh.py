"""A repository of publish's own: the base branch as the server has it, and of the run's repository objects alone.

The run's git directory was in the agent's hands. Its configuration, hooks, attributes, grafts, index and references are
never git's to read here: one reference is read as a file, and objects come over as a pack, whose names git works out
anew and whose content it checks. So what is pushed is what was looked at, whatever was planted there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from boardhand_api.order import Order
from boardhand_runner.errors import Infrastructure, Refused
from boardhand_runner.git import BASE_REF, Git
from boardhand_runner.remote import Remote
from boardhand_runner.settings import Settings
from boardhand_runner.stages.publishing.borrowed import read_ref
from boardhand_runner.stages.publishing.objects import check_sizes, check_whole, copy, listed
from boardhand_runner.submodules import REFS as SUBMODULE_REFS
from boardhand_runner.submodules import links

DEPTHS = (50, 1_000, 1_000_000)
"""So deep the base branch is fetched, one after the other, where it moved on since the work began."""
PACK_SLACK = 16_000_000
"""Bytes that a pack may be larger than the content it holds."""
FETCHED_REF = "refs/boardhand/fetched"


@dataclass(frozen=True)
class Fresh:
    """The repository that is pushed from."""

    git: Git
    base: str
    """The commit at the tip of the base branch."""
    head: str
    """The work's last commit."""
    known: tuple[str, ...]
    """Commits that the base branch led to, with all before them."""

    @property
    def work(self) -> tuple[str, ...]:
        """The commits that are the work's own, as git takes revisions."""
        return (self.head, "--not", *self.known)

    @property
    def is_known(self) -> bool:
        """Whether nothing is new."""
        return not self.git.text("rev-list", "--max-count=1", *self.work)


@contextmanager
def fresh(settings: Settings, order: Order) -> Iterator[Fresh]:
    """The repository, while this lasts.

    Raises Refused where the work cannot be read, stands on another history or is too large, Infrastructure where the
    base branch does not hold the commit any more that work began from, and what `Remote.fault` makes of a refusal.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="publish-", dir=settings.home) as folder:
        git_dir = Path(folder) / "repository"
        base = _clone(settings, order, git_dir)
        git = Git(settings, git_dir=git_dir)
        lender = Git(settings, git_dir=git_dir, borrowed=settings.git_dir / "objects")
        head = read_ref(settings.git_dir, f"refs/heads/{order.branch}")
        if not _has(git, head):
            _reach(settings, order, git)
        known = tuple(dict.fromkeys(git.text("for-each-ref", "--format=%(objectname)").split()))
        work = Fresh(git, base, head, known)
        if not _has(git, head):
            _bring(work, lender, order)
        yield work


def _clone(settings: Settings, order: Order, git_dir: Path) -> str:
    """The last commit of the base branch, of which this is a clone without a history; with all of it where the push
    goes to another server, which may lack any of it."""
    remote = Remote(settings, order.repository)
    remote.run(
        "clone",
        "--quiet",
        "--bare",
        "--template=",
        f"--branch={order.base_branch}",
        *([] if order.push_to else ["--depth=1"]),
        "--single-branch",
        "--no-tags",
        "--no-recurse-submodules",
        "--",
        remote.address,
        str(git_dir),
        in_repository=False,
    )
    git = Git(settings, git_dir=git_dir)
    git.run("remote", "remove", "origin")
    git.run("update-ref", BASE_REF, f"refs/heads/{order.base_branch}")
    return git.text("rev-parse", BASE_REF)


def deepen(remote: Remote, order: Order, depth: int, *refspecs: str) -> None:
    """Fetch the base branch so deep, and what else is named. It may have moved on: what was its tip stays the base."""
    remote.run(
        "fetch",
        "--quiet",
        f"--depth={depth}",
        "--no-tags",
        "--no-recurse-submodules",
        "--no-write-fetch-head",
        "--",
        remote.address,
        f"+refs/heads/{order.base_branch}:{FETCHED_REF}",
        *refspecs,
    )


def _reach(settings: Settings, order: Order, git: Git) -> None:
    """Fetch until the commit is there that work began from, as the run's repository has it. A wrong one gains nothing:
    what is new is told from the base branch itself."""
    began = read_ref(settings.git_dir, BASE_REF)
    remote = Remote(settings, order.repository, git.git_dir)
    for depth in DEPTHS:
        if _has(git, began):
            return
        deepen(remote, order, depth)
    if not _has(git, began):
        raise Infrastructure(
            "BaseGone",
            f"The branch {order.base_branch} does not hold the commit any more that the work began from"
            f" ({began[:12]}): it was rewritten, and the work must begin anew.",
        )


def _has(git: Git, commit: str) -> bool:
    return git.run("cat-file", "-e", f"{commit}^{{commit}}", check=False).code == 0


def _bring(work: Fresh, lender: Git, order: Order) -> None:
    """Have the work's objects in the repository of publish's own, all of them and none that is not sound."""
    names = listed(lender, *work.work)
    check_sizes(lender, order, names)
    copy(work.git, lender, list(names), order.change_bytes + PACK_SLACK, "--strict")
    check_whole(work.git, *work.work)
    if work.git.run("merge-base", work.base, work.head, check=False).code:
        raise Refused("HistoryRewritten", f"The work does not stand on the branch {order.base_branch}.")


def bring_submodules(settings: Settings, git: Git, head: str) -> None:
    """Have the commits of submodules that the work records, each without its history. Raises Refused as `fresh` does;
    one that the run's repository does not have is left out."""
    lender = Git(settings, git_dir=git.git_dir, borrowed=settings.git_dir / "objects")
    waiting = [one.commit for one in links(git, head)]
    while waiting:
        commit = waiting.pop()
        ref = f"{SUBMODULE_REFS}/{commit}"
        if git.run("rev-parse", "--verify", "--quiet", ref, check=False).code == 0 or not _has(lender, commit):
            continue
        copy(git, lender, list(listed(lender, "--no-walk", commit)), None)
        check_whole(git, "--no-walk", commit)
        git.run("update-ref", ref, commit)
        waiting += [one.commit for one in links(git, commit)]
