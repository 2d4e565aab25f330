"""The chart's part in metrics and traces: nothing of it unless it is asked for, and then what was asked for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from testbed import chart
from testbed.shell import TestbedError

pytestmark = pytest.mark.slow

SYSTEM = "boardhand-system"
DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"
Json = dict[str, Any]


def found(values: Json) -> dict[str, Json]:
    """The rendered objects by kind and name."""
    return {f"{body['kind']} {body['metadata']['name']}": body for body in chart.rendered(SYSTEM, values)}


def container(objects: dict[str, Json]) -> Json:
    (one,) = objects["Deployment boardhand"]["spec"]["template"]["spec"]["containers"]
    return dict(one)


def environment(objects: dict[str, Json]) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in container(objects)["env"] if "value" in entry}


def test_nothing_of_it_unless_it_is_asked_for() -> None:
    objects = found({})
    kinds = {name.split()[0] for name in objects}
    assert not kinds & {"ServiceMonitor", "PrometheusRule", "ConfigMap", "Service", "ClusterRole"}
    assert not [name for name in environment(objects) if "METRICS" in name or "OTLP" in name]
    assert environment(objects)["BOARDHAND_LOG_FORMAT"] == "text"
    assert [port["name"] for port in container(objects)["ports"]] == ["health"]


def test_metrics_have_a_service_that_the_monitor_selects() -> None:
    monitor = {"enabled": True, "labels": {"release": "kube-prometheus"}}
    objects = found({"metrics": {"enabled": True, "port": 9999, "serviceMonitor": monitor}})
    service, monitored = objects["Service boardhand-metrics"], objects["ServiceMonitor boardhand"]
    assert environment(objects)["BOARDHAND_METRICS"] == ":9999"
    assert {"name": "metrics", "containerPort": 9999} in container(objects)["ports"]
    wanted = monitored["spec"]["selector"]["matchLabels"]
    assert wanted.items() <= service["metadata"]["labels"].items()
    assert monitored["metadata"]["labels"]["release"] == "kube-prometheus"
    (endpoint,) = monitored["spec"]["endpoints"]
    assert endpoint == {"port": "metrics", "interval": "30s", "honorLabels": True}
    assert (
        service["spec"]["selector"].items()
        <= objects["Deployment boardhand"]["spec"]["template"]["metadata"]["labels"].items()
    )


def test_behind_tls_and_a_token() -> None:
    metrics = {"enabled": True, "access": "Token", "tokenSecret": "scrape", "tlsSecret": "cert"}
    objects = found({"metrics": metrics | {"serviceMonitor": {"enabled": True, "caSecret": "ca"}}})
    told = environment(objects)
    assert told["BOARDHAND_METRICS_TOKEN"] == "/etc/boardhand/metrics-token/token"
    assert told["BOARDHAND_METRICS_TLS"] == "/etc/boardhand/metrics-tls"
    mounted = {mount["name"] for mount in container(objects)["volumeMounts"]}
    assert mounted >= {"metrics-token", "metrics-tls"}
    (endpoint,) = objects["ServiceMonitor boardhand"]["spec"]["endpoints"]
    assert endpoint["authorization"] == {"credentials": {"name": "scrape", "key": "token"}}
    assert endpoint["scheme"] == "https"
    assert endpoint["tlsConfig"]["serverName"] == f"boardhand-metrics.{SYSTEM}.svc"
    with pytest.raises(TestbedError, match=r"metrics\.tokenSecret: with metrics\.access Token"):
        found({"metrics": {"enabled": True, "access": "Token"}})


def test_who_may_ask_is_looked_up_by_a_right_of_its_own() -> None:
    objects = found({"metrics": {"enabled": True, "access": "Review", "serviceMonitor": {"enabled": True}}})
    rules = objects[f"ClusterRole {SYSTEM}-boardhand-metrics"]["rules"]
    assert [(rule["resources"], rule["verbs"]) for rule in rules] == [
        (["tokenreviews"], ["create"]),
        (["subjectaccessreviews"], ["create"]),
    ]
    assert environment(objects)["BOARDHAND_METRICS_REVIEW"] == "true"
    (endpoint,) = objects["ServiceMonitor boardhand"]["spec"]["endpoints"]
    assert endpoint["bearerTokenFile"].endswith("/token")


def test_the_dashboard_is_found_by_grafanas_sidecar_and_asks_for_what_there_is() -> None:
    objects = found({"metrics": {"dashboard": {"enabled": True, "folder": "Agents"}}})
    body = objects["ConfigMap boardhand-dashboard"]
    assert body["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert body["metadata"]["annotations"] == {"grafana_folder": "Agents"}
    panels = [panel for panel in json.loads(body["data"]["boardhand.json"])["panels"] if panel["type"] != "row"]
    asked = set(re.findall(r"boardhand_\w+", str([panel["targets"] for panel in panels])))
    told = set(re.findall(r"`(boardhand_\w+)`", DOCS.read_text()))
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked} <= told
    assert all(panel["description"] for panel in panels)
    assert len({panel["id"] for panel in panels}) == len(panels) >= 20


def test_traces_go_where_they_are_to_go() -> None:
    objects = found({"traces": {"endpoint": "http://collector:4318", "headersSecret": "otlp", "contents": True}})
    told = environment(objects)
    assert told["BOARDHAND_OTLP_ENDPOINT"] == "http://collector:4318"
    assert told["BOARDHAND_OTLP_HEADERS"] == "/etc/boardhand/traces/headers"
    assert told["BOARDHAND_OTLP_CONTENTS"] == "true"
    with pytest.raises(TestbedError, match="at '/traces/endpoint'"):
        found({"traces": {"endpoint": "collector:4317"}})


def test_runbooks_are_named_by_their_files_until_there_is_an_address() -> None:
    """That each alert has a file is tests/testbed/test_alerts.py's."""
    for address, key, prefix in (
        ("", "runbook", "docs/runbooks/"),
        ("https://wiki.example", "runbook_url", "https://wiki.example/"),
    ):
        rules = {"enabled": True, "runbookUrl": address}
        groups = found({"metrics": {"enabled": True, "rules": rules}})["PrometheusRule boardhand"]["spec"]["groups"]
        said = [rule["annotations"] for group in groups for rule in group["rules"]]
        assert {tuple(sorted(one)) for one in said} == {tuple(sorted((key, "summary")))}
        files = [one[key].removeprefix(prefix) for one in said]
        assert all((DOCS.parent / "runbooks" / name).is_file() for name in files)
        assert len(set(files)) == len(files)
