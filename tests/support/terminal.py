"""The program `boardhand` as somebody runs it: in this process, or in a terminal of its own."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from contextlib import suppress
from pathlib import Path
from unittest import mock

import pytest

from boardhand_cli.main import main

Said = tuple[int, str, str]
"""Exit code, standard output, standard error."""


def boardhand(*arguments: str) -> Said:
    """Run it in this process, with output that goes into pipes."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["boardhand", *arguments]),
        mock.patch.object(sys, "stdout", out),
        mock.patch.object(sys, "stderr", err),
        pytest.raises(SystemExit) as end,
    ):
        main()
    return int(end.value.code or 0), out.getvalue(), err.getvalue()


class Terminal:
    """A terminal with the program in it."""

    def __init__(self, *arguments: str, rows: int = 24, columns: int = 140) -> None:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        path = Path(sys.executable).with_name("boardhand")
        environment = os.environ | {"TERM": "xterm", "COLUMNS": str(columns), "LINES": str(rows)}
        self.process = subprocess.Popen(
            [path, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
        )
        os.close(theirs)
        self._ours = ours
        self.text = ""

    def until(self, text: str, seconds: float = 20) -> float:
        """Read until this stands there; when that was, by the monotonic clock."""
        since, deadline = len(self.text) if text in self.text else 0, time.monotonic() + seconds
        while text not in self.text[since:]:
            assert time.monotonic() < deadline, f"{text!r} is not in {self.text[-3000:]!r}"
            if select.select([self._ours], [], [], 0.05)[0]:
                try:
                    self.text += os.read(self._ours, 65536).decode(errors="replace")
                except OSError:
                    assert text in self.text, f"{text!r} is not in {self.text[-3000:]!r}"
        return time.monotonic()

    def close(self) -> int:
        """End it as Ctrl-C does; its exit code. What it still writes is read: its end would wait for that."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, 2)
        deadline = time.monotonic() + 20
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it does not end; its last words: {self.text[-3000:]!r}"
            # Once the program has closed its side, reading is an error.
            with suppress(OSError):
                if select.select([self._ours], [], [], 0.05)[0]:
                    self.text += os.read(self._ours, 65536).decode(errors="replace")
        os.close(self._ours)
        return int(self.process.returncode)
