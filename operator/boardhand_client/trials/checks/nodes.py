"""Whether the nodes can do what a pool's pods ask of them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from boardhand_api.pod_settings import UserNamespaces
from boardhand_client.trials.checks.operator import USERS
from boardhand_client.trials.facts import Facts, Hidden, Json, PoolFacts
from boardhand_client.trials.finding import Finding, Said, Unseen
from boardhand_operator.specs import users
from boardhand_operator.views import Pool

CHECK = "user-namespaces"
_KEEPS_AWAY = ("NoSchedule", "NoExecute")
Spec = Mapping[str, Any]


def own_users(facts: Facts, one: PoolFacts, its: Pool, spec: Spec) -> Said:
    """Where its pods are to have users of their own, all nodes that they may go to can give them that.

    spec: of such a pod. Where the operator asks the nodes, it gives no pod what a node cannot.
    """
    usual, said = facts.operator.environment.get(USERS), its.spec.pod.user_namespaces
    by_pool = said is UserNamespaces.ALWAYS
    if not by_pool and (said is not UserNamespaces.AUTO or usual != UserNamespaces.ALWAYS):
        return
    if isinstance(facts.nodes, Hidden):
        yield Unseen(CHECK, one.about, facts.nodes.why)
        return
    # A claim may lie on a file system that cannot; its nodes must be able to all the same.
    if unknown := users.unknown({**spec, "volumes": []}):
        yield Unseen(CHECK, one.about, unknown)
        return
    node, lack = next(_lacking(facts.nodes, spec), ("", ""))
    if lack and _chooses(spec):
        yield Unseen(CHECK, one.about, f"node {node} cannot ({lack}); whether its affinity leads there was not seen")
    elif lack:
        where = "spec.pod.userNamespaces" if by_pool else "the chart's userNamespaces"
        text = f"{where} is Always, and node {node}, where its pods may go, cannot: {lack}"
        fix = UserNamespaces.NEVER if usual == UserNamespaces.ALWAYS else UserNamespaces.AUTO
        yield Finding(CHECK, one.about, text, f"spec.pod.userNamespaces: {fix}  # or labels of others in nodeSelector")


def _lacking(nodes: Sequence[Json], spec: Spec) -> Iterator[tuple[str, str]]:
    for node in nodes:
        if _takes(node, spec) and (lack := users.lacks(node)):
            yield str(node["metadata"]["name"]), lack


def _takes(node: Json, spec: Spec) -> bool:
    """Whether the pod may go there, by labels and taints."""
    labels = node["metadata"].get("labels") or {}
    taints = [one for one in (node.get("spec") or {}).get("taints") or () if one.get("effect") in _KEEPS_AWAY]
    tolerated = spec.get("tolerations") or ()
    return (spec.get("nodeSelector") or {}).items() <= labels.items() and all(
        any(_tolerates(each, taint) for each in tolerated) for taint in taints
    )


def _tolerates(toleration: Spec, taint: Spec) -> bool:
    """https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/"""
    if toleration.get("effect") not in (None, "", taint.get("effect")):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", taint.get("key"))
    return toleration.get("key") == taint.get("key") and (toleration.get("value") or "") == (taint.get("value") or "")


def _chooses(spec: Spec) -> bool:
    chosen = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    return bool(chosen.get("requiredDuringSchedulingIgnoredDuringExecution"))
