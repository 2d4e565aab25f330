"""References of the run's repository, read as the files they are: git itself would read its configuration too."""

from __future__ import annotations

import re
from pathlib import Path

from boardhand_runner.errors import Refused
from boardhand_runner.hostile import HostileFolder

PACKED_BYTES = 10_000_000
_NAME = re.compile(rb"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")


def read_ref(git_dir: Path, ref: str) -> str:
    """The commit that a reference names. Raises Refused where there is none."""
    for name in (_loose(git_dir / ref), _packed(git_dir, ref)):
        if name is not None and _NAME.match(name):
            return name.decode()
    raise Refused("WorkBroken", f"The run's repository has no {ref}.")


def _loose(file: Path) -> bytes | None:
    found = _read(file, 100)
    return found.strip() if found is not None else None


def _packed(git_dir: Path, ref: str) -> bytes | None:
    for line in (_read(git_dir / "packed-refs", PACKED_BYTES) or b"").splitlines():
        name, _, called = line.partition(b" ")
        if called.decode("utf-8", "replace") == ref:
            return name
    return None


def _read(file: Path, limit: int) -> bytes | None:
    """None where there is no regular file."""
    try:
        return HostileFolder(file.parent).read(file.name, limit)
    except OSError:
        return None
