"""The run's repository as the agent uses it: what is changed, and commits of it. Only the harness commits."""

from __future__ import annotations

import re

from boardhand_runner.git import BASE_REF, Git
from boardhand_runner.settings import Settings

_TEST_FILE = re.compile(
    r"(^|/)(tests?|specs?|__tests__)/|(^|/)test_[^/]+$|_test\.[a-z]+$|Tests?\.[a-z]+$|\.(test|spec)\.[a-z]+$"
)
_BUILT_ANYWHERE = ("__pycache__/", "*.py[co]", ".pytest_cache/")
"""What test runs leave beside new files too, where the baseline could not show it."""
_GLOB = re.compile(r"([\\*?\[\]])")
_PLAIN = ("--no-ext-diff", "--no-textconv", "--no-color")


class Repository:
    """Raises Infrastructure where git fails."""

    def __init__(self, settings: Settings) -> None:
        self._git = Git(settings, work_tree=settings.work)
        self._exclude = settings.git_dir / "info" / "exclude"

    @property
    def base(self) -> str:
        """The commit that work started from."""
        return self._git.text("rev-parse", "--verify", BASE_REF)

    def settle(self) -> None:
        """After setup and baseline: files they made are no work of the agent, and changes they made are undone."""
        status = self._git.run("status", "--porcelain", "-z", "--untracked-files=normal", "--no-renames").stdout
        entries = [entry for entry in status.decode("utf-8", "surrogateescape").split("\0") if entry]
        made = [_ignored(entry[3:]) for entry in entries if entry.startswith("??") and "\n" not in entry]
        if any(not entry.startswith("??") for entry in entries):
            self._git.run("checkout", "--force", "--quiet", "HEAD", "--", ".")
        self._exclude.parent.mkdir(exist_ok=True)
        self._exclude.write_text("\n".join([*_BUILT_ANYWHERE, *made]) + "\n", "utf-8", "surrogateescape")

    def commit(self, message: str) -> str | None:
        """Commit all that is changed; the work's head, or None where nothing differs from the base."""
        self._git.run("add", "--all", "--sparse")
        self._git.hide_submodules(self.base)
        if self._git.run("diff", "--cached", "--quiet", *_PLAIN, "HEAD", check=False).code:
            self._git.run(
                "commit", "--quiet", "--no-verify", "--allow-empty-message", "--file=-", stdin=message.encode()
            )
        same = self._git.run("diff", "--quiet", *_PLAIN, self.base, "HEAD", check=False).code == 0
        return None if same else self._git.text("rev-parse", "--verify", "HEAD")

    def change(self) -> str:
        """What the work changed: a table of files, then the diff."""
        return self._git.text("diff", *_PLAIN, "--stat", "--patch", self.base, "HEAD")

    def deleted_tests(self) -> list[str]:
        """Test files of the base that the work deleted; moved ones are not among them."""
        names = self._git.text(
            "diff", *_PLAIN, "--find-renames", "--diff-filter=D", "--name-only", "-z", self.base, "HEAD"
        )
        return [name for name in names.split("\0") if name and _TEST_FILE.search(name)]


def _ignored(path: str) -> str:
    """A line of info/exclude that means this path and no other."""
    return "/" + _GLOB.sub(r"\\\1", path).replace(" ", "\\ ")
