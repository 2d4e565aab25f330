"""The run's repository as the agent uses it: what is changed, and commits of it. Only the harness commits."""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import time
from collections.abc import Sequence

from boardhand_api.taming import one_line
from boardhand_runner.errors import Infrastructure, ToolError
from boardhand_runner.evidence.change import FileChange
from boardhand_runner.git import BASE_REF, Git, tail_of
from boardhand_runner.settings import Settings
from boardhand_runner.stages.publishing.protected import Touched
from boardhand_runner.submodules import ReadOnly
from boardhand_runner.tools.worktree import Confined
from boardhand_runner.trial import Trial

_BUILT_ANYWHERE = ("__pycache__/", "*.py[co]", ".pytest_cache/")
"""What test runs leave beside new files too, where the baseline could not show it."""
_GLOB = re.compile(r"([\\*?\[\]])")
_PLAIN = ("--no-ext-diff", "--no-textconv", "--no-color")
_BLOB_BYTES, _BLOBS_BYTES = 1_000_000, 64_000_000
"""A larger file, and what comes after so much of them, is read as empty."""
_CHANGE_BYTES = 4_000_000
"""A log that a command left among the files would else fill the memory, several times over."""
_SUBMODULE, _LINK, _FILES = "160000", "120000", ("100644", "100755")
_PAUSES = (0.05,) * 6 + (0.5,) * 4
"""Seconds between tries to add the files."""
_AT_ONCE = 100
"""Paths that one call of git is given."""
_UNFIT = re.compile(r"Permission denied|failed to encode|BOM is (?:required|prohibited)")
"""Git's words for a file that cannot be read, or not in the encoding that .gitattributes gives it."""


