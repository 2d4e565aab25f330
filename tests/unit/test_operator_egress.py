"""Mode Proxy: what a run's stages are told, what its policy opens, and what came of it in the run's own words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from boardhand_api.pod import Stage
from boardhand_api.pool import CodingAgentSpec
from boardhand_api.run import TicketRunSpec
from boardhand_operator.cluster import refusals
from boardhand_operator.errors import Misconfigured
from boardhand_operator.kube import Resource
from boardhand_operator.settings import Settings
from boardhand_operator.specs import egress
from boardhand_operator.specs.job import build_job
from boardhand_operator.specs.network import Network, Proxy, build_policy
from boardhand_operator.specs.order import build_order
from boardhand_operator.texts.words import pull_request_body
from tests.support import netpol, world
from tests.support.fake_kube import FakeKube
from tests.support.fuse import Fuse, When
from tests.support.netpol import End
from tests.support.objects import a_pool, a_run, run_body
from tests.support.world import World, go_on

Json = dict[str, Any]
KEY = b"0123456789abcdef0123456789abcdef"
PROXY = Proxy("proxy.boardhand.svc", 3128, "boardhand", "bh", KEY)
HOSTS = {"mode": "Proxy", "hosts": ["packages.example.com", "*.mirror.example.com"], "direct": ["10.2.3.4"]}
POD = {"app.kubernetes.io/component": "run", "boardhand.dev/pool": "shop"}
NAME = "kubernetes.io/metadata.name"
AT_PROXY = End("10.88.0.4", PROXY.labels, {NAME: "boardhand"})
DNS = End("10.88.0.7", {"k8s-app": "kube-dns"}, {NAME: "kube-system"})


def told(bench: Json | None = None) -> dict[str, dict[str, str]]:
    """Each container's environment in mode Proxy."""
    service = {"name": "db", "image": "postgres:17"}
    own: Json = {"image": "toolchain:1", "verify": ["true"], "services": [service]} | (bench or {})
    pool, body = a_pool(egress=HOSTS, workbench=own), run_body()
    order = build_order("run-1", pool.spec, TicketRunSpec.model_validate(body["spec"]))
    job = build_job("run-1-1", body, pool.spec, order, "runner:1")
    user = egress.user_of("team", "run-1")
    secret = egress.password(user, pool.spec.egress.hosts, KEY)
    found = egress.variables(pool.spec.egress, user, secret, "10.96.7.7", 3128)
    spec = egress.through(job, found, egress.java_options(pool.spec.egress, "10.96.7.7", 3128))["spec"]["template"][
        "spec"
    ]
    boxes = [*spec["initContainers"], *spec["containers"]]
    assert all(len({one["name"] for one in box.get("env", [])}) == len(box.get("env", [])) for box in boxes)
    return {box["name"]: {one["name"]: one["value"] for one in box.get("env", [])} for box in boxes}


def test_every_stage_finds_the_proxy_and_nothing_of_the_pools_takes_its_place() -> None:
    found = told({"env": {"HTTPS_PROXY": "http://other:1", "CI": "1"}})
    assert found.pop("service-db") == {}
    assert set(found) == set(Stage)
    for variables in found.values():
        for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
            parts = urlsplit(variables[name])
            assert (parts.hostname, parts.port, parts.username) == ("10.96.7.7", 3128, "team.run-1")
            assert parts.password and re.fullmatch(r"[A-Za-z0-9._~-]+", parts.password)
        assert variables["NO_PROXY"].split(",")[-1] == "10.2.3.4"
        assert {"HOME", "TMPDIR"} <= variables.keys()
    assert found["workbench"]["CI"] == "1"
    for stage in ("workbench", "verify"):
        assert "-Dhttps.proxyHost=10.96.7.7 -Dhttps.proxyPort=3128" in found[stage]["JAVA_TOOL_OPTIONS"]
        assert "-Duser.home=" in found[stage]["JAVA_TOOL_OPTIONS"]


def test_a_proxy_at_an_address_of_ipv6_is_a_url() -> None:
    found = egress.variables(
        CodingAgentSpec.model_validate(a_pool(egress=HOSTS).spec.wire()).egress, "u", "p", "fd00::7", 1
    )
    assert urlsplit(found["HTTPS_PROXY"]).hostname == "fd00::7"


def test_the_policy_opens_the_proxy_and_nothing_else() -> None:
    policy = build_policy(a_pool(egress=HOSTS), Network(proxy=PROXY))
    assert netpol.egress([policy], POD, AT_PROXY, 3128)
    for to, port in ((AT_PROXY, 22), (End("10.88.0.4"), 3128), (DNS, 53), (End("203.0.113.9"), 443)):
        assert not netpol.egress([policy], POD, to, port), to
    other = End("10.88.0.5", PROXY.labels, {NAME: "team"})
    assert not netpol.egress([policy], POD, other, 3128), "a pod of the pool's own namespace that passes for the proxy"
    asking = build_policy(a_pool(egress=HOSTS | {"dns": True}), Network(proxy=PROXY))
    assert netpol.egress([asking], POD, DNS, 53)


