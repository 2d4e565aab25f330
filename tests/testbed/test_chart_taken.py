"""The chart, installed into a real API server with all that it can do: its policies are kept as they were written, its
pods are restricted, and an upgrade with the same values changes neither."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from testbed import chart
from testbed.load import LoadCluster
from testbed.shell import TestbedError
from tests.support import netpol
from tests.support.netpol import End

pytestmark = pytest.mark.slow

Json = dict[str, Any]
SYSTEM = "boardhand-system"
API_SERVER = "10.2.3.4"
SLICE: Json = {
    "apiVersion": "discovery.k8s.io/v1",
    "kind": "EndpointSlice",
    "metadata": {"name": "kubernetes", "labels": {"kubernetes.io/service-name": "kubernetes"}},
    "addressType": "IPv4",
    "endpoints": [{"addresses": [API_SERVER]}],
    "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}],
}
"""An API server of loopback alone, as the load cluster's is, tells nobody of itself."""
VALUES: Json = {
    "crds": {"install": False},
    "watchNamespaces": ["team"],
    "commonLabels": {"team": "platform"},
    "commonAnnotations": {"owner": "ada"},
    "operator": {
        "replicas": 2,
        "webhooks": {"enabled": True, "ingress": {"enabled": True, "host": "hooks.example"}},
        "pod": {
            "topologySpreadConstraints": [
                {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "DoNotSchedule"}
            ]
        },
    },
    "metrics": {"enabled": True, "access": "Review", "dashboard": {"enabled": True}},
    "dashboard": {"enabled": True, "auth": "proxy", "proxy": {"secret": "proxy", "users": ["dana"]}},
    "egressProxy": {"enabled": True, "replicas": 2},
    "admission": {"enabled": True},
    "networkPolicy": {
        "enabled": True,
        "operator": {"to": [{"cidr": "198.51.100.0/24", "ports": [3000]}, {"namespace": "git", "pods": {"app": "a"}}]},
    },
    "network": {"closed": ["10.1.0.0/16", "fd00:1::/64", "10.0.0.1"]},
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadCluster]:
    with LoadCluster(tmp_path_factory.mktemp("chart") / "state", pods=False) as made:
        for name in (SYSTEM, "team"):
            labels = {"pod-security.kubernetes.io/enforce": "restricted"}
            made.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
        made.api.create(f"/apis/{SLICE['apiVersion']}/namespaces/default/endpointslices", SLICE)
        helm(made, "install")
        yield made


def helm(cluster: LoadCluster, act: str) -> str:
    at = ("--kubeconfig", str(cluster.layout.kubeconfig("admin")))
    words = (act, chart.RELEASE, str(chart.FOLDER), *at, "--namespace", SYSTEM, "--values", "-")
    return chart.helm(*words, stdin=json.dumps(VALUES))


def kept(cluster: LoadCluster, group: str, plural: str) -> dict[str, Json]:
    path = f"/apis/{group}/v1/namespaces/{SYSTEM}/{plural}" if group else f"/api/v1/namespaces/{SYSTEM}/{plural}"
    return {one["metadata"]["name"]: one for one in cluster.api.list(path)}


def test_policies_are_kept_as_they_were_written(cluster: LoadCluster) -> None:
    found = kept(cluster, "networking.k8s.io", "networkpolicies")
    assert sorted(found) == ["boardhand", "boardhand-dashboard", "boardhand-egress"]
    written = {one["metadata"]["name"]: one for one in chart.rendered(SYSTEM, VALUES) if one["kind"] == "NetworkPolicy"}
    for name in ("boardhand", "boardhand-dashboard"):
        assert found[name]["spec"] == written[name]["spec"]
    # Only here did Helm see an API server, whose own address is closed then.
    pods = found["boardhand-egress"]["spec"]["podSelector"]["matchLabels"]
    assert not netpol.egress(found.values(), pods, End(API_SERVER), 6443)
    assert netpol.egress(found.values(), pods, End("203.0.113.9"), 6443)


