"""Some files of the work tree as they were on the base, for a while: new tests are tried on the old sources.

The harness does it, since the workbench sees git read-only. An index of its own in the git directory is there as long
as the work tree is not the work's own, so whoever comes next after an interruption can put everything back.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from boardhand_runner.git import BASE_REF, Git
from boardhand_runner.settings import Settings

_INDEX, _DRAFT = "boardhand-trial.index", "boardhand-trial.draft"
_CLEANED = 1000
"""So many files that a trial left behind are removed."""
_AT_ONCE = 200
"""Paths of one command line, which takes two million bytes; none has more than 4,096."""


class Trial:
    """Raises Infrastructure where git fails. The work must be committed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._index = settings.git_dir / _INDEX
        self._git = Git(settings, work_tree=settings.work)
        self._swapping = Git(settings, work_tree=settings.work, index=self._index)

    @contextmanager
    def on_base(self, paths: Sequence[str]) -> Iterator[None]:
        """These paths as on the base, gone where they were not there; afterwards all is as it was."""
        before = self._untracked()
        tree = self._tree(paths)
        shutil.copyfile(self._settings.git_dir / "index", self._index)
        try:
            self._wait_for_another_second(paths)
            self._swapping.run("read-tree", "--reset", "-u", tree)
            yield
        finally:
            self._wait_for_another_second(paths)
            self.end()
            made = sorted(self._untracked() - before)[:_CLEANED]
            self._clean(made)

    def end(self) -> None:
        """Put the work's own files back, where a trial has not ended."""
        if not self._index.exists():
            return
        self._index.with_name(f"{_INDEX}.lock").unlink(missing_ok=True)
        self._swapping.run("read-tree", "--reset", "-u", "HEAD")
        deleted = self._git.run(
            "diff-tree", "-r", "-z", "--name-only", "--no-renames", "--diff-filter=D", BASE_REF, "HEAD", "--"
        ).stdout.decode("utf-8", "surrogateescape")
        self._clean([path for path in deleted.split("\0") if path])
        self._index.unlink()

    def _tree(self, paths: Sequence[str]) -> str:
        """The work's tree with these paths as on the base."""
        draft = self._settings.git_dir / _DRAFT
        git = Git(self._settings, work_tree=self._settings.work, index=draft)
        wanted = {path.encode("utf-8", "surrogateescape") for path in paths}
        # All of the base, since so many paths as a change may have do not fit on a command line.
        rows = git.run("ls-tree", "-r", "-z", "--full-tree", BASE_REF).stdout.split(b"\0")
        there = b"".join(b"%s\0" % row for row in rows if row.partition(b"\t")[2] in wanted)
        gone = b"".join(b"0 %s\t%s\0" % (b"0" * 40, path) for path in wanted)
        try:
            git.run("read-tree", "HEAD")
            git.run("update-index", "-z", "--index-info", stdin=gone + there)
            return git.text("write-tree")
        finally:
            draft.unlink(missing_ok=True)

    def _untracked(self) -> set[str]:
        listed = self._git.run("ls-files", "--others", "--exclude-standard", "-z").stdout
        return {path for path in listed.decode("utf-8", "surrogateescape").split("\0") if path}

    def _clean(self, paths: Sequence[str]) -> None:
        for at in range(0, len(paths), _AT_ONCE):
            literal = (f":(top,literal){path}" for path in paths[at : at + _AT_ONCE])
            self._git.run("clean", "-f", "-d", "-q", "-x", "--", *literal)

    def _wait_for_another_second(self, paths: Sequence[str]) -> None:
        """Python and make tell a file's versions by its time: two of one second may be taken for the same."""
        files = [self._settings.work / path for path in paths]
        latest = max((int(file.lstat().st_mtime) for file in files if file.exists()), default=0)
        if latest == int(time.time()):
            time.sleep(1.0 - time.time() % 1.0 + 0.01)
