"""The agent's file tools, as plain functions on the work tree; each returns the text that the model reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import chain, islice

from boardhand_runner.errors import ToolError
from boardhand_runner.git import Git
from boardhand_runner.settings import Settings
from boardhand_runner.stages.publishing.protected import Protected
from boardhand_runner.submodules import ReadOnly
from boardhand_runner.texts import encodable
from boardhand_runner.tools import edit
from boardhand_runner.tools.searching import LINE_CHARACTERS, likely, matches
from boardhand_runner.tools.worktree import Confined, parts_of

FILE_BYTES = 2_000_000
"""A larger file is neither shown nor edited."""
POINTER = "version https://git-lfs.github.com/spec/"
"""How the pointer begins that stands for a file in Git LFS."""
IGNORED = (
    "But the repository's .gitignore covers it, or set-up made it: as it is, it will be no part of the change. Choose"
    " another path, or mend .gitignore, where it is needed."
)
KEPT = (
    "is kept for people (spec.policy.protectedPaths): with a change of it all your work would be refused. Where the"
    " ticket needs one, do the rest and say with finish what a person has to change there, or use ask."
)
SHOWN_LINES = 2000
SHOWN_CHARACTERS = 60_000
PATTERN_CHARACTERS = 4_000
"""Linux starts no program with an argument of 128 KiB."""
LISTED_FILES = 500
HITS = 200
BATCH = 400
"""Files searched by one process: each needs a descriptor, and 1,024 is a usual limit."""


class WorkTree:
    """The files of the work tree. All methods raise ToolError with a message for the model."""

    def __init__(self, settings: Settings, protected: Protected | None = None) -> None:
        """protected: paths that are kept for people."""
        self._confined = Confined(settings.work)
        self._protected = protected or Protected((), ())
        self._git = Git(settings, work_tree=settings.work)
        self._submodules = ReadOnly(settings)

    def read_file(self, path: str, start_line: int = 1, limit: int = 400) -> str:
        """Lines of a text file, each after its number and a tab; at most 2,000."""
        lines = edit.split_lines(self._text(path).removeprefix(edit.BOM))
        if not lines:
            return f"{path} is empty."
        if not 1 <= start_line <= len(lines):
            raise ToolError(f"{path} has the lines 1 to {len(lines)}; start_line is {start_line}.")
        chosen = lines[start_line - 1 : start_line - 1 + max(1, min(limit, SHOWN_LINES))]
        shown = list(_within(_numbered(chosen, start_line), SHOWN_CHARACTERS))
        if lines[0].startswith(POINTER):
            shown.append(f"[{path} is kept in Git LFS: this is its pointer, without the content. Leave it.]")
            return "\n".join(shown)
        last = start_line + len(shown) - 1
        if last < len(lines):
            shown.append(f"[{len(lines) - last} more lines; go on with start_line={last + 1}]")
        return "\n".join(shown)

    def list_files(self, pattern: str = "**") -> str:
        """Paths that match a glob such as src/**/*.py, without those git ignores; at most 500."""
        found = sorted(set(self._paths(pattern)) - self._gone(pattern))
        if not found:
            return f"No file matches {pattern}."
        rest = len(found) - LISTED_FILES
        return "\n".join(found[:LISTED_FILES] + ([f"[{rest} more; narrow the pattern]"] if rest > 0 else []))

    def search(self, pattern: str, path: str = "**") -> str:
        """Lines that match a regular expression, as path:line:text, in files that match the glob; at most 200."""
        if "\0" in pattern or pattern != encodable(pattern):
            raise ToolError("the pattern holds a NUL or half of a surrogate pair: no line of text does.")
        if len(pattern) > PATTERN_CHARACTERS:
            raise ToolError(f"the pattern is too long: {PATTERN_CHARACTERS} characters are allowed. Search for less.")
        hits: list[str] = []
        found = iter(self._worth_reading(pattern, sorted(self._paths(path))))
        while len(hits) <= HITS and (batch := list(islice(found, BATCH))):
            hits.extend(self._search_in(pattern, batch))
        if not hits:
            return f"No line matches {pattern} in {path}."
        cut = ["[more hits; narrow the pattern or the path]"] if len(hits) > HITS else []
        return "\n".join([*_within(hits[:HITS], SHOWN_CHARACTERS), *cut])

    def edit_file(self, path: str, old: str, new: str) -> str:
        """Replace the one occurrence of `old` by `new`."""
        text = self._text(path)
        changed = edit.replace_unique(text, old, new)
        self._write(path, changed)
        return f"{path} is changed at line {edit.first_difference(text, changed)}."

    def write_file(self, path: str, content: str) -> str:
        """Write a whole file, new or not, with its folders."""
        new = self._write(path, content)
        told = f"{path} is {'created' if new else 'overwritten'}: {len(edit.split_lines(content))} lines."
        return f"{told} {IGNORED}" if self._is_ignored(path) else told

    def insert_lines(self, path: str, line: int, text: str) -> str:
        """Insert whole lines after line `line`; 0 inserts before the first."""
        if not text:
            raise ToolError("`text` is empty: nothing would change.")
        self._write(path, edit.insert_after(self._text(path), line, text))
        return f"{path} has {len(edit.split_lines(text))} new lines after line {line}."

    def _text(self, path: str) -> str:
        data = self._confined.read(path, FILE_BYTES)
        if b"\0" in data:
            raise ToolError(f"{path} is a binary file.")
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ToolError(f"{path} is not UTF-8 text (byte {error.start}): use a command for it.") from None

    def _write(self, path: str, text: str) -> bool:
        try:
            data = text.encode("utf-8")
        except UnicodeEncodeError:
            raise ToolError("the text holds half of a surrogate pair, which is no UTF-8: write it again.") from None
        if len(data) > FILE_BYTES:
            raise ToolError(f"{path} would be larger than {FILE_BYTES} bytes: split it.")
        if self._protected.covers("/".join(parts_of(path))):
            raise ToolError(f"{path} {KEPT}")
        if submodule := self._submodules.holding("/".join(parts_of(path))):
            raise ToolError(f"{path} is in the submodule {submodule}, another repository: its files cannot be changed.")
        return self._confined.write(path, data)

    def _is_ignored(self, path: str) -> bool:
        """Whether no commit will have it; what is tracked never is."""
        # With the dot, since a path may begin as git's own patterns do.
        plain = f"./{'/'.join(parts_of(path))}"
        return self._git.run("check-ignore", "--quiet", "--", plain, check=False).code == 0

    def _paths(self, pattern: str) -> list[str]:
        """What git tracks or would track, below the pattern; a plain folder stands for all below it."""
        spec = _glob(pattern)
        names = self._listed(pattern, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", spec)
        return list(dict.fromkeys([*names, *self._submodules.files(spec)]))

    def _gone(self, pattern: str) -> set[str]:
        """What git tracks and is removed, or stands behind a link by now."""
        return set(self._listed(pattern, "diff-files", "-z", "--name-only", "--diff-filter=D", "--", _glob(pattern)))

    def _listed(self, pattern: str, *arguments: str) -> list[str]:
        done = self._git.run(*arguments, check=False)
        if done.code:
            raise ToolError(f"{pattern} is not a glob that git understands; try one such as src/**/*.py.")
        return [name.decode("utf-8", "surrogateescape") for name in done.stdout.split(b"\0") if name]

    def _worth_reading(self, pattern: str, paths: Sequence[str]) -> Iterator[str]:
        """The first batch as it is, which mostly is all; opening so many more one by one would take seconds."""
        yield from paths[:BATCH]
        yield from chain.from_iterable(likely(pattern, self._confined.root, paths[BATCH:]))

    def _search_in(self, pattern: str, paths: Sequence[str]) -> Iterator[str]:
        """Search files by descriptors opened under confinement: a path could by now lead elsewhere."""
        with ExitStack() as stack:
            opened = {}
            for path in paths:
                file = self._opened(stack, path)
                if file is not None:
                    opened[file] = path
            yield from matches(pattern, opened) if opened else ()

    def _opened(self, stack: ExitStack, path: str) -> int | None:
        """None for what cannot be searched: links that lead out, deleted files, submodules."""
        try:
            return stack.enter_context(self._confined.open(path))
        except ToolError:
            return None


def _glob(pattern: str) -> str:
    """As git takes it. Raises ToolError."""
    return f":(glob){'/'.join(parts_of(pattern)) or '**'}"


def _numbered(lines: Sequence[str], first: int) -> Iterator[str]:
    for number, line in enumerate(lines, first):
        text = line.rstrip("\r\n")
        cut = f"[{len(text) - LINE_CHARACTERS} more characters]" if len(text) > LINE_CHARACTERS else ""
        yield f"{number}\t{text[:LINE_CHARACTERS]}{cut}"


def _within(lines: Iterator[str] | Sequence[str], characters: int) -> Iterator[str]:
    """As many lines as fit; the first always."""
    used = 0
    for line in lines:
        used += len(line) + 1
        if used > characters and used > len(line) + 1:
            return
        yield line
