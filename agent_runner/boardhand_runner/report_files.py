"""Finds the JUnit files that a verify command wrote into the work tree. No link is followed, all is bounded."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from boardhand_runner.evidence.junit import FILE_BYTES

ENTRIES, FILES, ALL_BYTES = 200_000, 1000, 64_000_000
"""So much is looked at; what comes after is left out."""
DEEP = 60
"""Nor are folders within more others: each is held open, and walked into by recursion."""
_NAME = re.compile(
    r"^TEST-.*\.xml$|junit.*\.xml$|^(?:tests?|results?|test[-_]?results?|report|pytest)[^/]*\.xml$", re.IGNORECASE
)
_FOLDER = re.compile(r"(?:^|/)(?:surefire-reports|failsafe-reports|test-results|test-reports)(?:/|$)")
_LEFT_OUT = {".git", "node_modules", ".venv", "venv", "site-packages"}
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CLOCK_SECONDS = 0.05
"""File systems stamp files with a clock that lags a little."""


def fresh_reports(work: Path, since: float) -> Iterator[bytes]:
    """The contents of report files written at or after `since`, in seconds of the wall clock."""
    seen, files, left = 0, 0, ALL_BYTES
    for folder, folders, names, held in os.fwalk(work, follow_symlinks=False):
        place = str(Path(folder).relative_to(work))
        folders[:] = sorted(set(folders) - _LEFT_OUT) if place.count("/") < DEEP else []
        seen += len(names) + len(folders)
        for name in sorted(name for name in names if name.endswith(".xml")):
            if not (_NAME.search(name) or _FOLDER.search(place)):
                continue
            document = _read(held, name, since, min(left, FILE_BYTES))
            if document is not None:
                files, left = files + 1, left - len(document)
                yield document
        if seen > ENTRIES or files > FILES:
            return


def _read(folder: int, name: str, since: float, limit: int) -> bytes | None:
    """A regular file's bytes; None where it is older, larger than `limit`, or anything else."""
    try:
        file = os.open(name, _OPEN, dir_fd=folder)
    except OSError:
        return None
    with os.fdopen(file, "rb") as stream:
        state = os.fstat(file)
        fresh = stat.S_ISREG(state.st_mode) and state.st_mtime >= since - _CLOCK_SECONDS
        return stream.read(limit) if fresh and state.st_size <= limit else None
