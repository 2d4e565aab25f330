"""Debian's PostgreSQL as a program of its own: a database in a folder, on a port of this machine's loopback."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testbed.cluster.packages import ensure_packages
from testbed.load.ports import free_ports
from testbed.shell import TestbedError, run, wait_for

_VERSIONS = Path("/usr/lib/postgresql")
_NOBODY = 65534
_READY_SECONDS = 30.0


class Postgres:
    """A server. folder: made by it, and removed at the end; others must be able to enter what it lies in."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._programs = binaries()
        (self._port,) = free_ports(1)
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres") -> str:
        """The database's address, as SQLAlchemy reads it."""
        return f"postgresql+psycopg://boardhand@127.0.0.1:{self._port}/{database}"

    def make(self) -> None:
        """Make its folder. Raises TestbedError."""
        self._folder.mkdir()
        if os.geteuid() == 0:
            os.chown(self._folder, _NOBODY, _NOBODY)
        settings = ["--username=boardhand", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"]
        command: list[str | Path] = [*_become(), self._programs / "initdb", f"--pgdata={self._data}", *settings]
        run(command)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def start(self) -> None:
        """Start it and wait until it answers. Raises TestbedError with its last words."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self._port),
            "unix_socket_directories": "",
            "fsync": "off",
            "timezone": "Asia/Tokyo",  # a server need not count in UTC
        }
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            command: list[str | Path] = [*_become(), self._programs / "postgres", "-D", self._data, *words]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for("PostgreSQL", self._answers, _READY_SECONDS, every=0.05)

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise TestbedError(f"PostgreSQL has ended\n{(self._folder / 'log').read_text(errors='replace')[-2000:]}")
        asked: list[str | Path] = [self._programs / "pg_isready", "--quiet", "--host=127.0.0.1", f"--port={self._port}"]
        return subprocess.run(asked, check=False).returncode == 0

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """End it: at once, without a farewell. Nothing happens where it does not run."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=_READY_SECONDS)
            self._process = None

    def create(self, database: str) -> str:
        """A new, empty database; its address."""
        where = ["--host=127.0.0.1", f"--port={self._port}", "--username=boardhand"]
        run([self._programs / "createdb", *where, database])
        return self.url(database)


@contextmanager
def serving(folder: Path) -> Iterator[Postgres]:
    """A server for as long as the block runs; nothing of it is left. Raises TestbedError."""
    made = Postgres(folder)
    try:
        made.make()
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


def binaries() -> Path:
    """Where Debian keeps the server's programs; installed where it is missing. Raises TestbedError."""
    if not _newest():
        ensure_packages(("postgresql",))
    found = _newest()
    if not found:
        raise TestbedError(f"no PostgreSQL below {_VERSIONS}: apt-get install postgresql")
    return found[-1]


def _newest() -> list[Path]:
    return sorted(_VERSIONS.glob("*/bin"), key=lambda path: int(path.parent.name))


def _become() -> list[str | Path]:
    """The server does not work as root."""
    words: list[str | Path] = ["setpriv", "--reuid", str(_NOBODY), "--regid", str(_NOBODY), "--clear-groups"]
    return words if os.geteuid() == 0 else []
