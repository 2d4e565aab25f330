"""What the operator must be allowed, and what commands ask of their visitor. Pure.

The chart's helper `boardhand.rules` gives the first; a test holds both against each other.
"""

from __future__ import annotations

from boardhand_client.trials.facts import Facts, Right
from boardhand_client.trials.finding import Finding, Said, Unseen

_OURS = "boardhand.dev"


def _all(group: str, resource: str, verbs: str) -> tuple[Right, ...]:
    return tuple(Right(group, resource, verb) for verb in verbs.split())


OPERATOR = (
    *_all(_OURS, "ticketruns", "get list watch create patch delete"),
    *_all(_OURS, "codingagents", "get list watch patch"),
    *_all(_OURS, "ticketruns/status", "patch"),
    *_all(_OURS, "codingagents/status", "patch"),
    *_all("batch", "jobs", "get list watch create patch delete"),
    *_all("apps", "controllerrevisions", "get create"),
    *_all("networking.k8s.io", "networkpolicies", "get create patch"),
    *_all("", "pods", "list watch patch"),
    *_all("", "pods/log", "get"),
    *_all("", "persistentvolumeclaims", "get create delete"),
    *_all("", "secrets", "get create patch delete"),
    *_all("", "events", "create"),
)
NODES = Right("", "nodes", "list")
"""Over the whole cluster, and only where the chart's `userNamespaces` is Auto."""
LOOKING = (
    *_all(_OURS, "codingagents", "get list watch"),
    *_all(_OURS, "ticketruns", "get list watch"),
    *_all("", "pods", "get list"),
    *_all("", "pods/log", "get"),
)
"""Without these `runs`, `watch`, `logs` and the dashboard show nothing."""
ACTING = (*_all(_OURS, "codingagents", "patch"), *_all(_OURS, "ticketruns", "create patch"))
"""Suspending, retrying, cancelling."""


def visitor(facts: Facts) -> Said:
    """Whoever asks may look; and what they may not do is said."""
    for name, namespace in facts.namespaces.items():
        if lacking := [str(one) for one in LOOKING if namespace.visitor.get(one) is False]:
            fix = (
                f"kubectl -n {name} create role boardhand-viewer --verb=get,list,watch "
                "--resource=codingagents.boardhand.dev,ticketruns.boardhand.dev,pods,pods/log; "
                f"kubectl -n {name} create rolebinding boardhand-viewer --role=boardhand-viewer --user=YOU"
            )
            yield Finding("your-rights", f"namespace {name}", f"you may not: {', '.join(lacking)}", fix)
        if lacking := [str(one) for one in ACTING if namespace.visitor.get(one) is False]:
            yield Unseen("your-rights", f"namespace {name}", f"you may look, and not act: no {', '.join(lacking)}")
