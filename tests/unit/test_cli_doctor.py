"""`boardhand doctor`'s pure checks: what no server can be made to be, the sums, the words, and the three outputs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from boardhand_api import crd
from boardhand_cli import doctor
from boardhand_cli.main import app
from boardhand_client.trials import UNTRIED, Trial
from boardhand_client.trials.checks import NAMES, Report, cluster, examine, fitting, network, rights
from boardhand_client.trials.checks.images import wrong_with
from boardhand_client.trials.facts import Facts, Found, Hidden, Namespace, Operator, PoolFacts, Right
from boardhand_client.trials.finding import Finding, Unseen
from boardhand_operator.views import Pool
from testbed import chart
from tests.support.objects import a_pool, pool_body

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
RESTRICTED: Found = {"metadata": {"labels": {fitting.LEVEL: "restricted"}}}
DEFINITIONS: dict[str, Found] = {str(one["metadata"]["name"]): one for one in crd.definitions()}
WORKBENCH = {"image": "toolchain:1", "verify": ["pytest -q"]}


def facts(**change: Any) -> Facts:
    about: dict[str, Any] = {
        "at": NOW,
        "server_at": NOW,
        "version": {"major": "1", "minor": "34+"},
        "definitions": DEFINITIONS,
        "operator": Operator("boardhand", Hidden("not allowed")),
        "namespaces": {},
        "storage": (),
        "pools": (),
    }
    return Facts(**about | change)


def checks(of: Facts) -> list[str]:
    return [one.check for one in examine(of).findings]


@pytest.mark.parametrize(("minor", "found"), [("28", ["version"]), ("29", []), ("29+", []), ("", [])])
def test_kubernetes_is_new_enough(minor: str, found: list[str]) -> None:
    assert checks(facts(version={"major": "1", "minor": minor})) == found


@given(seconds=st.integers(-100_000, 100_000))
def test_clocks_may_be_half_a_minute_apart(seconds: int) -> None:
    said = list(cluster.clock(facts(at=NOW + timedelta(seconds=seconds))))
    assert bool(said) == (abs(seconds) > 30)


def test_a_definition_of_a_newer_version_asks_for_a_newer_program() -> None:
    newer = json.loads(json.dumps(crd.definitions()[0]))
    schema = newer["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"]["properties"]["tomorrow"] = {"type": "string"}
    known = facts().definitions
    (found,) = examine(facts(definitions={**known, newer["metadata"]["name"]: newer})).findings
    assert (found.check, "spec.tomorrow" in found.found) == ("crd", True)
    assert found.fix == "pip install --upgrade 'boardhand[cli]'"


def test_what_may_not_be_looked_at_is_no_finding() -> None:
    hidden = Hidden("not allowed: a sentence")
    pool = PoolFacts(
        pool_body(workbench=WORKBENCH),
        trials={"secret:board": hidden, "models.large": Trial(False, "no answer", reason="Unavailable")},
        policy=hidden,
        refused=hidden,
    )
    report = examine(
        facts(
            definitions=dict.fromkeys(facts().definitions, hidden),
            namespaces={"team": Namespace(hidden, hidden, hidden, hidden)},
            pools=[pool],
        )
    )
    assert report.findings == []
    seen = {one.check for one in report.unseen}
    assert seen == {
        "crd",
        "operator",
        "operator-rights",
        "pod-security",
        "secret",
        "model",
        "network-policy",
        "quota",
        "limit-range",
        "pod",
    }


def test_a_pool_of_another_version_is_said_and_nothing_else_of_it() -> None:
    body = pool_body()
    body["spec"]["tomorrow"] = True
    (found,) = examine(facts(pools=[PoolFacts(body)])).findings
    assert (found.check, "spec" in found.about or "tomorrow" in found.found) == ("spec", True)


def test_the_operators_word_counts_only_where_nothing_else_is_found() -> None:
    body = pool_body(ready=False, workbench=WORKBENCH)
    namespaces = {"team": Namespace(RESTRICTED)}
    pool = PoolFacts(body, refused=None)
    assert checks(facts(pools=[pool], namespaces=namespaces)) == ["pool"]
    found = Trial(False, "said", "fix", (), "ColumnMissing")
    assert checks(facts(pools=[replace(pool, trials={"board": found})], namespaces=namespaces)) == ["board"]
    assert checks(facts(pools=[replace(pool, refused="a policy")], namespaces=namespaces)) == ["pod"]


UNREACHED = Trial(False, "no answer", "see the address", (), "Unavailable")


@pytest.mark.parametrize(
    ("place", "trial", "ready", "found"),
    [
        ("board", UNREACHED, True, []),
        ("board", UNREACHED, False, ["board"]),
        ("models.large", UNREACHED, True, []),
        ("models.large", UNREACHED, False, ["pool"]),
        ("repository.push", UNREACHED, True, []),
        ("repository.push", Trial(False, "not tried", reason=UNTRIED), True, []),
        ("repository.push", Trial(False, "refused", "fix", (), "CredentialsRefused"), True, ["git"]),
        ("models.small.fallback", Trial(False, "refused", "fix", (), "CredentialsRefused"), True, ["model"]),
    ],
)
def test_who_is_not_reached_from_here_may_be_reached_by_the_operator(
    place: str, trial: Trial, ready: bool, found: list[str]
) -> None:
    pool = PoolFacts(pool_body(ready=ready, workbench=WORKBENCH), trials={place: trial})
    report = examine(facts(pools=[pool], namespaces={"team": Namespace(RESTRICTED)}))
    assert [one.check for one in report.findings] == found
    place_seen = [one for one in report.unseen if one.about == "pool team/shop"]
    assert bool(place_seen) == (trial.reason != "CredentialsRefused" and found != ["board"])


def test_cloning_over_ssh_needs_a_key() -> None:
    body = pool_body(workbench=WORKBENCH)
    body["spec"]["repository"]["url"] = "ssh://git@forge.test/shop/cart.git"
    (found,) = examine(facts(pools=[PoolFacts(body)], namespaces={"team": Namespace(RESTRICTED)})).findings
    assert (found.check, found.fix) == ("secret", "spec.repository.readSecretRef: {name: SECRET}")


def test_what_the_operator_says_of_webhooks_is_found() -> None:
    body = pool_body(workbench=WORKBENCH)
    about = {"type": "Webhook", "status": "False", "reason": "SecretKeyMissing", "message": "no webhookSecret"}
    body["status"]["conditions"].append(about | {"lastTransitionTime": "2026-01-01T12:00:00Z"})
    (found,) = examine(facts(pools=[PoolFacts(body)], namespaces={"team": Namespace(RESTRICTED)})).findings
    assert (found.check, found.found) == ("webhook", "SecretKeyMissing: no webhookSecret")


def test_a_suspended_pool_is_as_it_is_to_be() -> None:
    body = pool_body(ready=False)
    body["status"]["conditions"][0]["reason"] = "Suspended"
    assert checks(facts(pools=[PoolFacts(body)], namespaces={"team": Namespace(RESTRICTED)})) == []


@pytest.mark.parametrize(
    ("image", "good"),
    [
        ("python:3.13-slim", True),
        ("registry.example.com:5000/team/tools:2026-11", True),
        ("ghcr.io/team/tools@sha256:" + "a" * 64, True),
        ("python", False),
        ("registry.example.com:5000/team/tools", False),
        ("python:latest", False),
        ("Python:3", False),
        ("https://ghcr.io/team/tools:1", False),
        ("", False),
        ("python: 3", False),
    ],
)
def test_an_image_names_a_version(image: str, good: bool) -> None:
    assert (wrong_with(image) is None) == good


def box(cpu: str, *, sidecar: bool = False) -> dict[str, Any]:
    return {"resources": {"requests": {"cpu": cpu}}} | ({"restartPolicy": "Always"} if sidecar else {})


@pytest.mark.parametrize(
    ("init", "main", "cpu"),
    [
        ([], ["1"], "1"),
        ([box("3")], ["1"], "3"),
        ([box("1", sidecar=True)], ["1"], "2"),
        ([box("1", sidecar=True), box("3")], ["1"], "4"),
        ([box("3"), box("1", sidecar=True)], ["1"], "3"),
        ([box("500m", sidecar=True), box("1", sidecar=True)], ["250m"], "1.75"),
    ],
)
def test_a_pods_needs_are_summed_as_the_scheduler_does(init: list[Any], main: list[str], cpu: str) -> None:
    template = {"spec": {"initContainers": init, "containers": [box(one) for one in main]}}
    assert fitting.needs(template) == {"requests.cpu": Decimal(cpu)}


@given(init=st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=6), main=st.integers(0, 50))
def test_a_pod_needs_no_less_than_any_container_and_no_more_than_all(init: list[tuple[int, bool]], main: int) -> None:
    boxes = [box(f"{cpu}m", sidecar=sidecar) for cpu, sidecar in init]
    found = fitting.needs({"spec": {"initContainers": boxes, "containers": [box(f"{main}m")]}})["requests.cpu"] * 1000
    all_of_them = [cpu for cpu, _ in init] + [main]
    assert max(all_of_them) <= found <= sum(all_of_them)


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ({"hard": {"requests.memory": "1Mi"}}, ["quota"]),
        ({"hard": {"memory": "1Mi"}}, ["quota"]),
        ({"hard": {"pods": "0"}}, ["quota"]),
        ({"hard": {"requests.memory": "1Mi"}, "scopes": ["BestEffort"]}, []),
        ({"hard": {"requests.memory": "1Mi"}, "scopes": ["Terminating"]}, ["quota"]),
        ({"hard": {"services": "0", "limits.memory": "100Gi"}}, []),
    ],
)
def test_a_quota_counts_where_it_is_of_such_pods(spec: dict[str, Any], found: list[str]) -> None:
    quota = {"metadata": {"name": "q"}, "spec": spec}
    namespaces = {"team": Namespace(RESTRICTED, [quota])}
    assert checks(facts(pools=[PoolFacts(pool_body(workbench=WORKBENCH))], namespaces=namespaces)) == found


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        ({"max": {"cpu": "1"}}, "checkout may use 2 cpu"),
        ({"min": {"memory": "1Gi"}}, "checkout asks for 128Mi memory"),
        ({"max": {"cpu": "8"}}, ""),
    ],
)
def test_a_limit_range_names_the_container(bound: Mapping[str, Any], said: str) -> None:
    ranges = [{"metadata": {"name": "r"}, "spec": {"limits": [{"type": "Container", **bound}]}}]
    pool = PoolFacts(pool_body(workbench=WORKBENCH))
    report = examine(facts(pools=[pool], namespaces={"team": Namespace(RESTRICTED, (), ranges)}))
    assert [one.check for one in report.findings] == (["limit-range"] if said else [])
    assert said in "".join(one.found for one in report.findings)


def a_proxied_pool(**egress: Any) -> Pool:
    return a_pool(egress={"mode": "Proxy", "hosts": ["x.example"]} | egress, workbench=WORKBENCH)


@pytest.mark.parametrize(
    ("hosts", "through"),
    [
        (["forge.test"], True),
        (["*.test"], True),
        (["forge.test:80"], True),
        (["forge.test:8443"], False),
        (["*.forge.test"], False),
        (["other.test"], False),
    ],
)
def test_a_pools_own_servers_are_let_through(hosts: list[str], through: bool) -> None:
    pool = a_proxied_pool(hosts=hosts)
    env = [{"name": "BOARDHAND_EGRESS_PROXY", "value": "x:1"}]
    spec = {"template": {"spec": {"containers": [{"env": env}]}}}
    deployment: Found = {"metadata": {"name": "boardhand"}, "spec": spec}
    ready: Found = {"status": {"readyReplicas": 1}}
    said = list(network.proxy(PoolFacts(dict(pool.body)), pool, Operator("boardhand", deployment, egress=ready)))
    assert bool(said) != through


def test_the_operators_rights_are_the_charts() -> None:
    """One list in the chart, one here: they are the same."""
    helper = (chart.FOLDER / "templates" / "_helpers.tpl").read_text()
    rules = yaml.safe_load(helper.partition('define "boardhand.rules" -}}')[2].partition("{{- end }}")[0])
    listed = {
        Right(group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert set(rights.OPERATOR) == listed


REPORT = Report(
    [Finding("board", "pool team/shop", "[red]no[/red] column", "spec.board.columns: {ready: 'x'}")],
    [Unseen("crd", "CustomResourceDefinition x", "not allowed")],
)


@pytest.mark.parametrize(("report", "code"), [(REPORT, 1), (Report([], []), 0), (Report([], REPORT.unseen), 0)])
def test_the_exit_code_says_whether_something_is_wrong(
    report: Report, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def looked(*_: object) -> Report:
        return report

    monkeypatch.setattr(doctor, "_looked", looked)
    done = {form: CliRunner().invoke(app, ["doctor", "-o", form]) for form in ("table", "json", "yaml")}
    assert {one.exit_code for one in done.values()} == {code}
    said = json.loads(done["json"].stdout)
    assert said == yaml.safe_load(done["yaml"].stdout)
    assert len(said["findings"]) == len(report.findings)
    assert ("nothing is wrong" in done["table"].stdout) == (code == 0)
    for one in report.findings:
        assert one.fix in done["table"].stdout
        assert one.found in done["table"].stdout


def test_docs_list_every_check() -> None:
    text = (ROOT / "docs" / "doctor.md").read_text()
    assert [name for name in NAMES if f"| `{name}` |" not in text] == []
