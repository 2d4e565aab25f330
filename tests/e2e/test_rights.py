"""After all the others: what the operator asked of the API server in this run, held against the chart's rules."""

from __future__ import annotations

import pytest

from testbed import chart
from testbed.cluster import layout
from testbed.rights import Right, calls, compare, grants
from testbed.shell import TestbedError
from testbed.world import NAMESPACES, SYSTEM, World
from tests.e2e.conftest import NAMESPACE

pytestmark = pytest.mark.e2e

ACCOUNT = f"system:serviceaccount:{SYSTEM}:{chart.RELEASE}"
ELSEWHERE = {
    Right("boardhand.dev", "codingagents", "get"),
    Right("boardhand.dev", "ticketruns", "delete"),
    Right("apps", "controllerrevisions", "get"),
    Right("networking.k8s.io", "networkpolicies", "patch"),
    Right("", "persistentvolumeclaims", "get"),
    Right("", "pods/log", "get"),
    *(Right("", "secrets", verb) for verb in ("create", "patch", "delete")),
}
"""What these tests need not use; tests/testbed/test_rights_load.py has all of it used, on a real API server."""


def test_the_operator_asked_for_what_the_chart_gives_and_used_it(up: World) -> None:
    log = layout.logs(up.plan) / "audit.log"
    if not log.exists():
        print("not compared: this cluster's API server writes no audit log that is to be read here")
        return
    # With the proxy that test_egress.py installs.
    values = {"watchNamespaces": list(NAMESPACES), "egressProxy": {"enabled": True}, "userNamespaces": "Auto"}
    given = grants(chart.rendered(SYSTEM, values), chart.RELEASE)
    found = compare(given, calls(log, ACCOUNT))
    assert found.beyond == []
    assert sorted(set(found.unused) - ELSEWHERE) == []


@pytest.mark.parametrize(
    ("verb", "resource", "namespace", "answer"),
    [
        ("get", "secrets", NAMESPACE, "yes"),
        ("list", "secrets", NAMESPACE, "no"),
        ("watch", "secrets", NAMESPACE, "no"),
        ("get", "secrets", "kube-system", "no"),
        ("get", "secrets", SYSTEM, "no"),
        ("create", "pods", NAMESPACE, "no"),
        ("create", "pods/exec", NAMESPACE, "no"),
        ("create", "rolebindings.rbac.authorization.k8s.io", NAMESPACE, "no"),
        ("patch", "codingagents.boardhand.dev", "kube-system", "no"),
    ],
)
def test_the_cluster_itself_says_what_the_operator_may(
    up: World, verb: str, resource: str, namespace: str, answer: str
) -> None:
    try:
        said = up.kubectl(namespace)("auth", "can-i", verb, resource, f"--as={ACCOUNT}")
    except TestbedError as no:
        # kubectl ends with 1 where the answer is no.
        said = str(no)
    assert said.strip().splitlines()[-1] == answer
