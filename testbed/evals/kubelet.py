"""The workbench as the kubelet has it: with its processes to itself, ended with its first one, started again."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from boardhand_runner.settings import Settings
from testbed.evals.run import passed

_PAUSE = 0.02


class Sidecar:
    """A server that is started again until it is stopped."""

    def __init__(self, settings: Settings, inside: Sequence[str] = ()) -> None:
        """`inside`: what is put before its command in place of a process namespace of its own."""
        self._settings = settings
        self._inside = inside
        self._stopped = threading.Event()
        self._server: subprocess.Popen[bytes] | None = None
        self.starts = 0
        self._thread = threading.Thread(target=self._keep)
        self._thread.start()

    def kill(self) -> None:
        """As the node does when the container is out of memory: all its processes are gone."""
        if self._server is not None:
            self._server.kill()

    def stop(self) -> None:
        """For good."""
        self._stopped.set()
        while self._thread.is_alive():
            self.kill()
            self._thread.join(_PAUSE)

    def _keep(self) -> None:
        rights = [] if os.geteuid() == 0 else ["--map-root-user"]
        serve = ["sh", str(self._settings.serve_script), str(self._settings.root)]
        while not self._stopped.is_set():
            inside = self._inside or ("unshare", *rights, "--pid", "--fork", "--kill-child", "--mount-proc")
            command = [*inside, *serve]
            with subprocess.Popen(command, env=passed()) as self._server:
                self.starts += 1
            self._stopped.wait(_PAUSE)


@contextmanager
def kept(settings: Settings) -> Iterator[None]:
    """A server that is started again whenever it ends."""
    sidecar = Sidecar(settings)
    try:
        yield
    finally:
        sidecar.stop()


def killed_at(mark: str, times: int) -> Callable[[Settings], AbstractContextManager[None]]:
    """One that is killed as soon as the file `mark` of the work tree is there; so many times."""

    @contextmanager
    def serve(settings: Settings) -> Iterator[None]:
        sidecar, over = Sidecar(settings), threading.Event()
        killer = threading.Thread(target=_kill, args=(sidecar, settings.work / mark, times, over))
        killer.start()
        try:
            yield
        finally:
            over.set()
            killer.join()
            sidecar.stop()

    return serve


def _kill(sidecar: Sidecar, mark: Path, times: int, over: threading.Event) -> None:
    while times and not over.is_set():
        if mark.exists():
            with suppress(FileNotFoundError):
                mark.unlink()
            sidecar.kill()
            times -= 1
        time.sleep(_PAUSE)
