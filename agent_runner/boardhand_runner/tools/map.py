"""A map of the repository within a budget: its folders, and the files that others name most, with what they define."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from boardhand_runner.errors import Infrastructure, ToolError
from boardhand_runner.git import Git
from boardhand_runner.settings import Settings
from boardhand_runner.tools.definitions import definitions, known
from boardhand_runner.tools.worktree import Confined, parts_of

FEW_FILES = 8
"""A smaller repository needs no map."""
MAP_CHARACTERS, TOOL_CHARACTERS = 6_000, 12_000
LINE_CHARACTERS, MEMBERS, FOLDERS = 240, 12, 20
SOURCE_BYTES = 300_000
COUNT_SECONDS, PARSE_SECONDS = 3.0, 2.0
"""Bounds of what a large repository may cost; beyond them files are ranked and shown as far as that came."""

_IMPORT = r"^[[:space:]]*(import|from|use|using|mod|package|#include|export .* from|.*require\()"
_WORD = re.compile(r"\w{3,}")
_TEST = re.compile(r"(^|/)(tests?|specs?|__tests__|testdata|fixtures|vendor|third_party|node_modules)/|(^|[/_.])test")


class RepositoryMap:
    """The map of a work tree. Reads under confinement; raises ToolError for a path that is no folder."""

    def __init__(self, settings: Settings) -> None:
        self._git = Git(settings, work_tree=settings.work)
        self._confined = Confined(settings.work)

    def opening(self, characters: int = MAP_CHARACTERS) -> str:
        """The map for the first prompt; nothing for a handful of files, and nothing where git fails."""
        try:
            files = self._files("")
        except Infrastructure:
            return ""
        return self._told(files, characters) if len(files) > FEW_FILES else ""

    def show(self, path: str = ".") -> str:
        """The map of a folder."""
        folder = "/".join(parts_of(path))
        files = self._files(folder)
        if not files:
            raise ToolError(f"{path} is no folder with files of the repository; look with list_files.")
        return self._told(files, TOOL_CHARACTERS)

    def _files(self, folder: str) -> list[str]:
        spec = f":(top,literal){folder}" if folder else ":(top)"
        names = self._git.run("ls-files", "-z", "--", spec).stdout.split(b"\0")
        return [name.decode("utf-8", "surrogateescape") for name in names if name]

    def _told(self, files: Sequence[str], characters: int) -> str:
        lines, used, shown = [f"{len(files)} files: {_folders(files)}"], 0, 0
        sources = [name for name in files if known(name)]
        for line in self._lines(self._ranked(sources)):
            used += len(line) + 1
            if used > characters - len(lines[0]):
                break
            lines.append(line)
            shown += 1
        if shown < len(sources):
            lines.append(f"[{len(sources) - shown} more source files; repository_map(path) shows a folder]")
        return "\n".join(lines)

    def _lines(self, names: Iterable[str]) -> Iterator[str]:
        end = time.monotonic() + PARSE_SECONDS
        for name in names:
            if time.monotonic() > end:
                return
            try:
                source = self._confined.read(name, SOURCE_BYTES)
            except ToolError:
                continue
            yield _line(name, source)

    def _ranked(self, names: Sequence[str]) -> list[str]:
        """By how often import lines name the file, then the higher in the tree; tests last."""
        named = self._named()

        def rank(name: str) -> tuple[bool, int, int, str]:
            path = PurePosixPath(name)
            word = path.parent.name if path.stem in ("__init__", "index", "mod", "lib") else path.stem
            return bool(_TEST.search(name)), -named[word], len(path.parts), name

        return sorted(names, key=rank)

    def _named(self) -> Counter[str]:
        """How often the words of import lines occur."""
        try:
            found = self._git.run(
                "grep", "-h", "-I", "-E", "--max-count=60", "-e", _IMPORT, check=False, seconds=COUNT_SECONDS
            )
        except Infrastructure:
            return Counter()
        return Counter(_WORD.findall(found.text))


def _folders(files: Sequence[str]) -> str:
    counts = Counter(f"{top}/" if rest else top for top, _, rest in (name.partition("/") for name in files))
    told = [f"{name} ({count})" if name.endswith("/") else name for name, count in counts.most_common(FOLDERS)]
    return ", ".join(told) + (", …" if len(counts) > FOLDERS else "")


def _line(name: str, source: bytes) -> str:
    parts = [
        definition.name + (f"({', '.join(definition.members[:MEMBERS])})" if definition.members else "")
        for definition in definitions(name, source)
    ]
    line = f"{name}: {', '.join(parts)}" if parts else name
    return line if len(line) <= LINE_CHARACTERS else line[: LINE_CHARACTERS - 1] + "…"
