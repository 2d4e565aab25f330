"""What a pool names beside Secrets: classes, claims, ConfigMaps, queues. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from boardhand_api.pool import CodingAgentSpec
from boardhand_client.trials.facts import Hidden, Json, PoolFacts
from boardhand_client.trials.finding import Finding, Said, Unseen

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


@dataclass(frozen=True)
class Named:
    """One object that a pool names."""

    kind: str
    name: str
    path: str
    """At the API server."""
    field: str
    fix: str


def named(spec: CodingAgentSpec, namespace: str) -> Iterator[Named]:
    """All that must be there."""
    pod = spec.pod
    if bundle := spec.certificates:
        path = f"/api/v1/namespaces/{namespace}/configmaps/{bundle.config_map}"
        make = f"kubectl -n {namespace} create configmap {bundle.config_map} --from-file={bundle.key}=FILE"
        yield Named("ConfigMap", bundle.config_map, path, "spec.certificates.configMap", make)
    for at, cache in enumerate(spec.workbench.caches):
        if cache.claim:
            path = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{cache.claim}"
            field = f"spec.workbench.caches[{at}]"
            fix = f"{field}.size: 2Gi  # in place of claim; or make the PersistentVolumeClaim"
            yield Named("PersistentVolumeClaim", cache.claim, path, f"{field}.claim", fix)
    classes = (
        ("RuntimeClass", pod.runtime_class_name, "node.k8s.io", "runtimeclasses", "spec.pod.runtimeClassName"),
        (
            "PriorityClass",
            pod.priority_class_name,
            "scheduling.k8s.io",
            "priorityclasses",
            "spec.pod.priorityClassName",
        ),
        (
            "StorageClass",
            spec.persistence and spec.persistence.storage_class,
            "storage.k8s.io",
            "storageclasses",
            "spec.persistence.storageClass",
        ),
    )
    for kind, name, group, plural, field in classes:
        if name:
            fix = f"{field}: null  # or one of: kubectl get {plural}"
            yield Named(kind, name, f"/apis/{group}/v1/{plural}/{name}", field, fix)
    if pod.queue_name:
        path = f"/apis/kueue.x-k8s.io/v1beta1/namespaces/{namespace}/localqueues/{pod.queue_name}"
        fix = f"spec.pod.queueName: null  # or one of: kubectl -n {namespace} get localqueues"
        yield Named("LocalQueue", pod.queue_name, path, "spec.pod.queueName", fix)


def there(pool: PoolFacts, spec: CodingAgentSpec, storage: Sequence[Json] | Hidden) -> Said:
    """All that is named is there, a ConfigMap with its key; a volume without a class has the cluster's default."""
    for one in named(spec, pool.namespace):
        found = pool.named.get((one.kind, one.name))
        if isinstance(found, Hidden):
            yield Unseen("named", pool.about, found.why)
        elif found is None:
            yield Finding("named", pool.about, f"{one.field}: there is no {one.kind} {one.name}", one.fix)
        elif one.kind == "ConfigMap" and spec.certificates and spec.certificates.key not in (found.get("data") or {}):
            keys = ", ".join(found.get("data") or {}) or "none"
            said = f"{one.field}: ConfigMap {one.name} has no key {spec.certificates.key}; its keys are: {keys}"
            yield Finding("named", pool.about, said, f"spec.certificates.key: {keys}")
    yield from _default(pool, spec, storage)


def _default(pool: PoolFacts, spec: CodingAgentSpec, storage: Sequence[Json] | Hidden) -> Said:
    if spec.persistence is None or spec.persistence.storage_class:
        return
    if isinstance(storage, Hidden):
        yield Unseen("named", pool.about, storage.why)
        return
    marks = [(one["metadata"].get("annotations") or {}).get(DEFAULT_CLASS) for one in storage]
    if "true" not in marks:
        names = " | ".join(one["metadata"]["name"] for one in storage) or "…"
        said = "spec.persistence: the cluster has no default StorageClass, so no volume is made"
        yield Finding("named", pool.about, said, f"spec.persistence.storageClass: {names}")
