"""Running the programs the testbed is made of: progress on the screen, their words in errors."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_started = time.monotonic()


class TestbedError(Exception):
    """Something the testbed needs did not work; the text says what to do about it."""

    __test__ = False  # not a pytest class


def say(text: str) -> None:
    """One line of progress, with the seconds since the program began."""
    print(f"[{time.monotonic() - _started:6.1f}s] {text}", file=sys.stderr, flush=True)


@contextmanager
def _sink(log: Path | None) -> Iterator[IO[str] | int]:
    """Where a program's two streams go."""
    if log is None:
        yield subprocess.PIPE
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as sink:
        yield sink


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    timeout: float | None = None,
    log: Path | None = None,
) -> str:
    """Run a program to its end and return what it printed on stdout.

    With `log`, both streams are appended there instead and the answer is empty. Raises TestbedError with
    the command and the last lines of its output when it fails or outlives `timeout` seconds.
    """
    words = [str(word) for word in command]
    try:
        with _sink(log) as sink:
            done = subprocess.run(
                words, cwd=cwd, env=env, input=stdin, timeout=timeout, stdout=sink, stderr=sink, text=True, check=False
            )
    except FileNotFoundError as missing:
        raise TestbedError(f"{words[0]} is not installed; `make demo` installs it on Debian") from missing
    except subprocess.TimeoutExpired as late:
        raise TestbedError(f"{' '.join(words)}: not done after {timeout:.0f} s") from late
    if done.returncode != 0:
        tail = log.read_text(errors="replace") if log else done.stderr or done.stdout
        last = "\n".join(tail.strip().splitlines()[-15:])
        raise TestbedError(f"{' '.join(words)}: exit {done.returncode}\n{last}")
    return done.stdout or ""


def wait_for(what: str, ready: Callable[[], bool], seconds: float, every: float = 0.2) -> None:
    """Poll `ready` until it is true; raise TestbedError naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TestbedError(f"{what}: not ready after {seconds:.0f} s")
        time.sleep(every)
