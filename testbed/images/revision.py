"""Which state of the sources an image is built of, for its label."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from testbed.shell import TestbedError, run

UNKNOWN = "unknown"


def revision(root: Path, sources: Iterable[str]) -> str:
    """The commit that is checked out, with `-dirty` where these files differ from it; UNKNOWN outside of git."""
    try:
        commit = run(["git", "rev-parse", "--verify", "HEAD"], cwd=root).strip()
        changed = run(["git", "status", "--porcelain", "--", *sources], cwd=root).strip()
    except TestbedError:
        return UNKNOWN
    return f"{commit}-dirty" if changed else commit
