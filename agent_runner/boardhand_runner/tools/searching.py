"""Regular expressions over many files: ripgrep where it is installed, as in the runner's image, else grep."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from boardhand_runner.errors import ToolError

SEARCH_SECONDS = 60
LINE_CHARACTERS = 1000
_ARGUMENT_BYTES = 500_000
"""Of one command line: a quarter of what Linux takes, since the environment counts too."""
_RG = ("rg", "--no-config", "--color=never")
_GREP = ("grep", "-EI", "--color=never")


def likely(pattern: str, root: Path, paths: Iterable[str]) -> Iterator[list[str]]:
    """Those of the paths whose files may have a match, in batches, in their order.

    Files are opened by their paths here, which is quick and can be led astray by links: so nothing of their content is
    told, and what is found must be read again under confinement.
    """
    for batch in _batches(paths):
        plain = {path for path in batch if _is_regular(f"{root}/{path}")}
        found = _with_match(pattern, root, sorted(plain)) if plain else set()
        yield [path for path in batch if path in found or path not in plain]


def matches(pattern: str, opened: dict[int, str]) -> Iterator[str]:
    """Hits in opened files (descriptor to path) as path:line:text. Raises ToolError for a pattern that is none."""
    # One thread keeps the order of the files.
    rg = [*_RG, "--no-heading", "--threads=1", "--with-filename", "--line-number"]
    command = [*(rg if _has_rg() else [*_GREP, "-nH"]), "--max-count=201", "-e", pattern, "--"]
    done = _run([*command, *(f"/proc/self/fd/{file}" for file in opened)], descriptors=tuple(opened))
    if done.returncode > 1 and not done.stdout:
        raise ToolError(f"the pattern is refused: {done.stderr.decode('utf-8', 'replace').strip()[:500]}")
    for line in done.stdout.decode("utf-8", "replace").split("\n"):
        if hit := re.fullmatch(r"/proc/self/fd/(\d+):(\d+):(.*)", line, re.DOTALL):
            yield f"{opened[int(hit[1])]}:{hit[2]}:{hit[3][:LINE_CHARACTERS].rstrip()}"


def _with_match(pattern: str, root: Path, paths: Sequence[str]) -> set[str]:
    """All of them where the program had its trouble: whoever reads them then tells of it."""
    command = [*_RG, "--files-with-matches", "--null"] if _has_rg() else [*_GREP, "-lZ"]
    done = _run([*command, "-e", pattern, "--", *(f"./{path}" for path in paths)], folder=root)
    if done.returncode > 1:
        return set(paths)
    return {os.fsdecode(name).removeprefix("./") for name in done.stdout.split(b"\0") if name}


def _run(
    command: Sequence[str], folder: Path | None = None, descriptors: Sequence[int] = ()
) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            pass_fds=descriptors,
            timeout=SEARCH_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ToolError(f"the search took longer than {SEARCH_SECONDS} s: narrow the path.") from None


def _batches(paths: Iterable[str]) -> Iterator[list[str]]:
    """As many as fit on a command line."""
    batch: list[str] = []
    used = 0
    for path in paths:
        # Four bytes a character at most; and a pointer.
        size = len(path) + 16 if path.isascii() else 4 * len(path) + 16
        if used + size > _ARGUMENT_BYTES and batch:
            yield batch
            batch, used = [], 0
        batch.append(path)
        used += size
    if batch:
        yield batch


def _is_regular(path: str) -> bool:
    """Not a link, and nothing that would hold a reader up."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def _has_rg() -> bool:
    return shutil.which("rg") is not None
