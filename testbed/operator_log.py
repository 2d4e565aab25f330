"""The operator's log over a whole run of tests, whichever pods it had meanwhile: followed while they live, since what a
pod said goes with it."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from testbed.kubectl import Kubectl
from testbed.shell import TestbedError

_SELECTOR = "app.kubernetes.io/component=operator"
_EVERY = 0.5
_ERROR = re.compile(r'\S+ \S+ (ERROR|CRITICAL) |Traceback |\{"time": "[^"]*", "level": "(error|critical)"')
"""How a line begins that somebody must look at, as text and as JSON."""


def errors_of(lines: Iterable[str], announced: Iterable[str] = ()) -> list[str]:
    """The lines of level error or above that none of these regular expressions finds itself in."""
    known = [re.compile(one) for one in announced]
    return [line for line in lines if _ERROR.match(line) and not any(one.search(line) for one in known)]


class OperatorLog:
    """Lines of all the operator's pods, in the order in which they came."""

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl
        self._since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._lock = threading.Lock()
        self._fresh: list[str] = []
        self._following: dict[str, subprocess.Popen[str]] = {}
        self._over = threading.Event()
        self.pods: set[str] = set()
        """Every pod that was followed."""

    def take(self) -> list[str]:
        """The lines since the last call."""
        with self._lock:
            lines, self._fresh = self._fresh, []
        return lines

    def follow(self) -> None:
        """Until `end`: look for pods, and follow each for as long as it lives."""
        while not self._over.wait(_EVERY):
            try:
                pods = self._kubectl.list("pods", _SELECTOR)
            except TestbedError:
                # The API server may be restarting.
                continue
            for pod in pods:
                name = pod["metadata"]["name"]
                running = self._following.get(name)
                if pod["status"].get("phase") == "Running" and (running is None or running.poll() is not None):
                    self._begin(name)

    def end(self) -> None:
        """Stop following."""
        self._over.set()
        for process in self._following.values():
            process.terminate()

    def _begin(self, name: str) -> None:
        since = self._since if name not in self.pods else datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.pods.add(name)
        process = self._following[name] = subprocess.Popen(
            self._kubectl.command("logs", "--follow", name, f"--since-time={since}"),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            errors="replace",
        )
        threading.Thread(target=self._read, args=(process,), daemon=True).start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            with self._lock:
                self._fresh.append(line.rstrip("\n"))


@contextmanager
def following(kubectl: Kubectl) -> Iterator[OperatorLog]:
    """The log for as long as the block runs. kubectl: of the operator's namespace."""
    log = OperatorLog(kubectl)
    thread = threading.Thread(target=log.follow, daemon=True)
    thread.start()
    try:
        yield log
    finally:
        log.end()
        thread.join(70)
