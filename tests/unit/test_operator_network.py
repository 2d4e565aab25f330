"""What the pods of a run may reach: each pool's NetworkPolicy by the flows it lets pass, and who keeps it there."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boardhand_api.run import TicketRunSpec
from boardhand_api.run_status import Phase
from boardhand_operator.cluster.policies import Policies, difference
from boardhand_operator.errors import Misconfigured
from boardhand_operator.kube import ApiException, Resource
from boardhand_operator.settings import Settings
from boardhand_operator.specs import network
from boardhand_operator.specs.job import build_job
from boardhand_operator.specs.network import ALWAYS_CLOSED, Network, build_policy
from boardhand_operator.specs.order import build_order
from boardhand_operator.specs.shape import merged
from boardhand_operator.views import Pool
from tests.support import netpol
from tests.support.fake_kube import FakeKube
from tests.support.fuse import Fuse
from tests.support.netpol import End
from tests.support.objects import a_pool, pool_body, run_body
from tests.support.world import World, go_on

Json = dict[str, Any]
KEY = ("team", "boardhand-shop")
CLUSTER = Network(closed=("10.96.0.1/32", "10.1.0.0/16"), dns_addresses=("169.254.20.10/32",))
NAME = "kubernetes.io/metadata.name"
DNS = End("10.88.0.7", {"k8s-app": "kube-dns"}, {NAME: "kube-system"})
OTHER_POD = End("10.88.0.9", {"app": "database"}, {NAME: "shop"})
WORLD, SIXTH = End("203.0.113.9"), End("2001:db8::9")
METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fd00:c1::a9fe:a9fe",
    "fe80::1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
]
CLUSTERS_OWN = ["10.96.0.1", "10.1.4.7"]


def pod_labels(**spec: Any) -> dict[str, str]:
    """Those of the pod that the operator makes for a run of the pool."""
    pool, body = a_pool(**spec), run_body()
    order = build_order("run-1", pool.spec, TicketRunSpec.model_validate(body["spec"]))
    labels: dict[str, str] = build_job("run-1-1", body, pool.spec, order, "runner:1")["spec"]["template"]["metadata"][
        "labels"
    ]
    return labels


def reaches(to: End, port: int = 443, protocol: str = "TCP", /, **egress: Any) -> bool:
    return netpol.egress([build_policy(a_pool(egress=egress), CLUSTER)], pod_labels(), to, port, protocol)


def test_nothing_reaches_a_runs_pod_and_other_pods_are_left_alone() -> None:
    policy = build_policy(a_pool(), CLUSTER)
    for source in (WORLD, OTHER_POD, End("10.88.0.3", pod_labels(), {NAME: "team"})):
        assert not netpol.ingress([policy], pod_labels(), source, 8080)
        assert netpol.ingress([policy], {"app": "shop", "boardhand.dev/pool": "shop"}, source, 8080)
    assert netpol.egress([policy], {"app.kubernetes.io/component": "run", "boardhand.dev/pool": "b"}, WORLD, 443)


@pytest.mark.parametrize("labels", [{}, {"boardhand.dev/pool": "other"}, {"app.kubernetes.io/component": "x"}])
def test_no_label_takes_a_pod_out_of_its_policy(labels: dict[str, str]) -> None:
    """The definition refuses such labels; the operator's own win where it did not."""
    made = pod_labels(pod={"labels": labels})
    assert not netpol.egress([build_policy(a_pool(), CLUSTER)], made, End("169.254.169.254"), 80)


@pytest.mark.parametrize("address", [*METADATA, *CLUSTERS_OWN])
@pytest.mark.parametrize("dns", [True, False])
@pytest.mark.parametrize("egress", [{}, {"mode": "Restricted", "to": [{"cidr": "0.0.0.0/0"}, {"cidr": "::/0"}]}])
def test_metadata_and_the_clusters_own_addresses_are_closed_in_every_mode(
    address: str, egress: Json, dns: bool
) -> None:
    for port in (80, 443, 6443, 10250):
        assert not reaches(End(address), port, **egress, dns=dns)
    assert reaches(WORLD, **egress, dns=dns) and reaches(SIXTH, **egress, dns=dns)


