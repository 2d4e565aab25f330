"""Whether the pods of a pool fit into their namespace: quotas, limit ranges, Pod Security. Pure."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from kubernetes.utils.quantity import parse_quantity

from boardhand_api import API_VERSION
from boardhand_client.trials.facts import Hidden, Namespace, PoolFacts
from boardhand_client.trials.finding import Finding, Said, Unseen
from boardhand_operator.specs.job import build_job
from boardhand_operator.specs.order import build_order
from boardhand_operator.views import Pool, Run

Json = dict[str, Any]
Needs = dict[str, Decimal]
LEVEL = "pod-security.kubernetes.io/enforce"
_OURS = {"Terminating", "NotBestEffort"}
"""Scopes of a quota that a run's pod is in."""


def sample(pool: Pool, image: str) -> Json:
    """The Job of a run of this pool. image: the runner's. Raises Misconfigured as `build_job`."""
    meta = {"name": "boardhand-doctor", "namespace": pool.namespace, "uid": "none"}
    spec = {"pool": pool.name, "ticket": {"id": "1", "title": "Boardhand's doctor"}}
    run = Run.of({"apiVersion": API_VERSION, "kind": "TicketRun", "metadata": meta, "spec": spec})
    return build_job("boardhand-doctor", dict(run.body), pool.spec, build_order(run.name, pool.spec, run.spec), image)


def needs(template: Mapping[str, Any]) -> Needs:
    """What the pod counts for in quotas, as `requests.cpu` and `limits.memory`.

    Sidecars stay, so that each init container counts with those before it.
    https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers
    """
    spec, kept, peak = template["spec"], defaultdict[str, Decimal](Decimal), Needs()
    for box in spec.get("initContainers") or ():
        mine = _of(box)
        if box.get("restartPolicy") == "Always":
            for name, amount in mine.items():
                kept[name] += amount
            mine = {}
        peak = {
            name: max(peak.get(name, Decimal(0)), mine.get(name, Decimal(0)) + kept[name])
            for name in kept | mine | peak
        }
    for box in spec["containers"]:
        for name, amount in _of(box).items():
            kept[name] += amount
    return {name: max(kept[name], peak.get(name, Decimal(0))) for name in {**kept, **peak}}


def _of(box: Mapping[str, Any]) -> Needs:
    return {
        f"{kind}.{name}": parse_quantity(amount)
        for kind in ("requests", "limits")
        for name, amount in ((box.get("resources") or {}).get(kind) or {}).items()
    }


def fits(pool: PoolFacts, namespace: Namespace, job: Json) -> Said:
    """No quota and no limit range refuses its pods for their size alone."""
    template = job["spec"]["template"]
    for kind, bounds in (("quota", namespace.quotas), ("limit-range", namespace.ranges)):
        if isinstance(bounds, Hidden):
            yield Unseen(kind, pool.about, bounds.why)
    if not isinstance(namespace.quotas, Hidden):
        yield from _quotas(pool, namespace.quotas, needs(template))
    if not isinstance(namespace.ranges, Hidden):
        yield from _ranges(pool, namespace.ranges, template)


def _quotas(pool: PoolFacts, quotas: Sequence[Json], wanted: Needs) -> Said:
    """A quota counts what is asked without `requests.` as a request."""
    counted = {"pods": Decimal(1), "count/pods": Decimal(1), "count/jobs.batch": Decimal(1), **wanted}
    counted |= {
        name.removeprefix("requests."): amount for name, amount in wanted.items() if name.startswith("requests.")
    }
    for quota in quotas:
        if not set(quota["spec"].get("scopes") or ()) <= _OURS or quota["spec"].get("scopeSelector"):
            continue
        for name, hard in (quota["spec"].get("hard") or {}).items():
            need = counted.get(name)
            if need is not None and need > parse_quantity(hard):
                its = quota["metadata"]["name"]
                said = f"a pod of it counts for {_plain(need)} {name}; ResourceQuota {its} allows {hard}"
                patch = json.dumps({"spec": {"hard": {name: _plain(need)}}})
                fix = f"kubectl -n {pool.namespace} patch resourcequota {its} -p '{patch}'"
                yield Finding("quota", pool.about, said, fix)


def _ranges(pool: PoolFacts, ranges: Sequence[Json], template: Mapping[str, Any]) -> Said:
    for one, said in _beyond(ranges, template):
        name = one["metadata"]["name"]
        fix = f"kubectl -n {pool.namespace} edit limitrange {name}"
        yield Finding("limit-range", pool.about, f"LimitRange {name} refuses its pods: {said}", fix)


def _beyond(ranges: Iterable[Json], template: Mapping[str, Any]) -> Iterator[tuple[Json, str]]:
    """The first container of each limit range that it refuses."""
    boxes = [*(template["spec"].get("initContainers") or ()), *template["spec"]["containers"]]
    for one in ranges:
        for limit in (each for each in one["spec"]["limits"] if each["type"] == "Container"):
            wrong = [f"{box['name']} {said}" for box in boxes for said in _container(_of(box), limit)]
            if wrong:
                yield one, wrong[0]
                break


def _container(has: Needs, limit: Json) -> Iterator[str]:
    for name, most in (limit.get("max") or {}).items():
        if has.get(f"limits.{name}", Decimal(0)) > parse_quantity(most):
            yield f"may use {_plain(has[f'limits.{name}'])} {name}, and at most {most} is allowed"
    for name, least in (limit.get("min") or {}).items():
        if f"requests.{name}" in has and has[f"requests.{name}"] < parse_quantity(least):
            yield f"asks for {_plain(has[f'requests.{name}'])} {name}, and at least {least} is wanted"


def _plain(amount: Decimal) -> str:
    """As Kubernetes writes it, in whole units where it can be."""
    for unit, size in (("Gi", 2**30), ("Mi", 2**20)):
        if amount >= size and amount % size == 0:
            return f"{amount // size}{unit}"
    return f"{amount.normalize():f}" if amount == amount.to_integral_value() else f"{int(amount * 1000)}m"


def secured(name: str, namespace: Namespace) -> Said:
    """The namespace holds its pods to the level that runs keep to, so that nothing else in it can be more."""
    about = f"namespace {name}"
    if isinstance(namespace.body, Hidden):
        yield Unseen("pod-security", about, namespace.body.why)
        return
    level = ((namespace.body or {}).get("metadata", {}).get("labels") or {}).get(LEVEL)
    if level not in ("restricted", "baseline"):
        said = f"its Pod Security level is {level or 'not set'}; runs fit restricted"
        yield Finding("pod-security", about, said, f"kubectl label namespace {name} {LEVEL}=restricted --overwrite")
