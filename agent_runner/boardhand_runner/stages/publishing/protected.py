"""Which paths a run may not push a change of. Pure.

A path is compared as the most forgiving file system would: without regard to case, to the ways Unicode has to write a
letter, to what is not shown, and to what Windows leaves off.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

LINK, SUBMODULE = "120000", "160000"
MODULES = ".gitmodules"


@dataclass(frozen=True)
class Touched:
    """A path that a commit changes, with the modes it had and has; 000000 is none."""

    path: str
    modes: tuple[str, str]

    @property
    def leads_elsewhere(self) -> bool:
        """Whether it stands, or stood, for a folder: a link, or a submodule."""
        return bool({LINK, SUBMODULE} & set(self.modes))


class Protected:
    """The paths that are kept for people."""

    def __init__(self, patterns: Iterable[str], allowed: Iterable[str]) -> None:
        self._patterns = [_parts(pattern) for pattern in patterns]
        self._allowed = [_parts(pattern) for pattern in allowed]

    def covers(self, path: str) -> bool:
        """Whether the path is one of them."""
        parts = _parts(path)
        return any(_matches(parts, one) for one in self._patterns) and not self._allows(parts)

    def leads_into(self, path: str) -> bool:
        """Whether it would be a folder above one of them, so that what it stands for decides what is there."""
        parts = _parts(path)
        return any(_is_above(parts, one) for one in self._patterns) and not self._allows(parts)

    def touched(self, changes: Iterable[Touched], targets: Iterable[str] = ()) -> str | None:
        """The first path that is changed and may not be. `targets` are what protected links point at."""
        also = Protected([form for target in targets for form in (target, f"{target}/**")], ())
        for change in changes:
            if self.covers(change.path) or also.covers(change.path):
                return change.path
            if change.leads_elsewhere and self.leads_into(change.path):
                return change.path
            if SUBMODULE in change.modes and self.covers(MODULES):
                return change.path
        return None

    def _allows(self, parts: tuple[str, ...]) -> bool:
        return any(_matches(parts, one) for one in self._allowed)


@lru_cache(maxsize=4096)
def _parts(path: str) -> tuple[str, ...]:
    whole = unicodedata.normalize("NFKC", path).replace("\\", "/")
    shown = "".join(one for one in whole if unicodedata.category(one) not in ("Cf", "Mn", "Me"))
    names = (name.rstrip(". ") for name in unicodedata.normalize("NFKC", shown.casefold()).split("/"))
    return tuple(name for name in names if name)


@lru_cache(maxsize=65_536)
def _matches(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    # Remembered: several `**` would else be tried in every way to part the path.
    if not pattern:
        return not path
    if pattern[0] == "**":
        return any(_matches(path[at:], pattern[1:]) for at in range(len(path) + 1))
    return bool(path) and fnmatchcase(path[0], pattern[0]) and _matches(path[1:], pattern[1:])


def _is_above(path: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether something below the path may match; a pattern for any folder says nothing of this one."""
    if not path:
        return bool(pattern)
    if not pattern or pattern[0] == "**":
        return False
    return fnmatchcase(path[0], pattern[0]) and _is_above(path[1:], pattern[1:])
