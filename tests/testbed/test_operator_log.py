"""The operator's log over a run of tests: of each pod that it had, and which of its lines are errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from testbed.cluster.provider import Cluster
from testbed.kubectl import Kubectl
from testbed.operator_log import errors_of, following
from testbed.plan import Plan
from testbed.shell import wait_for

_KUBECTL = """#!/bin/sh
case "$*" in
*" get pods "*) cat "{folder}/pods" ;;
*" logs "*) for word; do test -f "{folder}/$word.log" && cat "{folder}/$word.log"; done; sleep 0.1 ;;
esac
"""


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("2026-11-23 10:00:00,123 ERROR boardhand_operator.queue: x", True),
        ("2026-11-23 10:00:00,123 CRITICAL boardhand_operator: x", True),
        ("2026-11-23 10:00:00,123 WARNING boardhand_operator.queue: ERROR kopf: x", False),
        ('{"time": "2026-11-23T10:00:00.123Z", "level": "error", "logger": "a", "message": "x"}', True),
        ('{"time": "2026-11-23T10:00:00.123Z", "level": "info", "message": "\\\\"level\\\\": \\\\"error\\\\""}', False),
        ("Traceback (most recent call last):", True),
        ("| ERROR", False),
    ],
)
def test_a_line_is_an_error_by_its_beginning(line: str, error: bool) -> None:
    assert errors_of([line]) == ([line] if error else [])


def test_what_a_test_announces_is_expected() -> None:
    lines = [f"2026-11-23 10:00:00,123 ERROR boardhand_operator.queue: {word}" for word in ("one", "two")]
    assert errors_of(lines, [r"queue: on."]) == lines[1:]


def pods(folder: Path, *names: str) -> None:
    items = [{"metadata": {"name": name}, "status": {"phase": "Running"}} for name in names]
    (folder / "pods").write_text(json.dumps({"items": items}))
    for name in names:
        (folder / f"{name}.log").write_text(f"this is {name}\n")


@pytest.mark.slow
def test_each_pod_is_followed_whichever_come_and_go(tmp_path: Path) -> None:
    program = tmp_path / "kubectl"
    program.write_text(_KUBECTL.format(folder=tmp_path))
    program.chmod(0o755)
    seen: set[str] = set()

    def saw(name: str) -> bool:
        seen.update(log.take())
        return f"this is {name}" in seen

    pods(tmp_path, "a")
    with following(Kubectl(Cluster(Plan("log"), tmp_path / "config", "127.0.0.1", tmp_path), "system")) as log:
        wait_for("the first pod", lambda: saw("a"), 10, every=0.05)
        pods(tmp_path, "b", "c")
        wait_for("the others", lambda: saw("b") and saw("c"), 10, every=0.05)
    assert log.pods == {"a", "b", "c"}
