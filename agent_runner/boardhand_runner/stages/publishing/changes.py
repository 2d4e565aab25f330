"""What the work's commits change, and whether the pool's policy lets that be pushed."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import IO

from boardhand_api.order import Order
from boardhand_runner.errors import Refused
from boardhand_runner.git import Git
from boardhand_runner.stages.publishing.fresh import Fresh
from boardhand_runner.stages.publishing.protected import LINK, Protected, Touched
from boardhand_runner.stages.publishing.trees import check_count

_LINKS = 100
"""So many protected links are followed; a base branch with more is refused."""
_LINK_BYTES = 4096


def check_changes(work: Fresh, order: Order) -> list[Touched]:
    """Every path that one of the commits changes. Raises Refused for too many of them, or for a protected one."""
    # First, since git holds all that a commit changes before it says any of it.
    check_count(work, order.change_files)
    touched = _touched(work, order.change_files)
    protected = Protected(order.protected_paths, order.allow_protected)
    targets = [target for tree in (work.base, work.head) for target in _targets(work.git, tree, protected)]
    if path := protected.touched(touched, targets):
        raise Refused(
            "ProtectedPath",
            f"The change touches {path[:300]!r}, which spec.policy.protectedPaths keeps for people. A person can make"
            " this change, or the pool's owner can name the path in spec.policy.allowProtected.",
        )
    return touched


def _touched(work: Fresh, most: int) -> list[Touched]:
    """Against every parent, so that nothing hides in a merge, and without renames: a file that moved is two paths."""
    found: dict[Touched, None] = {}
    paths: set[str] = set()
    options = ("--root", "-m", "-r", "-z", "--raw", "--no-renames", "--format=", "--ignore-submodules=none")
    with work.git.stream("log", *options, *work.work) as stream:
        for change in _raw(stream):
            found[change] = None
            paths.add(change.path)
            if len(paths) > most:
                raise Refused(
                    "TooManyFiles", f"The change touches more than {most} files, which spec.policy.changeFiles allows."
                )
    return list(found)


def _raw(stream: IO[bytes]) -> Iterator[Touched]:
    """Git's raw format: about one path, a NUL, the path, a NUL."""
    modes: tuple[str, str] | None = None
    for field in _fields(stream):
        text = field.decode("utf-8", "surrogateescape")
        if modes is None:
            had, has = text.lstrip("\n").removeprefix(":").split(" ", 2)[:2]
            modes = (had, has)
        else:
            yield Touched(text, modes)
            modes = None


def _fields(stream: IO[bytes]) -> Iterator[bytes]:
    left = b""
    while piece := stream.read(65_536):
        *whole, left = (left + piece).split(b"\0")
        yield from (field for field in whole if field)


def _targets(git: Git, tree: str, protected: Protected) -> Iterator[str]:
    """What the tree's links lead to that stand at, or above, a protected path, or are led to themselves."""
    links = dict(_links(git, tree))
    waiting = [path for path in links if protected.covers(path) or protected.leads_into(path)]
    followed: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path in followed:
            continue
        if len(followed) == _LINKS:
            raise Refused("ProtectedPath", f"More than {_LINKS} links lead to what spec.policy.protectedPaths keeps.")
        followed.add(path)
        said = git.run("cat-file", "blob", links[path]).stdout[:_LINK_BYTES].decode("utf-8", "surrogateescape")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), said))
        if not target.startswith(("/", "..")) and target != ".":
            yield target
            waiting += [other for other in links if other == target or target.startswith(f"{other}/")]


def _links(git: Git, tree: str) -> Iterator[tuple[str, str]]:
    with git.stream("ls-tree", "-r", "-z", "--full-tree", tree) as stream:
        for row in _fields(stream):
            about, _, path = row.decode("utf-8", "surrogateescape").partition("\t")
            mode, _, name = about.split(" ")
            if mode == LINK:
                yield path, name