def test_open_reaches_the_rest_and_restricted_what_is_named() -> None:
    git = {"cidr": "203.0.113.0/24", "ports": [443, 22]}
    restricted: Json = {"mode": "Restricted", "to": [git]}
    assert reaches(WORLD) and reaches(OTHER_POD, 5432) and reaches(SIXTH, 22)
    assert [reaches(WORLD, port, **restricted) for port in (22, 443, 80)] == [True, True, False]
    assert not reaches(WORLD, 443, "UDP", **restricted)
    assert not reaches(OTHER_POD, 5432, **restricted)
    assert not reaches(SIXTH, **restricted)


def test_a_destination_in_the_cluster_is_a_namespace_or_some_of_its_pods() -> None:
    rest = {"mode": "Restricted"}
    assert reaches(OTHER_POD, 5432, **rest, to=[{"namespace": "shop"}])
    assert reaches(OTHER_POD, 53, "UDP", **rest, to=[{"namespace": "shop"}])
    assert reaches(OTHER_POD, 5432, **rest, to=[{"namespace": "shop", "pods": {"app": "database"}, "ports": [5432]}])
    assert not reaches(OTHER_POD, 5432, **rest, to=[{"namespace": "shop", "pods": {"app": "web"}}])
    assert not reaches(OTHER_POD, 5432, **rest, to=[{"namespace": "other"}])
    assert not reaches(End(OTHER_POD.address), 5432, **rest, to=[{"namespace": "shop"}])


def test_names_are_asked_of_cluster_dns_alone_and_where_the_pool_wants_it() -> None:
    rest = {"mode": "Restricted", "to": [{"cidr": "203.0.113.0/32"}]}
    local = End("169.254.20.10")
    for protocol in ("UDP", "TCP"):
        assert reaches(DNS, 53, protocol, **rest) and reaches(local, 53, protocol, **rest)
        assert not reaches(DNS, 53, protocol, **rest, dns=False) and not reaches(local, 53, protocol, dns=False)
        assert not reaches(End("203.0.113.53"), 53, protocol, **rest)
    assert not reaches(DNS, 9153, **rest) and not reaches(local, 80)
    assert not reaches(End(DNS.address, {"app": "x"}, DNS.namespace), 53, "UDP", **rest)


V4 = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)).map(
    lambda one: str(ipaddress.ip_network(one, strict=False))
)


@given(V4, st.lists(V4, max_size=4), st.data())
@settings(max_examples=300, deadline=None)
def test_no_range_lets_a_closed_address_through(range_: str, closed: list[str], data: st.DataObject) -> None:
    """And every block has the form the API server asks for: exceptions lie strictly within it."""
    pool = a_pool(egress={"mode": "Restricted", "to": [{"cidr": range_}], "dns": False})
    try:
        policy = build_policy(pool, Network(closed=tuple(closed)))
    except Misconfigured as refused:
        assert refused.reason == "EgressClosed"
        return
    (block,) = [peer["ipBlock"] for rule in policy["spec"]["egress"] for peer in rule["to"]]
    for shut in block.get("except", []):
        assert ipaddress.ip_network(shut) != ipaddress.ip_network(block["cidr"])
        assert ipaddress.IPv4Network(shut).subnet_of(ipaddress.IPv4Network(block["cidr"]))
    shuts = [net for net in (*closed, *ALWAYS_CLOSED) if ":" not in net]
    net = ipaddress.IPv4Network(data.draw(st.sampled_from(shuts)))
    address = ipaddress.IPv4Address(int(net[0]) + data.draw(st.integers(0, net.num_addresses - 1)))
    assert not netpol.egress([policy], pod_labels(), End(str(address)), 443)


