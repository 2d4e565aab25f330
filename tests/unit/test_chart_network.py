"""The NetworkPolicies of the chart's own pods, by the flows they let pass: nothing is held unless it is asked for."""

from __future__ import annotations

import functools
import ipaddress
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_operator.specs.network import ALWAYS_CLOSED
from testbed import chart
from testbed.shell import TestbedError
from tests.support import netpol
from tests.support.netpol import End

pytestmark = pytest.mark.slow

SYSTEM = "boardhand-system"
Json = dict[str, Any]
NAME = "kubernetes.io/metadata.name"
WORLD, SIXTH, API = End("203.0.113.9"), End("2001:db8::9"), End("10.0.0.2")
DNS = End("10.88.0.7", {"k8s-app": "kube-dns"}, {NAME: "kube-system"})
GITEA = End("10.88.0.9", {"app": "gitea"}, {NAME: "git"})
ON = {"networkPolicy": {"enabled": True}}
ALL: Json = {
    "operator": {"webhooks": {"enabled": True}},
    "metrics": {"enabled": True},
    "dashboard": {"enabled": True},
    "egressProxy": {"enabled": True},
}
COMPONENTS = ("operator", "dashboard", "egress-proxy")


@functools.cache
def _rendered(values: str) -> list[Json]:
    return chart.rendered(SYSTEM, json.loads(values), tests=True)


def objects(values: Json) -> list[Json]:
    return _rendered(json.dumps(values))


def policies(values: Json) -> list[Json]:
    return [body for body in objects(values) if body["kind"] == "NetworkPolicy"]


def labels(component: str) -> dict[str, str]:
    """Those of the component's pods, as the chart makes them."""
    templates = [body["spec"]["template"] for body in objects(ALL | ON) if body["kind"] == "Deployment"]
    tests = [body for body in objects(ALL | ON) if body["kind"] == "Pod"]
    found = [one["metadata"]["labels"] for one in (*templates, *tests)]
    (its,) = [one for one in found if one["app.kubernetes.io/component"] == component]
    return dict(its)


def goes(component: str, to: End, port: int, values: Json | None = None, protocol: str = "TCP") -> bool:
    """values: beside ALL and ON."""
    return netpol.egress(policies(ALL | ON | (values or {})), labels(component), to, port, protocol)


def comes(component: str, source: End, port: int, values: Json | None = None) -> bool:
    return netpol.ingress(policies(ALL | ON | (values or {})), labels(component), source, port)


def own(component: str) -> End:
    return End("10.88.0.20", labels(component), {NAME: SYSTEM})


def policy(**values: Any) -> Json:
    return {"networkPolicy": {"enabled": True} | values}


def test_unless_it_is_asked_for_only_doors_are_held() -> None:
    assert {one["metadata"]["name"] for one in policies({})} == set()
    held = policies(ALL)
    assert sorted(one["metadata"]["name"] for one in held) == ["boardhand-dashboard", "boardhand-egress"]
    assert all(one["spec"]["policyTypes"] == ["Ingress"] for one in held)
    assert all("egress" not in one["spec"] for one in held)


def test_each_policy_is_of_one_component_and_of_no_run() -> None:
    for one in policies(ALL | ON):
        selector = one["spec"]["podSelector"]
        assert len([name for name in (*COMPONENTS, "test") if netpol.selects(selector, labels(name))]) == 1
        assert not netpol.selects(selector, labels("operator") | {"app.kubernetes.io/component": "run"})
    assert len(policies(ALL | ON)) == len(COMPONENTS)


@pytest.mark.parametrize("component", ["operator", "dashboard"])
def test_they_reach_dns_the_api_server_and_what_is_served_at_443(component: str) -> None:
    for to in (WORLD, SIXTH, GITEA, API):
        assert goes(component, to, 443)
    assert goes(component, API, 6443)
    assert all(goes(component, DNS, 53, protocol=kind) for kind in ("UDP", "TCP"))
    assert goes(component, End("169.254.20.10"), 53, protocol="UDP")
    for port in (22, 80, 3000, 5432, 8080):
        assert not goes(component, WORLD, port)
        assert not goes(component, GITEA, port)
    assert not goes(component, WORLD, 53, protocol="UDP")
    assert not goes(component, WORLD, 443, protocol="UDP")


def test_the_egress_proxy_reaches_all_but_what_is_closed_and_runs_alone_come_to_it() -> None:
    closed = {"network": {"closed": ["10.0.0.2", "10.1.0.0/16", "fd00:1::/64", "fd00::5"]}}
    for port in (80, 443, 8443):
        assert goes("egress-proxy", WORLD, port, closed)
        assert goes("egress-proxy", SIXTH, port, closed)
        for address in ("10.0.0.2", "10.1.4.7", "fd00:1::9", "fd00::5"):
            assert not goes("egress-proxy", End(address), port, closed)
    run = End("10.88.0.30", {"app.kubernetes.io/component": "run"}, {NAME: "team"})
    assert comes("egress-proxy", run, 3128)
    assert not comes("egress-proxy", run, 3129)
    assert not comes("egress-proxy", GITEA, 3128)