class Repository:
    """Raises Infrastructure where git fails."""

    def __init__(self, settings: Settings) -> None:
        self._git = Git(settings, work_tree=settings.work)
        self._exclude = settings.git_dir / "info" / "exclude"
        self.submodules = ReadOnly(settings)
        self.trial = Trial(settings)
        self._root, self._work = settings.work, Confined(settings.work)
        self._unfit: list[str] = []

    @property
    def base(self) -> str:
        """The commit that work started from."""
        return self._git.text("rev-parse", "--verify", BASE_REF)

    def settle(self) -> None:
        """After setup and baseline: files they made are no work of the agent, and changes they made are undone."""
        status = self._git.run("status", "--porcelain", "-z", "--untracked-files=normal", "--no-renames").stdout
        entries = [entry for entry in status.decode("utf-8", "surrogateescape").split("\0") if entry]
        paths = [*(entry[3:] for entry in entries if entry.startswith("??")), *self.submodules.untracked()]
        made = [_ignored(path) for path in paths if "\n" not in path]
        if any(not entry.startswith("??") for entry in entries):
            self._git.run("checkout", "--force", "--quiet", "HEAD", "--", ".")
        self.submodules.undo()
        self._exclude.parent.mkdir(exist_ok=True)
        self._exclude.write_text("\n".join([*_BUILT_ANYWHERE, *made]) + "\n", "utf-8", "surrogateescape")

    def start_over(self) -> None:
        """The base commit and nothing else, on the run's branch, whatever an earlier pod of the run left."""
        self.trial.end()
        self._git.run("reset", "--hard", "--quiet", BASE_REF, "--")
        self._git.run("clean", "-ffdxq")
        self.submodules.undo()
        self._git.hide_submodules(self.base)

    def commit(self, message: str) -> str | None:
        """Commit all that is changed; the work's head, or None where nothing differs from the base.

        The message is a stranger's, perhaps: forges and CI carry out what stands in one, so it is tamed.
        """
        self.trial.end()
        self._add()
        self._git.hide_submodules(self.base)
        if self._git.run("diff", "--cached", "--quiet", *_PLAIN, "HEAD", "--", check=False).code:
            said = one_line(message).encode()
            self._git.run("commit", "--quiet", "--no-verify", "--allow-empty-message", "--file=-", stdin=said)
        same = self._git.run("diff", "--quiet", *_PLAIN, self.base, "HEAD", "--", check=False).code == 0
        return None if same else self._git.text("rev-parse", "--verify", "HEAD")

    def uncommitted(self) -> list[Touched]:
        """What the next commit will change, beside what it leaves out for the files' own sake."""
        status = self._git.run("status", "--porcelain", "-z", "--untracked-files=all", "--no-renames").stdout
        entries = [entry for entry in status.decode("utf-8", "surrogateescape").split("\0") if entry]
        # What git only calls changed is not added.
        paths = dict.fromkeys(entry[3:].removesuffix("/") for entry in entries).keys() - set(self._as_committed())
        return [Touched(path, (_FILES[0], self._mode(path))) for path in sorted(paths)]

    def put_back(self, paths: Sequence[str]) -> None:
        """These as the last commit has them, and none that it has not."""
        for at in range(0, len(paths), _AT_ONCE):
            some = [f":(top,literal){path}" for path in paths[at : at + _AT_ONCE]]
            self._git.run("reset", "--quiet", "HEAD", "--", *some)
            self._git.run("clean", "-ffdq", "--", *some)
            tracked = self._git.run("ls-files", "-z", "--", *some).stdout.decode("utf-8", "surrogateescape")
            if had := [f":(top,literal){path}" for path in tracked.split("\0") if path]:
                self._git.run("checkout", "--force", "--quiet", "HEAD", "--", *had)

    def _mode(self, path: str) -> str:
        return _LINK if (self._root / path).is_symlink() else _FILES[0]

    def _add(self) -> None:
        """All but what git will not have for the files' own sake, which `left_out` tells then."""
        without = [f":(exclude,top,literal){path}" for path in (*self._nested(), *self._as_committed())]
        paths = "\0".join([".", *without]).encode("utf-8", "surrogateescape")
        options = ("--all", "--sparse", "--ignore-errors", "--pathspec-from-file=-", "--pathspec-file-nul")
        for pause in (*_PAUSES, None):
            done = self._git.run("add", *options, stdin=paths, check=False)
            self._unfit = [
                f"git add says: {line}" for line in done.stderr.splitlines() if done.code and _UNFIT.search(line)
            ]
            if not done.code or self._unfit or pause is None:
                break
            # What a command left running may write and remove files meanwhile, over which git stumbles.
            time.sleep(pause)
        if done.code and not self._unfit:
            raise Infrastructure("GitFailed", f"git add ended with {done.code}: {tail_of(done.stderr)}")

    def _as_committed(self) -> list[str]:
        """Files that git calls changed although nobody did: committed with line ends that .gitattributes forbids.

        To add them would mend their line ends, in a change that is about something else.
        """
        listed = self._git.run("diff-files", "--raw", "-z", "--no-abbrev", "--diff-filter=M").stdout
        parts = listed.decode("utf-8", "surrogateescape").split("\0")
        entries = [(head.removeprefix(":").split(), path) for head, path in zip(parts[::2], parts[1::2], strict=False)]
        return [
            path for (had, has, name, *_), path in entries if had == has and had in _FILES and self._holds(path, name)
        ]

    def _holds(self, path: str, name: str) -> bool:
        """Whether the file's bytes are the blob of this name, in a repository that names by SHA-1."""
        digest = hashlib.sha1(usedforsecurity=False)
        try:
            with self._work.open(path) as file:
                digest.update(b"blob %d\0" % os.fstat(file).st_size)
                while piece := os.read(file, 1_000_000):
                    digest.update(piece)
        except ToolError:
            return False
        return digest.hexdigest() == name

    def left_out(self) -> list[str]:
        """What stands in the work tree and no commit takes, in words."""
        return [
            *self._unfit,
            *(f"{path} is a Git repository of its own" for path in self._nested()),
            *self.submodules.changed(),
        ]

    def _nested(self) -> list[str]:
        """Repositories within the repository, which commands made: git would record them without their files."""
        listed = self._git.run("ls-files", "--others", "--exclude-standard", "-z").stdout
        paths = listed.decode("utf-8", "surrogateescape").split("\0")
        return [path.removesuffix("/") for path in paths if path.endswith("/")]

    def change(self) -> str:
        """What the work changed: a table of files, then the diff, as far as _CHANGE_BYTES go."""
        with self._git.stream("diff", *_PLAIN, "--stat", "--patch", self.base, "HEAD", "--") as diff:
            return diff.read(_CHANGE_BYTES).decode("utf-8", "replace").rstrip("\n")

    def at_base(self, path: str, links: int = 2) -> str:
        """A file of the base commit; nothing where there is none, it is too large, or it is a link that leads out.

        links: so many links are followed, one after the other.
        """
        listed = self._git.run("ls-tree", "-z", self.base, "--", f":(top,literal){path}").stdout
        entry, _, found = listed.decode("utf-8", "replace").partition("\0")[0].partition("\t")
        mode, kind, name = (*entry.split(), "", "", "")[:3]
        if kind != "blob" or found != path:
            return ""
        text = self._texts({name})[name]
        if mode != _LINK:
            return text
        there = posixpath.normpath(posixpath.join(posixpath.dirname(path), text))
        outside = there.startswith(("/", "../")) or there == ".."
        return "" if outside or not links else self.at_base(there, links - 1)

    def changes(self) -> list[FileChange]:
        """What the work changed, file by file; a moved file is two of them."""
        listed = self._git.run(
            "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", self.base, "HEAD", "--"
        ).stdout
        parts = listed.decode("utf-8", "surrogateescape").split("\0")
        entries = [(head.removeprefix(":").split(), path) for head, path in zip(parts[::2], parts[1::2], strict=False)]
        entries = [(head, path) for head, path in entries if _SUBMODULE not in head[:2]]
        texts = self._texts({name for head, _ in entries for name in head[2:4] if name.strip("0")})
        return [FileChange(path, texts.get(head[2]), texts.get(head[3])) for head, path in entries]

    def _texts(self, names: set[str]) -> dict[str, str]:
        """Blobs by their names."""
        asked = "".join(f"{name}\n" for name in sorted(names)).encode()
        sizes = self._git.run("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=asked).text.split()
        left, read = _BLOBS_BYTES, list[str]()
        for name, size in zip(sizes[::2], map(int, sizes[1::2]), strict=True):
            if size <= min(_BLOB_BYTES, left):
                read.append(name)
                left -= size
        # Without a byte-order mark, at which readers of JSON and of Python stop.
        told = {name: blob.decode("utf-8-sig", "replace") for name, blob in self._git.contents(read)}
        return dict.fromkeys(names, "") | told


def _ignored(path: str) -> str:
    """A line of info/exclude that means this path and no other."""
    return "/" + _GLOB.sub(r"\\\1", path).replace(" ", "\\ ")