@pytest.mark.parametrize(
    ("cidr", "reason", "said"),
    [
        ("10.0.0.1/24", "EgressUnreadable", "spec.egress.to[0].cidr: 10.0.0.1/24 has host bits set"),
        ("300.0.0.0/8", "EgressUnreadable", "spec.egress.to[0].cidr"),
        ("169.254.169.254/32", "EgressClosed", "169.254.169.254/32 is in 169.254.0.0/16, which is closed to every run"),
        ("::ffff:169.254.169.254/128", "EgressUnreadable", "is of IPv4: write it as such"),
        ("10.1.7.0/24", "EgressClosed", "10.1.0.0/16"),
    ],
)
def test_a_range_that_cannot_be_makes_the_pool_not_ready(cidr: str, reason: str, said: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        build_policy(a_pool(egress={"to": [{"cidr": cidr}]}), CLUSTER)
    assert refused.value.reason == reason
    assert said in refused.value.message


def test_the_operator_is_told_the_clusters_addresses_and_knows_its_own() -> None:
    told = Settings.from_environment(
        {
            "BOARDHAND_RUNNER_IMAGE": "runner:1",
            "BOARDHAND_CLOSED": "192.0.2.1, 10.1.0.0/16",
            "KUBERNETES_SERVICE_HOST": "10.96.0.1",
            "BOARDHAND_NODE_ADDRESS": "10.1.4.7",
            "BOARDHAND_DNS_ADDRESSES": "169.254.20.10",
        }
    ).network
    assert told.closed == ("192.0.2.1/32", "10.1.0.0/16", "10.96.0.1/32", "10.1.4.7/32")
    assert (told.dns_namespace, told.dns_addresses) == ("kube-system", ("169.254.20.10/32",))
    with pytest.raises(ValueError, match="BOARDHAND_CLOSED='nodes'"):
        Settings.from_environment({"BOARDHAND_RUNNER_IMAGE": "runner:1", "BOARDHAND_CLOSED": "nodes"})


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


async def kept(pool: Pool | None = None) -> tuple[FakeKube, Policies, Clock]:
    """A pool's policy, once it was made."""
    kube, clock = FakeKube(), Clock()
    policies = Policies(kube, clock)
    await policies.ensure(pool or a_pool(), CLUSTER)
    return kube, policies, clock


async def test_a_policy_is_the_pools_own_and_goes_with_it() -> None:
    kube, _, _ = await kept()
    made = kube.objects[Resource.POLICIES][KEY]
    (owner,) = made["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("CodingAgent", "uid-team-shop", True)


@pytest.mark.parametrize("change", [{"egress": [{}]}, {"podSelector": {"matchLabels": {"x": "y"}}}, {"ingress": [{}]}])
async def test_what_somebody_changed_or_deleted_is_made_again(change: Json) -> None:
    kube, policies, clock = await kept()
    wanted = build_policy(a_pool(), CLUSTER)["spec"]
    body = kube.objects[Resource.POLICIES][KEY]
    body["spec"] = merged(body["spec"], change)
    clock.seconds = 61
    await policies.ensure(a_pool(), CLUSTER)
    assert kube.objects[Resource.POLICIES][KEY]["spec"] == wanted
    kube.remove(Resource.POLICIES, KEY)
    clock.seconds = 122
    await policies.ensure(a_pool(), CLUSTER)
    assert kube.objects[Resource.POLICIES][KEY]["spec"] == wanted


async def test_a_policy_that_goes_while_it_is_mended_is_not_taken_for_there() -> None:
    class Fleeting(FakeKube):
        async def _patch(self, resource: Resource, namespace: str, name: str, body: Json, sub: str) -> Json | None:
            self.remove(resource, (namespace, name))
            return await super()._patch(resource, namespace, name, body, sub)

    kube, clock = Fleeting(), Clock()
    policies = Policies(kube, clock)
    await policies.ensure(a_pool(), CLUSTER)
    with pytest.raises(ApiException, match="was just deleted"):
        await policies.ensure(a_pool(egress={"dns": False}), CLUSTER)
    await policies.ensure(a_pool(egress={"dns": False}), CLUSTER)
    assert KEY in kube.objects[Resource.POLICIES]


async def test_a_changed_pool_is_heeded_at_once_and_an_unchanged_one_costs_a_request_a_minute() -> None:
    fuse = Fuse()
    kube, clock = FakeKube(fuse), Clock()
    policies = Policies(kube, clock)
    asked = []
    for seconds in (0.0, 1.0, 59.0, 61.0):
        clock.seconds = seconds
        before = len(fuse.calls)
        await policies.ensure(a_pool(), CLUSTER)
        asked.append(len(fuse.calls) - before)
    assert asked == [2, 0, 0, 1]
    await policies.ensure(a_pool(egress={"dns": False}), CLUSTER)
    policy = kube.objects[Resource.POLICIES][KEY]
    assert policy["spec"] == build_policy(a_pool(egress={"dns": False}), CLUSTER)["spec"]


async def test_of_runs_that_begin_at_once_one_looks_at_the_policy() -> None:
    fuse = Fuse()
    policies = Policies(FakeKube(fuse), Clock())
    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(policies.ensure(a_pool(), CLUSTER))
    assert fuse.calls == ["get POLICIES", "create POLICIES"]


async def test_a_policy_of_somebody_elses_is_left_alone_and_named() -> None:
    kube = FakeKube()
    foreign = {"metadata": {"name": KEY[1]}, "spec": {"podSelector": {}}}
    kube.put(Resource.POLICIES, "team", foreign)
    with pytest.raises(
        Misconfigured, match="a NetworkPolicy boardhand-shop is there that this pool does not own"
    ) as no:
        await Policies(kube, Clock()).ensure(a_pool(), CLUSTER)
    assert no.value.reason == "ForeignNetworkPolicy"
    assert kube.objects[Resource.POLICIES][KEY]["spec"] == {"podSelector": {}}


async def test_no_job_is_made_before_the_policy_is_there() -> None:
    """A policy that somebody else put in its place holds the runs back, and the pool says so; then they begin."""
    world = World(Fuse())
    world.add_pool()
    world.kube.put(Resource.POLICIES, "team", {"metadata": {"name": KEY[1]}, "spec": {"podSelector": {}}})
    world.kube.put(Resource.RUNS, "team", run_body(event=None))
    await go_on(world, 4)
    assert not world.kube.objects[Resource.JOBS]
    conditions = world.kube.objects[Resource.POOLS]["team", "shop"]["status"]["conditions"]
    assert [one["reason"] for one in conditions if one["type"] == "Ready"] == ["ForeignNetworkPolicy"]
    world.kube.remove(Resource.POLICIES, KEY)
    await go_on(world, 8)
    assert world.kube.objects[Resource.JOBS]
    assert KEY in world.kube.objects[Resource.POLICIES]
    assert {run.status.phase for run in world.runs()} <= {Phase.SUCCEEDED, Phase.PREPARING, Phase.WORKING}


JSON = st.recursive(
    st.integers(0, 2) | st.lists(st.integers(0, 2), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), JSON, max_size=3)


@pytest.mark.slow
@given(OBJECTS, OBJECTS)
@settings(max_examples=200, deadline=None)
def test_the_difference_makes_one_object_the_other(found: Json, wanted: Json) -> None:
    assert merged(found, difference(found, wanted)) == wanted
    assert (difference(found, wanted) == {}) == (found == wanted)


def test_a_policys_name_is_one_for_every_pool() -> None:
    names = [network.policy_name(Pool.of(pool_body(name))) for name in ("a", "a" * 63, "a" * 64, "a" * 200, "a" * 201)]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 253
