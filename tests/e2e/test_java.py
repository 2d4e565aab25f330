"""A Java project with Maven: JUnit from the Maven registry, through the pool's own certificates."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import NAMESPACE, Scene

pytestmark = pytest.mark.e2e

_HOST_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


def test_a_bug_in_a_maven_project_is_fixed(ledger: Scene) -> None:
    bundle = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "certificates", "namespace": NAMESPACE},
        "data": {"ca.crt": _HOST_BUNDLE.read_text()},
    }
    ledger.kubectl.apply(bundle)
    ledger.apply(ledger.pool(certificates={"configMap": "certificates"}))
    card = ledger.add_card("Bug: the ledger rounds half cents down", "0.125 should become 0.13.")
    run = ledger.outcome(card, 420)
    status = run["status"]

    assert status["phase"] == "Succeeded", status
    assert status["specialist"] == "bugfixer"
    assert status["verdict"]["exitCode"] == 0
    assert status["verdict"]["tests"]["ran"] > 0
    assert len(ledger.pulls()) == 1
    assert ledger.board.column_of(card) == "In Review"
