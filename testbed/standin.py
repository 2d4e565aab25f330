"""Starting and stopping the stand-ins: detached processes, remembered by pid and start time."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from testbed.cluster.processes import Process, not_inherited, parse_record, start_time
from testbed.plan import Plan
from testbed.shell import TestbedError, wait_for

READY_SECONDS = 30
_END_SECONDS = 5
_ROOT = Path(__file__).resolve().parents[1]


def start(module: str, plan: Plan, service: str, address: str, args: Sequence[str] = ()) -> str:
    """Start `python -m module` on `address` and the plan's port for `service`; its URL, once it answers.

    One that already runs with the same arguments is left alone; one with others is replaced. Raises TestbedError
    when the port belongs to somebody else, or with the last lines of its log when the stand-in does not come up.
    """
    port = plan.port(service)
    command = [sys.executable, "-m", module, "--host", address, "--port", str(port), *args]
    process = _recorded(plan, service)
    if process is None or _command(process) != command:
        stop(plan, service)
        if _answers(address, port):
            raise TestbedError(f"{service}: {address}:{port} is taken by another program; end it, or set CLUSTER=…")
        process = _spawn(command, plan, service)
    _await_answer(process, plan, service, address)
    return f"http://{address}:{port}"


def stop(plan: Plan, service: str) -> None:
    """End the stand-in, by force after 5 seconds. Doing it twice, or with nothing to end, changes nothing.

    Raises TestbedError if it does not even end by force.
    """
    process = _recorded(plan, service)
    if process is not None:
        _signal(process, signal.SIGTERM)
        try:
            wait_for(f"end of {service}", lambda: not process.alive, _END_SECONDS, every=0.05)
        except TestbedError:
            _signal(process, signal.SIGKILL)
            wait_for(f"end of killed {service}", lambda: not process.alive, _END_SECONDS, every=0.05)
        with suppress(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)
    _record(plan, service).unlink(missing_ok=True)


def log(plan: Plan, service: str) -> Path:
    """The file that what the stand-in prints is appended to."""
    return plan.state / "logs" / f"{service}.log"


def _record(plan: Plan, service: str) -> Path:
    # Beside the cluster's own records, not among them: the stand-ins outlive a cluster that is brought up anew.
    return plan.state / "standins" / service


def _recorded(plan: Plan, service: str) -> Process | None:
    """The stand-in's process, if it was started and still lives."""
    try:
        process = parse_record(_record(plan, service).read_text())
    except FileNotFoundError:
        return None
    return process if process.alive else None


def _command(process: Process) -> list[str]:
    return Path(f"/proc/{process.pid}/cmdline").read_text().removesuffix("\0").split("\0")


def _spawn(command: list[str], plan: Plan, service: str) -> Process:
    out, record = log(plan, service), _record(plan, service)
    for folder in (out.parent, record.parent):
        folder.mkdir(parents=True, exist_ok=True)
    pid = os.posix_spawn(
        command[0],
        command,
        os.environ | {"PYTHONPATH": str(_ROOT)},
        file_actions=[
            *not_inherited(),
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(out), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    started = start_time(Path(f"/proc/{pid}/stat").read_text())
    if started is None:
        raise TestbedError(f"{service} ended at once\n{_last_words(plan, service)}")
    record.write_text(f"{pid} {started}\n")
    return Process(pid, started)


def _await_answer(process: Process, plan: Plan, service: str, address: str) -> None:
    port = plan.port(service)
    wait_for(f"{service} on {address}:{port}", lambda: not process.alive or _answers(address, port), READY_SECONDS)
    if not process.alive:
        stop(plan, service)
        raise TestbedError(f"{service} has ended\n{_last_words(plan, service)}\nThe whole log: {log(plan, service)}")


def _answers(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False


def _last_words(plan: Plan, service: str) -> str:
    path = log(plan, service)
    return "\n".join(path.read_text(errors="replace").splitlines()[-10:]) if path.exists() else ""


def _signal(process: Process, number: signal.Signals) -> None:
    if process.alive:
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)
