"""Files in a folder that others write at will: no link is followed, nothing but a regular file is read, all bounded."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_PIPE = os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC


class HostileFolder:
    """Names below are names in this folder, which is held open from the start; they must not hold a slash."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def create(self, name: str, text: str) -> None:
        """Write a new file. Raises FileExistsError where the name is taken."""
        with os.fdopen(os.open(name, _CREATE, 0o600, dir_fd=self._folder), "wb") as stream:
            stream.write(text.encode("utf-8", "replace"))

    def open_pipe(self, name: str) -> int:
        """A descriptor to write a FIFO by. Raises OSError: ENXIO without a reader, EINVAL for anything but a FIFO."""
        pipe = os.open(name, _PIPE, dir_fd=self._folder)
        if stat.S_ISFIFO(os.fstat(pipe).st_mode):
            return pipe
        os.close(pipe)
        raise OSError(errno.EINVAL, "it is no FIFO", name)

    def read(self, name: str, limit: int) -> bytes | None:
        """The file's first bytes; None where there is no regular file."""
        with self._opened(name) as file:
            return None if file is None else os.pread(file, limit, 0)

    def size(self, name: str) -> int:
        """Bytes in the file; 0 where there is no regular file."""
        with self._opened(name) as file:
            return 0 if file is None else os.fstat(file).st_size

    def head_and_tail(self, name: str, head: int, tail: int) -> bytes:
        """The file, or its first and last bytes with a line between that says what is cut."""
        return self.piece(name, 0, head, tail)[0]

    def piece(self, name: str, start: int, head: int, tail: int) -> tuple[bytes, int]:
        """The same of what stands after `start`, and where that ends."""
        with self._opened(name) as file:
            if file is None:
                return b"", start
            size = os.fstat(file).st_size
            start = min(start, size)
            if size - start <= head + tail:
                return os.pread(file, size - start, start), size
            note = f"\n[{size - start - head - tail} bytes cut; all of it: {self.path / name}]\n"
            return os.pread(file, head, start) + note.encode() + os.pread(file, tail, size - tail), size

    @contextmanager
    def _opened(self, name: str) -> Iterator[int | None]:
        try:
            file = os.open(name, _READ, dir_fd=self._folder)
        except OSError:
            yield None
            return
        try:
            yield file if stat.S_ISREG(os.fstat(file).st_mode) else None
        finally:
            os.close(file)
