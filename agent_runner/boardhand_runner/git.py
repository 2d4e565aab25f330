"""The one way git is run: nothing that a repository, a work tree or the machine brings along is executed.

Hooks, fsmonitor, helpers, system and global configuration are off; filters and external diffs have no
configuration to come from.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from boardhand_runner.errors import Infrastructure
from boardhand_runner.settings import Settings

IDENTITY_NAME = "Boardhand"
IDENTITY_EMAIL = "boardhand@localhost"
BASE_REF = "refs/boardhand/base"
"""The commit that work started from."""
LOCAL_SECONDS = 120
STDERR_CHARACTERS = 300

_PASSED_ON = (
    "PATH", "TMPDIR",
    "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
)  # fmt: skip
_WARTS = (
    "badDate", "badDateOverflow", "badEmail", "badName", "badTimezone", "missingEmail", "missingNameBeforeEmail",
    "missingSpaceBeforeDate", "missingSpaceBeforeEmail", "multipleAuthors", "nulInCommit", "nullSha1",
    "zeroPaddedDate", "zeroPaddedFilemode",
)  # fmt: skip
"""What fsck finds in old projects, written by old programs; harmless, and not to be mended. The names are of
https://git-scm.com/docs/git-fsck#_fsck_messages."""
_CONFIG = (
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.attributesFile", "/dev/null"),
    ("core.excludesFile", "/dev/null"),
    ("core.quotePath", "false"),
    ("credential.helper", ""),
    ("safe.directory", "*"),
    ("submodule.recurse", "false"),
    # Else the marks of hide_submodules go where the work tree is sparse.
    ("sparse.expectFilesOutsideOfPatterns", "true"),
    ("fetch.recurseSubmodules", "false"),
    ("commit.gpgSign", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("http.lowSpeedLimit", "1000"),
    ("http.lowSpeedTime", "60"),
    # What says of objects what they themselves do not: files beside them, which can be forged.
    ("core.commitGraph", "false"),
    ("core.multiPackIndex", "false"),
    ("pack.useBitmaps", "false"),
    ("transfer.fsckObjects", "true"),
    *((f"fetch.fsck.{wart}", "ignore") for wart in _WARTS),
)


def git_environment(settings: Settings, config: Sequence[tuple[str, str]] = ()) -> dict[str, str]:
    """The whole environment of a git process, without GIT_DIR; `config` is added to what is always set."""
    pairs = [*_CONFIG, *config]
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment |= {
        "HOME": str(settings.home),
        "XDG_CONFIG_HOME": str(settings.home),
        "LC_ALL": "C.UTF-8",
        "LANGUAGE": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "GIT_EDITOR": "true",
        "GIT_PAGER": "cat",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_ALLOW_PROTOCOL": "",
        "GIT_AUTHOR_NAME": IDENTITY_NAME,
        "GIT_AUTHOR_EMAIL": IDENTITY_EMAIL,
        "GIT_COMMITTER_NAME": IDENTITY_NAME,
        "GIT_COMMITTER_EMAIL": IDENTITY_EMAIL,
        "GIT_CONFIG_COUNT": str(len(pairs)),
    }
    for index, (key, value) in enumerate(pairs):
        environment |= {f"GIT_CONFIG_KEY_{index}": key, f"GIT_CONFIG_VALUE_{index}": value}
    return environment


@dataclass(frozen=True)
class Completed:
    """A git process that ended."""

    code: int
    stdout: bytes
    stderr: str

    @property
    def text(self) -> str:
        """stdout as text, without the last newline."""
        return self.stdout.decode("utf-8", "replace").rstrip("\n")


def execute(
    arguments: Sequence[str],
    environment: dict[str, str],
    seconds: float,
    stdin: bytes = b"",
    cwd: Path | None = None,
) -> Completed:
    """Run git to its end, in a process group of its own. Raises Infrastructure where it takes longer."""
    with subprocess.Popen(
        ["git", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        cwd=cwd,
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(stdin, timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise Infrastructure("GitTimeout", f"git {arguments[0]} took longer than {seconds:g} s.") from None
    return Completed(process.returncode, out, err.decode("utf-8", "replace"))


class Git:
    """Git on the run's repository, without the network."""

    def __init__(
        self,
        settings: Settings,
        work_tree: Path | None = None,
        index: Path | None = None,
        git_dir: Path | None = None,
        borrowed: Path | None = None,
    ) -> None:
        """Without `work_tree` git works on the repository alone; `index` takes the place of its own index, `git_dir`
        that of the run's repository. `borrowed` is a folder of further objects, of which nothing else is read.
        """
        self.git_dir = git_dir or settings.git_dir
        self.environment = git_environment(settings) | {"GIT_DIR": str(self.git_dir)}
        self._cwd = work_tree or self.git_dir
        if borrowed:
            self.environment["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = str(borrowed)
        if work_tree:
            self.environment["GIT_WORK_TREE"] = str(work_tree)
        if index:
            self.environment["GIT_INDEX_FILE"] = str(index)

    def run(self, *arguments: str, check: bool = True, stdin: bytes = b"", seconds: float = LOCAL_SECONDS) -> Completed:
        """Run git. Raises Infrastructure where it ends with another code than 0, unless `check` is false."""
        done = execute(arguments, self.environment, seconds, stdin, self._cwd)
        if check and done.code:
            raise Infrastructure("GitFailed", f"git {arguments[0]} ended with {done.code}: {tail_of(done.stderr)}")
        return done

    def contents(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Each of these objects as it is, all by one process. Raises Infrastructure where one is missing."""
        answer = self.run("cat-file", "--batch", stdin="".join(f"{name}\n" for name in names).encode()).stdout
        at = 0
        while at < len(answer):
            start = answer.index(b"\n", at) + 1
            name, kind, *size = answer[at:start].decode().split()
            if not size:
                raise Infrastructure("GitFailed", f"git cat-file: the object {name} is {kind}.")
            at = start + int(size[0]) + 1
            yield name, answer[start : at - 1]

    @contextmanager
    def stream(self, *arguments: str, seconds: float = LOCAL_SECONDS) -> Iterator[IO[bytes]]:
        """stdout of git as it comes, however long; where the reader goes before its end, git is ended.

        Raises Infrastructure where git ends with another code than 0, or takes longer.
        """
        with (
            tempfile.TemporaryFile() as said,
            subprocess.Popen(
                ["git", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=said,
                env=self.environment,
                cwd=self._cwd,
                start_new_session=True,
            ) as process,
        ):
            assert process.stdout is not None
            late = threading.Timer(seconds, process.kill)
            late.start()
            try:
                yield process.stdout
                left = process.stdout.read(1)
                code = 0 if left else process.wait()
            finally:
                late.cancel()
                process.kill()
            if code:
                said.seek(0)
                last = tail_of(said.read().decode("utf-8", "replace")) or "it was ended"
                raise Infrastructure("GitFailed", f"git {arguments[0]} ended with {code}: {last}")

    def hide_submodules(self, base: str | None = None) -> None:
        """Make git look into no folder that the index calls a submodule, and forget those that `base` does not have.

        Whatever runs in the workbench can put a repository of its own there, with filters that git would run.
        """
        rows = self.run("ls-files", "--stage", "-z").stdout.split(b"\0")
        paths = [row.split(b"\t", 1)[1] for row in rows if row.startswith(b"160000 ")]
        if base and paths:
            listed = self.run("ls-tree", "-r", "-z", base).stdout.split(b"\0")
            known = {row.split(b"\t", 1)[1] for row in listed if row.startswith(b"160000 ")}
            planted = [path for path in paths if path not in known]
            self.run("update-index", "--force-remove", "-z", "--stdin", stdin=b"\0".join(planted))
            paths = [path for path in paths if path in known]
        if paths:
            self.run("update-index", "--skip-worktree", "-z", "--stdin", stdin=b"\0".join(paths))

    def text(self, *arguments: str) -> str:
        """stdout of a git command that must end with 0."""
        return self.run(*arguments).text


def tail_of(said: str) -> str:
    """The end of what git said, on one line."""
    return " ".join(said.split())[-STDERR_CHARACTERS:]