def test_without_a_proxy_the_pool_is_told_what_to_do() -> None:
    with pytest.raises(Misconfigured, match=r"egressProxy\.enabled") as refused:
        build_policy(a_pool(egress=HOSTS), Network())
    assert refused.value.reason == "EgressProxyMissing"


def test_more_hosts_than_programs_take_are_refused() -> None:
    with pytest.raises(Misconfigured, match="at most 4000") as refused:
        egress.password("u", [f"{'a' * 60}-{number}.test" for number in range(100)], KEY)
    assert refused.value.reason == "EgressTooLong"


def test_the_operator_is_told_of_the_proxy(tmp_path: Any) -> None:
    (tmp_path / "key").write_bytes(KEY + b"\n")
    given = {
        "BOARDHAND_RUNNER_IMAGE": "runner:1",
        "BOARDHAND_EGRESS_PROXY": "proxy.boardhand.svc:3128",
        "BOARDHAND_EGRESS_KEY": str(tmp_path / "key"),
        "BOARDHAND_LEASE_NAMESPACE": "boardhand",
        "BOARDHAND_LEASE": "bh",
        "BOARDHAND_IDENTITY": "pod",
    }
    assert Settings.from_environment(given).network.proxy == PROXY
    with pytest.raises(ValueError, match="BOARDHAND_EGRESS_KEY"):
        Settings.from_environment({name: value for name, value in given.items() if name != "BOARDHAND_EGRESS_KEY"})


LOG = """2026/11/23 08:13:39| Accepting HTTP Socket connections
refused 1795421666 team.run-1 TCP_DENIED evil.test:443
refused 1795421667 team.run-1 TCP_DENIED evil.test:443
refused 1795421667 team.run-1 TCP_MISS allowed.test:80
refused 1795421668 team.run-2 TCP_DENIED other.test:443
refused 1795421668 team.run-1 TCP_DENIED `x`@everyone:443
refused 1795421669 team.run-1 TCP_DENIED 169.254.169.254:80
refused 1795421669 team.run-1 TCP_DENIED"""


def test_of_the_log_only_the_proxys_refusals_of_this_run_are_believed() -> None:
    assert refusals.hosts_of(LOG, "team.run-1") == {"evil.test:443", "169.254.169.254:80"}


async def test_refusals_are_read_from_every_proxy_and_are_few() -> None:
    kube = FakeKube()
    for number in range(2):
        pod = {"metadata": {"name": f"proxy-{number}", "labels": PROXY.labels}}
        kube.put(Resource.PODS, "boardhand", pod)
        lines = [f"refused 1 team.run-1 TCP_DENIED h{number}-{host:03}.test:443" for host in range(50)]
        kube.logs["boardhand", f"proxy-{number}", ""] = "\n".join(lines)
    found = await refusals.refused(kube, PROXY, "team", "run-1", datetime(2026, 1, 1, tzinfo=UTC))
    assert len(found) == refusals.MOST and found[0] == "h0-000.test:443"


async def test_a_log_that_cannot_be_read_holds_no_run_up() -> None:
    def refused(_: str) -> Exception:
        return TimeoutError()

    kube = FakeKube(Fuse({1: When.BEFORE}, refused))
    assert await refusals.refused(kube, PROXY, "team", "run-1", datetime(2026, 1, 1, tzinfo=UTC)) == []


async def test_a_run_is_told_the_way_and_its_status_what_was_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Proxy("127.0.0.1", 3128, "boardhand", "bh", KEY)
    monkeypatch.setattr(world, "SETTINGS", Settings(runner_image="runner:1", network=Network(proxy=proxy)))
    there = World(Fuse())
    there.add_pool(egress=HOSTS)
    there.kube.put(Resource.PODS, "boardhand", {"metadata": {"name": "proxy-0", "labels": PROXY.labels}})
    there.kube.put(Resource.RUNS, "team", run_body(event=None))
    there.kube.logs["boardhand", "proxy-0", ""] = LOG
    await go_on(there, 10)
    (job,) = there.kube.objects[Resource.JOBS].values()
    (agent,) = [box for box in job["spec"]["template"]["spec"]["initContainers"] if box["name"] == "agent"]
    (found,) = [one["value"] for one in agent["env"] if one["name"] == "HTTPS_PROXY"]
    assert urlsplit(found).hostname == "127.0.0.1" and urlsplit(found).username == "team.run-1"
    (run,) = there.runs()
    assert run.status.egress is not None
    assert run.status.egress.refused == ["169.254.169.254:80", "evil.test:443"]


def test_the_pull_request_names_what_was_refused_in_words_that_do_nothing() -> None:
    run = a_run(phase="Succeeded", egress={"refused": ["evil.test:443", "a`b"]})
    body = pull_request_body(run, a_pool())
    assert "## Network" in body and "`evil.test:443`" in body
    assert "a`b" not in body
    assert "## Network" not in pull_request_body(a_run(phase="Succeeded"), a_pool())
