"""What a pool may say of its pods' shape: fields of its own, and a patch that cannot take the stages' walls away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from boardhand_api.pod import MESSAGE_BYTES, PROCESSES, SERVICE_PREFIX, Stage
from boardhand_api.pod_settings import OWN_PREFIXES, PodSettings
from boardhand_api.pool import CodingAgentSpec
from boardhand_operator.errors import Misconfigured
from boardhand_operator.specs import isolation

Json = dict[str, Any]

QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
_OF_POD = {
    "affinity",
    "dnsConfig",
    "dnsPolicy",
    "hostAliases",
    "hostname",
    "imagePullSecrets",
    "nodeSelector",
    "overhead",
    "preemptionPolicy",
    "priorityClassName",
    "resources",
    "runtimeClassName",
    "schedulerName",
    "schedulingGates",
    "setHostnameAsFQDN",
    "subdomain",
    "terminationGracePeriodSeconds",
    "tolerations",
    "topologySpreadConstraints",
}
_OF_CONTAINER = {"name", "env", "imagePullPolicy", "resources"}
_LISTS = ("initContainers", "containers")
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
"""Beginning of the annotations that name a container's AppArmor profile."""
_OPENING = {
    "k8s.v1.cni.cncf.io/": "a further network, on which no NetworkPolicy holds",
    "v1.multus-cni.io/": "another network, on which no NetworkPolicy holds",
    "cdi.k8s.io/": "devices of the node",
    "io.kubernetes.cri-o.": "what the runtime gives a container of the node",
    "seccomp-profile.kubernetes.cri-o.io": "another seccomp profile",
    "io.katacontainers.": "another hypervisor, or settings of it",
}
"""Beginnings of annotations by which network plugins and container runtimes open what the pod's spec shuts, and what
they bring."""


def fields(settings: PodSettings) -> Json:
    """What the settings add to the pod's spec; nothing for what is not said."""
    said = settings.wire()
    names = ("nodeSelector", "tolerations", "affinity", "topologySpreadConstraints", "priorityClassName")
    return {name: said[name] for name in (*names, "runtimeClassName", "imagePullSecrets") if said.get(name)}


def patched(template: Json, patch: Mapping[str, Any]) -> Json:
    """The pod template with the patch, which `check` let pass."""
    spec = patch.get("spec") or {}
    rest = {name: value for name, value in spec.items() if name not in _LISTS}
    out: Json = merged(template, {**patch, "spec": rest})
    changes = {change["name"]: change for name in _LISTS for change in spec.get(name) or []}
    for name in _LISTS:
        out["spec"][name] = [_container(one, changes.get(one["name"], {})) for one in out["spec"][name]]
    return out


def _container(container: Json, change: Mapping[str, Any]) -> Json:
    out: Json = merged(container, change)
    return out | {"env": [*container.get("env", []), *change["env"]]} if "env" in change else out


def merged(target: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7386)."""
    if not isinstance(patch, Mapping):
        return patch
    out = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            out.pop(key, None)
        else:
            out[key] = merged(out.get(key), value)
    return out


def check(pool: CodingAgentSpec) -> None:
    """Raises Misconfigured for a patch that touches what only the operator sets, for an annotation that opens what the
    pod's isolation shuts, and for resources that are none, naming the field."""
    isolation.check(pool)
    patch = pool.pod.patch
    _check_annotations(pool.pod.annotations, "spec.pod.annotations.")
    _only(patch, {"metadata", "spec"}, "")
    _only(_object(patch, "metadata", ""), {"labels", "annotations"}, "metadata.")
    for kind in ("labels", "annotations"):
        for key, value in _object(patch.get("metadata") or {}, kind, "metadata.").items():
            if key.startswith(OWN_PREFIXES) or not isinstance(value, str):
                raise _refused(f"metadata.{kind}.{key}", f"text, with a key that begins with none of {OWN_PREFIXES}")
    _check_annotations((patch.get("metadata") or {}).get("annotations") or {}, "spec.pod.patch.metadata.annotations.")
    spec = _object(patch, "spec", "")
    _only(spec, _OF_POD | set(_LISTS), "spec.")
    known = {*map(str, Stage), *(f"{SERVICE_PREFIX}{one.name}" for one in pool.workbench.services)}
    seen: set[str] = set()
    for where, container in _containers(spec):
        name = str(container.get("name"))
        if name not in known or name in seen:
            raise _refused(f"{where}name", f"each once, of: {', '.join(sorted(known))}")
        seen.add(name)
        _only(container, _OF_CONTAINER, where)
        _check_env(container, where, pool)


def _check_annotations(given: Mapping[str, str], where: str) -> None:
    for key, value in given.items():
        brings = next((brings for begin, brings in _OPENING.items() if key.startswith(begin)), None)
        if key.startswith(_APPARMOR) and value != "runtime/default" and not value.startswith("localhost/"):
            brings = (
                f"the AppArmor profile {value[:80]!r}, in place of which runtime/default or localhost/NAME may stand"
            )
        if brings:
            text = (
                f"{where}{key} would bring {brings}: take it out, a pool's pods are as its cluster's owners shut them"
            )
            raise Misconfigured("PodAnnotation", text[:1000])


def _containers(spec: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for kind in _LISTS:
        for at, container in enumerate(_list(spec, kind, "spec.")):
            if not isinstance(container, Mapping):
                raise _refused(f"spec.{kind}[{at}]", "an object with a name")
            yield f"spec.{kind}[{at}].", container


def _check_env(container: Mapping[str, Any], where: str, pool: CodingAgentSpec) -> None:
    """Further variables with a plain value: none of the operator's own, and no Secret by the back door."""
    for at, one in enumerate(_list(container, "env", where)):
        plain = isinstance(one, Mapping) and one.keys() <= {"name", "value"} and isinstance(one.get("name"), str)
        if not plain or one["name"] in own_environment(pool):
            raise _refused(f"{where}env[{at}]", "name and value, and no name that the operator sets itself")


def own_environment(pool: CodingAgentSpec) -> set[str]:
    """Variables that a patch leaves alone; those of certificates also where the pool has none of its own."""
    return {
        "HOME",
        "TMPDIR",
        "JAVA_TOOL_OPTIONS",
        PROCESSES,
        MESSAGE_BYTES,
        *CERTIFICATE_VARIABLES,
        *pool.workbench.env,
    }


CERTIFICATE_VARIABLES = (
    "SSL_CERT_FILE",
    "GIT_SSL_CAINFO",
    "REQUESTS_CA_BUNDLE",
    "PIP_CERT",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "CARGO_HTTP_CAINFO",
)


def _object(parent: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    value = parent.get(name)
    if name in parent and not isinstance(value, Mapping):
        raise _refused(f"{where}{name}", "an object")
    return value if isinstance(value, Mapping) else {}


def _list(parent: Mapping[str, Any], name: str, where: str) -> list[Any]:
    value = parent.get(name)
    if name in parent and not isinstance(value, list):
        raise _refused(f"{where}{name}", "a list")
    return value if isinstance(value, list) else []


def _only(part: Mapping[str, Any], allowed: set[str], where: str) -> None:
    for name in part:
        if name not in allowed:
            raise _refused(f"{where}{name}", f"one of: {', '.join(sorted(allowed))}")


def _refused(where: str, allowed: str) -> Misconfigured:
    return Misconfigured("PodPatch", f"spec.pod.patch.{where} cannot be patched: allowed is {allowed}"[:1000])
