"""What `boardhand doctor` finds: every check over the facts, each pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from boardhand_client.trials.checks import cluster, fitting, operator, pools, rights
from boardhand_client.trials.facts import Facts
from boardhand_client.trials.finding import Finding, Said, Unseen

CHECKS: tuple[Callable[[Facts], Said], ...] = (
    cluster.version,
    cluster.clock,
    cluster.definitions,
    operator.deployed,
    operator.images,
    operator.lease,
    operator.watched,
    operator.rights,
    rights.visitor,
)
NAMES = (
    *("cluster", "version", "clock", "crd", "operator", "lease", "watched", "operator-rights", "your-rights"),
    *("pod-security", "spec", "secret", "sealed", "board", "forge", "git", "model", "image", "pull-secret", "named"),
    *("network-policy", "egress", "webhook", "quota", "limit-range", "user-namespaces", "pod", "pool"),
)
"""Of all checks, as docs/doctor.md lists them."""


@dataclass(frozen=True)
class Report:
    """What was found, and what could not be looked at."""

    findings: Sequence[Finding]
    unseen: Sequence[Unseen]


def examine(facts: Facts) -> Report:
    """Every check. Where a definition is missing nothing is said of pools: there can be none."""
    said = [one for check in CHECKS for one in check(facts)]
    said += [one for name, namespace in facts.namespaces.items() for one in fitting.secured(name, namespace)]
    for name in facts.absent:
        namespace, _, pool = name.partition("/")
        fix = f"kubectl -n {namespace} get codingagents"
        said.append(Finding("pool", f"pool {name}", f"there is no CodingAgent {pool} in namespace {namespace}", fix))
    said += [one for pool in facts.pools for one in pools.pool(facts, pool)]
    once = list(dict.fromkeys(said))
    findings = [one for one in once if isinstance(one, Finding)]
    return Report(findings, [one for one in once if isinstance(one, Unseen)])
