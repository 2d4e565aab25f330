"""`boardhand doctor` as people run it, on the real cluster: nothing of what is well, one thing of what is not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from testbed.world import SYSTEM
from tests.e2e.conftest import NAMESPACE, Scene

pytestmark = pytest.mark.e2e
Json = dict[str, Any]
PROGRAM = Path(sys.executable).with_name("boardhand")


def doctor(scene: Scene) -> tuple[int, list[Json]]:
    """The exit code and the findings."""
    where = ["--kubeconfig", str(scene.world.cluster.kubeconfig), "--operator-namespace", SYSTEM]
    command = [str(PROGRAM), "doctor", *where, "-n", NAMESPACE, "-o", "json", scene.name]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)["findings"]


def test_an_installation_at_work_has_no_finding(shop: Scene) -> None:
    shop.apply(shop.pool())
    assert doctor(shop) == (0, [])


def test_what_the_operator_says_of_a_pool_is_found_once_with_its_fix(shop: Scene) -> None:
    body = shop.pool()
    body["spec"]["board"]["columns"]["ready"] = "Sprint backlog"
    told = shop.apply(body, ready="False")
    assert "ColumnMissing" in json.dumps(told)
    code, (found,) = doctor(shop)
    assert (code, found["check"]) == (1, "board")
    assert found["fix"] == "spec.board.columns: {ready: 'Sprint Backlog'}"