def test_what_is_always_closed_is_what_the_operator_closes_to_runs() -> None:
    for one in policies(ALL | ON):
        blocks = [peer["ipBlock"] for rule in one["spec"]["egress"] for peer in rule["to"] if "ipBlock" in peer]
        wide = [block for block in blocks if block["cidr"] in ("0.0.0.0/0", "::/0")]
        assert {shut for block in wide for shut in block["except"]} == set(ALWAYS_CLOSED)
        assert [len(block["except"]) for block in wide] == [4, 5] * (len(wide) // 2)


@given(
    st.sampled_from(ALWAYS_CLOSED).map(ipaddress.ip_network).flatmap(lambda net: st.ip_addresses(network=net)),
    st.sampled_from([80, 443, 6443, 8080]),
    st.sampled_from(COMPONENTS),
)
def test_nothing_that_is_always_closed_is_reached(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int, component: str
) -> None:
    assert not goes(component, End(str(address)), port)


def test_the_api_server_may_be_said_by_number() -> None:
    said = policy(apiServer={"cidrs": ["10.0.0.2/32"], "ports": [8443]}, operator={"to": []}, dashboard={"to": []})
    for component in ("operator", "dashboard"):
        assert goes(component, API, 8443, said)
        assert not goes(component, API, 6443, said)
        assert not any(goes(component, to, port, said) for to in (WORLD, GITEA) for port in (443, 6443, 8443))
    assert not goes("egress-proxy", API, 8443, said | policy(egressProxy={"to": []}))


@pytest.mark.parametrize(("component", "key"), [("operator", "operator"), ("egress-proxy", "egressProxy")])
def test_ranges_and_pods_are_reached_that_are_named(component: str, key: str) -> None:
    said: Json = policy(apiServer={"cidrs": ["10.0.0.2/32"]})
    said["networkPolicy"][key] = {
        "to": [
            {"cidr": "198.51.100.0/24", "ports": [3000]},
            {"namespace": "git", "pods": {"app": "gitea"}, "ports": [3000]},
            {"namespace": "models"},
        ]
    }
    assert goes(component, End("198.51.100.7"), 3000, said)
    assert goes(component, GITEA, 3000, said)
    assert goes(component, End("10.88.0.4", {"app": "vllm"}, {NAME: "models"}), 8000, said)
    assert not goes(component, End("198.51.101.7"), 3000, said)
    assert not goes(component, GITEA, 8000, said)
    assert not goes(component, End("10.88.0.9", {"app": "gitea"}, {NAME: "other"}), 3000, said)
    assert not goes(component, WORLD, 443, said)


def test_collector_database_and_outgoing_proxy_are_reached_by_their_ports() -> None:
    traced = {"traces": {"endpoint": "http://collector.observability:4318"}}
    assert goes("operator", GITEA, 4318, traced)
    assert not goes("dashboard", GITEA, 4318, traced)
    assert goes("operator", WORLD, 80, {"traces": {"endpoint": "http://collector"}})
    assert not goes("operator", End("169.254.169.254"), 80, {"traces": {"endpoint": "http://collector"}})
    kept = {"dashboard": {"enabled": True, "history": {"databaseSecret": "database"}}}
    assert goes("dashboard", WORLD, 5432, kept)
    assert not goes("operator", WORLD, 5432, kept)
    out = {"outgoingProxy": {"url": "http://proxy.example.com:3129"}}
    assert all(goes(one, WORLD, 3129, out) for one in ("operator", "dashboard"))


def test_at_the_operators_ports_come_those_who_are_to() -> None:
    for source in (WORLD, GITEA):
        assert comes("operator", source, 8090)
        assert comes("operator", source, 9090)
        assert not comes("operator", source, 8080)
    assert comes("operator", own("test"), 8080)
    assert not comes("operator", own("dashboard"), 8080)
    peers = {"webhooksFrom": [{"ipBlock": {"cidr": "203.0.113.0/24"}}], "metricsFrom": [_in("git")]}
    said = policy(operator=peers)
    assert [comes("operator", WORLD, 8090, said), comes("operator", WORLD, 9090, said)] == [True, False]
    assert [comes("operator", GITEA, 8090, said), comes("operator", GITEA, 9090, said)] == [False, True]
    closed = {"operator": {"webhooks": {"enabled": False}}, "metrics": {"enabled": False}}
    assert not comes("operator", WORLD, 8090, closed)
    assert not comes("operator", WORLD, 9090, closed)


def _in(namespace: str) -> Json:
    return {"namespaceSelector": {"matchLabels": {NAME: namespace}}}


def test_who_comes_to_the_dashboard_stays_said_by_the_dashboard() -> None:
    said: Json = {"dashboard": {"enabled": True, "from": [_in("git")]}}
    assert comes("dashboard", GITEA, 8443, said)
    assert not comes("dashboard", WORLD, 8443, said)
    assert not comes("dashboard", GITEA, 8080, said)


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ({"cidr": "10.0.0.0/8", "namespace": "git"}, "not"),
        ({"pods": {"app": "gitea"}}, "namespace"),
        ({"cidr": "git.example.com"}, "cidr"),
        ({"ports": [0]}, "ports"),
        ({"host": "git.example.com"}, "host"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(to: Json, said: str) -> None:
    with pytest.raises(TestbedError, match=rf"at '/networkPolicy/operator/to/0.*{said}"):
        chart.rendered(SYSTEM, policy(operator={"to": [to]}))


@pytest.mark.parametrize(
    ("values", "noted"),
    [({}, set()), (policy(), {"apiServer.cidrs"}), (policy(apiServer={"cidrs": ["10.0.0.2/32"]}), set())],
)
def test_who_installs_it_is_told_what_stays_open(values: Json, noted: set[str]) -> None:
    words = ("install", chart.RELEASE, str(chart.FOLDER), "--dry-run=client", "--values", "-")
    for more in ({}, {"metrics": {"enabled": True}}):
        notes = chart.helm(*words, stdin=json.dumps(values | more)).split("\nNOTES:\n")[1]
        said = {name for name in ("apiServer.cidrs", "metrics.access is Everybody") if name in notes}
        assert said == noted | ({"metrics.access is Everybody"} if more else set())