def test_pods_are_restricted(cluster: LoadCluster) -> None:
    templates = {name: one["spec"]["template"] for name, one in kept(cluster, "apps", "deployments").items()}
    assert sorted(templates) == ["boardhand", "boardhand-dashboard", "boardhand-egress"]
    (test,) = [one for one in chart.rendered(SYSTEM, VALUES, tests=True) if one["kind"] == "Pod"]
    for name, template in {**templates, "boardhand-test": test}.items():
        meta = {"name": f"{name}-1", "labels": template["metadata"]["labels"]}
        body: Json = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": template["spec"]}
        cluster.api.create(f"/api/v1/namespaces/{SYSTEM}/pods?dryRun=All", body)
        body["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
        with pytest.raises(TestbedError, match="violates PodSecurity"):
            cluster.api.create(f"/api/v1/namespaces/{SYSTEM}/pods?dryRun=All", body)


def test_an_upgrade_changes_no_policy_no_pod_and_no_key(cluster: LoadCluster) -> None:
    def versions() -> dict[str, int]:
        both = kept(cluster, "apps", "deployments"), kept(cluster, "networking.k8s.io", "networkpolicies")
        return {one["metadata"]["uid"]: one["metadata"]["generation"] for found in both for one in found.values()}

    def keys() -> dict[str, Json]:
        found = kept(cluster, "", "secrets")
        return {name: found[name]["data"] for name in ("boardhand-egress", "boardhand-sealing")}

    before, made = versions(), keys()
    helm(cluster, "upgrade")
    assert (versions(), keys()) == (before, made)


def test_all_have_the_labels_that_were_given(cluster: LoadCluster) -> None:
    kinds = [("", "services"), ("", "configmaps"), ("", "serviceaccounts"), ("policy", "poddisruptionbudgets")]
    seen = [one["metadata"] for group, plural in kinds for one in kept(cluster, group, plural).values()]
    ours = [one for one in seen if one["name"].startswith(chart.RELEASE)]
    assert len(ours) == 11
    assert all(one["labels"]["team"] == "platform" and one["annotations"]["owner"] == "ada" for one in ours)


def place(body: Json) -> str:
    """The object's address at the API server."""
    plural = body["kind"].lower()
    plural = f"{plural[:-1]}ies" if plural.endswith("y") else f"{plural}es" if plural.endswith("s") else f"{plural}s"
    group = f"/apis/{body['apiVersion']}" if "/" in body["apiVersion"] else f"/api/{body['apiVersion']}"
    inner = body["metadata"].get("namespace")
    return f"{group}{f'/namespaces/{inner}' if inner else ''}/{plural}/{body['metadata']['name']}"


def changed(written: Any, live: Any, at: str) -> Iterator[str]:
    """What of it the API server keeps in another way; what it adds is none of it."""
    if isinstance(written, dict) and isinstance(live, dict):
        for key, value in written.items():
            yield from changed(value, live.get(key), f"{at}/{key}")
    elif isinstance(written, list) and isinstance(live, list) and len(written) == len(live):
        for number, (one, other) in enumerate(zip(written, live, strict=True)):
            yield from changed(one, other, f"{at}/{number}")
    elif written != live:
        yield f"{at}: {written!r} is kept as {live!r}"


def test_all_that_is_written_is_kept_as_it_was_written(cluster: LoadCluster) -> None:
    """Else tools that compare both, such as Argo CD, find a difference at every look."""
    at = ("--kubeconfig", str(cluster.layout.kubeconfig("admin")), "--namespace", SYSTEM)
    written = [one for one in yaml.safe_load_all(chart.helm("get", "manifest", chart.RELEASE, *at)) if one]
    assert len({one["kind"] for one in written}) > 12
    found = [said for one in written for said in changed(one, cluster.api.get(place(one)), place(one))]
    assert found == []
