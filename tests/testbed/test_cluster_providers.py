"""Which cluster is taken, and what is asked of who gives one."""

from pathlib import Path

import pytest

from testbed.cluster import choose, layout
from testbed.cluster.embedded import EmbeddedCluster
from testbed.cluster.given import GivenCluster, registry_name
from testbed.cluster.kind import KindCluster, first_ipv4
from testbed.plan import Plan
from testbed.shell import TestbedError


@pytest.mark.parametrize(
    ("env", "docker", "expected"),
    [
        ({"KUBECONFIG": "/somewhere"}, True, GivenCluster),
        ({"KUBECONFIG": "/somewhere"}, False, GivenCluster),
        ({}, True, KindCluster),
        ({}, False, EmbeddedCluster),
        ({"KUBECONFIG": ""}, False, EmbeddedCluster),
    ],
)
def test_given_before_kind_before_embedded(env: dict[str, str], docker: bool, expected: type) -> None:
    assert type(choose(Plan(), env, lambda: docker)) is expected


def test_the_testbeds_own_kubeconfig_is_not_a_given_cluster() -> None:
    env = {"KUBECONFIG": str(layout.admin_kubeconfig(Plan()))}
    assert type(choose(Plan(), env, lambda: False)) is EmbeddedCluster
    assert type(choose(Plan("other"), env, lambda: False)) is GivenCluster


def test_a_given_cluster_needs_an_address_of_this_machine() -> None:
    with pytest.raises(TestbedError, match="BOARDHAND_HOST_ADDRESS"):
        GivenCluster(Plan(), {"KUBECONFIG": "/somewhere"}).up()


def test_a_given_cluster_needs_a_registry_for_images() -> None:
    cluster = GivenCluster(Plan(), {"KUBECONFIG": "/somewhere"})
    with pytest.raises(TestbedError, match="BOARDHAND_REGISTRY"):
        cluster.load_image(Path("x.tar"), "localhost/boardhand/x:1")


@pytest.mark.parametrize("registry", ["registry.example/team", "registry.example/team/"])
def test_an_image_keeps_its_name_in_a_registry(registry: str) -> None:
    assert registry_name(registry, "localhost/boardhand/x:1") == "registry.example/team/boardhand/x:1"


def test_docker_may_name_an_ipv6_gateway_first() -> None:
    assert first_ipv4("fc00:f853::1 172.18.0.1 \n") == "172.18.0.1"
    with pytest.raises(TestbedError, match="no IPv4 gateway"):
        first_ipv4("\n")
