"""The chart, installed into a real API server with all that it can do: its policies are kept as they were written, its
pods are restricted, and an upgrade with the same values changes neither."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

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


def test_an_upgrade_changes_no_policy_and_no_pod(cluster: LoadCluster) -> None:
    def versions() -> dict[str, int]:
        both = kept(cluster, "apps", "deployments"), kept(cluster, "networking.k8s.io", "networkpolicies")
        return {one["metadata"]["uid"]: one["metadata"]["generation"] for found in both for one in found.values()}

    before = versions()
    helm(cluster, "upgrade")
    assert versions() == before


def test_all_have_the_labels_that_were_given(cluster: LoadCluster) -> None:
    kinds = [("", "services"), ("", "configmaps"), ("", "serviceaccounts"), ("policy", "poddisruptionbudgets")]
    seen = [one["metadata"] for group, plural in kinds for one in kept(cluster, group, plural).values()]
    ours = [one for one in seen if one["name"].startswith(chart.RELEASE)]
    assert len(ours) == 11
    assert all(one["labels"]["team"] == "platform" and one["annotations"]["owner"] == "ada" for one in ours)
