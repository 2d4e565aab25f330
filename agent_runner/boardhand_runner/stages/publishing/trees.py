"""How many files the work's commits have, without listing them: a few objects can stand for more than anybody can."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from boardhand_runner.errors import Refused
from boardhand_runner.git import Git
from boardhand_runner.stages.publishing.fresh import Fresh

FOLDERS_DEEP = 100
"""Folders within folders of a tree that is looked at."""
_FOLDERS = (b"40000", b"040000")
"""A folder's mode, and as some old programs wrote it."""


@dataclass(frozen=True)
class _Tree:
    files: int
    folders: tuple[str, ...]


def check_count(work: Fresh, most: int) -> None:
    """No commit has so many files more than the base branch. Raises Refused."""
    git = work.git
    made = set(git.text("log", "--format=%T", *work.work).split())
    began = git.text("merge-base", work.base, work.head)
    known = {git.text("rev-parse", f"{commit}^{{tree}}") for commit in (*work.known, began)}
    trees = _read_all(git, made | known)
    counts: dict[str, int] = {}
    if max(_count(trees, counts, tree) for tree in made) > max(_count(trees, counts, tree) for tree in known) + most:
        raise Refused("TooManyFiles", f"The change adds more than {most} files, which spec.policy.changeFiles allows.")


def _count(trees: dict[str, _Tree], counts: dict[str, int], name: str) -> int:
    if name not in counts:
        tree = trees[name]
        counts[name] = tree.files + sum(_count(trees, counts, folder) for folder in tree.folders)
    return counts[name]


def _read_all(git: Git, names: Iterable[str]) -> dict[str, _Tree]:
    """These trees and all below them, each once, level by level."""
    found: dict[str, _Tree] = {}
    waiting = set(names)
    for _ in range(FOLDERS_DEEP):
        if not waiting:
            return found
        found |= {name: _parsed(tree, len(name) // 2) for name, tree in git.contents(sorted(waiting))}
        waiting = {folder for name in waiting for folder in found[name].folders} - found.keys()
    raise Refused("FoldersTooDeep", f"The change has folders within more than {FOLDERS_DEEP} others.")


def _parsed(content: bytes, name_bytes: int) -> _Tree:
    """Git's format of a tree: mode, a blank, the entry's name, a NUL, the object's name in bytes."""
    files, folders, at = 0, [], 0
    while at < len(content):
        end = content.index(b"\0", at) + 1
        if content.startswith(_FOLDERS, at):
            folders.append(content[end : end + name_bytes].hex())
        else:
            files += 1
        at = end + name_bytes
    return _Tree(files, tuple(folders))
