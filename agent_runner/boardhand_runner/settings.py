"""Where everything is. One root folder decides all of it, so that stages run the same in a pod and on a laptop."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from boardhand_api import pod

ROOT_VARIABLE = "BOARDHAND_ROOT"
TERMINATION_VARIABLE = "TERMINATION_LOG"


@dataclass(frozen=True)
class Settings:
    """The folders and files of one run, below `root` as `boardhand_api.pod` lays them out."""

    root: Path = Path(pod.ROOT)
    termination_log: Path = Path(pod.TERMINATION_LOG)
    """Where a stage leaves its compact answer for the kubelet."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """The pod's layout, unless BOARDHAND_ROOT and TERMINATION_LOG say otherwise."""
        return cls(
            root=Path(environ.get(ROOT_VARIABLE, str(pod.ROOT))),
            termination_log=Path(environ.get(TERMINATION_VARIABLE, str(pod.TERMINATION_LOG))),
        )

    def at(self, path: PurePosixPath) -> Path:
        """A path of `boardhand_api.pod`, below this root."""
        return self.root / path.relative_to(pod.ROOT)

    @property
    def work(self) -> Path:
        """The work tree."""
        return self.at(pod.WORK)

    @property
    def git_dir(self) -> Path:
        """The git directory, apart from the work tree."""
        return self.at(pod.GIT_DIR)

    @property
    def git_pointer(self) -> Path:
        """The one-line `.git` file that is mounted over the work tree's own."""
        return self.at(pod.GIT_POINTER)

    @property
    def exec(self) -> Path:
        """Commands for the workbench and their output. Hostile by assumption."""
        return self.at(pod.EXEC)

    @property
    def serve(self) -> Path:
        """What the workbench may read and not write."""
        return self.at(pod.SERVE)

    @property
    def serve_script(self) -> Path:
        return self.at(pod.SERVE_SCRIPT)

    @property
    def serve_closed(self) -> Path:
        """Exists once the run is closed."""
        return self.at(pod.SERVE_CLOSED)

    @property
    def verify_script(self) -> Path:
        return self.serve / pod.VERIFY_SCRIPT

    @property
    def commands(self) -> Path:
        """Set-up and verify commands told from the repository; absent where the order gives them."""
        return self.at(pod.COMMANDS)

    @property
    def commands_script(self) -> Path:
        return self.serve / pod.COMMANDS_SCRIPT

    @property
    def trust_store(self) -> Path:
        """The own certificate authorities for Java."""
        return self.at(pod.TRUST_STORE)

    @property
    def proof(self) -> Path:
        """A clean export of the pushed commit."""
        return self.at(pod.PROOF)

    @property
    def state(self) -> Path:
        """What the next pod of the run goes on from; there only where the order is persistent."""
        return self.at(pod.STATE)

    @property
    def order(self) -> Path:
        return self.at(pod.ORDER)

    @property
    def secrets(self) -> Path:
        return self.at(pod.SECRETS)

    @property
    def git_secret(self) -> Path:
        """Folder with the files `username` and `token`; absent where the repository is public."""
        return self.at(pod.GIT_SECRET)

    @property
    def large_secret(self) -> Path:
        """Folder with the file `apiKey`; absent where the server wants none."""
        return self.at(pod.LARGE_SECRET)

    @property
    def small_secret(self) -> Path:
        return self.at(pod.SMALL_SECRET)

    @property
    def home(self) -> Path:
        """Scratch space of the stage."""
        return self.at(pod.HOME)

    @property
    def certificates(self) -> Path:
        """PEM bundle of own certificate authorities; need not exist."""
        return self.at(pod.CERTIFICATES)
