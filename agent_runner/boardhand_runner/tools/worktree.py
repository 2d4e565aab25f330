"""Confinement: files below one folder, and no way out of it, even while somebody swaps links in it.

Paths are walked one component at a time from held folders, links are read and walked themselves, so that between
check and use there is nothing to win. This process has secrets in reach; what runs in the workbench writes this
folder at any time.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from boardhand_runner.errors import ToolError

MAX_LINKS = 40
PATH_BYTES = 3500
"""Git, like most programs, can open no path of 4,096 bytes, and the tree has a folder itself."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def parts_of(path: str) -> list[str]:
    """The components of a path a tool was given. Raises ToolError where it is absolute, climbs, or is unfit."""
    if not path or "\0" in path:
        raise ToolError("the path is empty or holds a NUL: give one such as src/app.py.")
    if path.startswith("/"):
        raise ToolError(f"{path}: give a path relative to the repository's root, such as src/app.py.")
    try:
        size = len(os.fsencode(path))
    except UnicodeEncodeError:
        raise ToolError("the path holds half of a surrogate pair, which is no text: look with list_files.") from None
    if size > PATH_BYTES:
        raise ToolError(f"the path is too long: {PATH_BYTES} bytes are allowed. Nothing with such a path is committed.")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise ToolError(f"{path}: a path may not contain `..`; give it from the repository's root.")
    return parts


class Confined:
    """Reads and writes below `root`. Every OSError on the way becomes a ToolError that names the path."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def open(self, path: str) -> Iterator[int]:
        """A descriptor of a regular file. Raises ToolError for anything else."""
        with self._at(path) as (folder, name):
            try:
                file = os.open(name, _FILE, dir_fd=folder)
            except OSError as error:
                raise _told(path, error) from None
        try:
            mode = os.fstat(file).st_mode
            if stat.S_ISDIR(mode):
                raise ToolError(f"{path} is a folder: use list_files with {path}/**.")
            if not stat.S_ISREG(mode):
                raise ToolError(f"{path} is not a regular file.")
            yield file
        finally:
            os.close(file)

    def read(self, path: str, limit: int) -> bytes:
        """The file's bytes. Raises ToolError where there are more than `limit`."""
        with self.open(path) as file, os.fdopen(os.dup(file), "rb") as stream:
            data = stream.read(limit + 1)
        if len(data) > limit:
            raise ToolError(f"{path} is larger than {limit} bytes: use search, or a command such as sed -n.")
        return data

    def write(self, path: str, data: bytes) -> bool:
        """Put a file in place, whole or not at all, with its folders. Says whether it is new. Its mode is kept."""
        with self._at(path, make_folders=True) as (folder, name):
            try:
                return _put(folder, name, data)
            except OSError as error:
                raise _told(path, error) from None

    @contextmanager
    def _at(self, path: str, make_folders: bool = False) -> Iterator[tuple[int, str]]:
        """The held folder in which the path's last component stands, and that component."""
        held = [os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]
        try:
            try:
                name = _walk(held, path, make_folders)
            except OSError as error:
                raise _told(path, error) from None
            yield held[-1], name
        finally:
            for folder in held:
                os.close(folder)


def _walk(held: list[int], path: str, make_folders: bool) -> str:
    """Go down from held[0], pushing each folder; the last component's name. `..` in a link pops the stack."""
    pending, links = deque(parts_of(path)), 0
    while pending:
        part = pending.popleft()
        if part == "..":
            if len(held) == 1:
                raise ToolError(f"{path} leads out of the repository.")
            os.close(held.pop())
            continue
        if part.lower() == ".git":
            raise ToolError(f"{path}: .git is off limits; use the git tools.")
        target = _link(held[-1], part)
        if target is not None:
            links += 1
            if links > MAX_LINKS or target.startswith("/"):
                raise ToolError(f"{path} is a link that leads out of the repository.")
            pending.extendleft(p for p in reversed(target.split("/")) if p not in ("", "."))
        elif not pending:
            return part
        else:
            held.append(_enter(held[-1], part, make_folders))
    return "."


def _link(folder: int, name: str) -> str | None:
    """Where a link points; None where the name is no link, or is not there."""
    try:
        return os.readlink(name, dir_fd=folder)
    except OSError:
        return None


def _enter(folder: int, name: str, make: bool) -> int:
    try:
        return os.open(name, _FOLDER, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
    os.mkdir(name, dir_fd=folder)
    return os.open(name, _FOLDER, dir_fd=folder)


def _put(folder: int, name: str, data: bytes) -> bool:
    """Write beside, then rename over: a reader sees the old file or the new one. No link is followed."""
    mode = _mode(folder, name)
    beside = f".boardhand-{secrets.token_hex(8)}"
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666, dir_fd=folder)
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(data)
            if mode is not None:
                os.fchmod(stream.fileno(), mode)
        os.replace(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        os.unlink(beside, dir_fd=folder)
        raise
    return mode is None


def _mode(folder: int, name: str) -> int | None:
    """The permissions of what is to be replaced; None where nothing is there."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise ToolError(f"{name} is not a regular file, so it cannot be written.")
    return stat.S_IMODE(found.st_mode) & 0o777


def _told(path: str, error: OSError) -> ToolError:
    hint = " Look with list_files." if isinstance(error, FileNotFoundError) else ""
    return ToolError(f"{path}: {error.strerror or error}.{hint}")
