"""User namespaces where the nodes can: what they say of themselves, and what becomes of a run's pod."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from boardhand_api.pod_settings import UserNamespaces
from boardhand_operator.cluster.nodes import Nodes
from boardhand_operator.kube import ApiException, Json, Resource
from boardhand_operator.specs import users
from tests.support.fake_kube import FakeKube
from tests.support.fuse import Fuse
from tests.support.world import Replica, World

ABLE: Json = {
    "nodeInfo": {"kubeletVersion": "v1.34.1", "kernelVersion": "6.12.9-cloud-amd64"},
    "runtimeHandlers": [
        {"name": "", "features": {"userNamespaces": True, "recursiveReadOnlyMounts": True}},
        {"name": "kata", "features": {"userNamespaces": False}},
    ],
}
UNABLE: Json = ABLE | {"runtimeHandlers": [{"name": "", "features": {"recursiveReadOnlyMounts": True}}]}


def info(**fields: str) -> Json:
    return ABLE | {"nodeInfo": ABLE["nodeInfo"] | fields}


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (ABLE, None),
        (info(kubeletVersion="v1.33.0-eks-1"), None),
        (info(kernelVersion="6.3.0"), None),
        (info(kubeletVersion="v2.0.0"), None),
        (info(kubeletVersion="v1.32.9"), "its kubelet is v1.32.9, and must be 1.33"),
        (info(kubeletVersion=""), "its kubelet is of no known version, and must be 1.33"),
        (info(kernelVersion="5.15.0"), "its kernel is 5.15.0, and must be Linux 6.3"),
        (UNABLE, "its container runtime does not say that it can"),
        (ABLE | {"runtimeHandlers": None}, "its container runtime does not say that it can"),
        (ABLE | {"runtimeHandlers": [ABLE["runtimeHandlers"][1]]}, "its container runtime does not say that it can"),
        (
            ABLE | {"runtimeHandlers": [{"name": "runc", "features": {"userNamespaces": True}}]},
            "its container runtime does not say that it can",
        ),
        ({}, "its kubelet is of no known version, and must be 1.33"),
    ],
)
def test_a_node_says_what_it_can(status: Json, said: str | None) -> None:
    assert users.lacks({"metadata": {"name": "n"}, "status": status}) == said


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"volumes": [{"name": "work", "emptyDir": {}}, {"name": "s", "secret": {}}]}, None),
        ({"nodeName": "n"}, "it names its node"),
        ({"runtimeClassName": "gvisor"}, "it has a runtime class, of which nodes do not say it"),
        (
            {"volumes": [{"name": "work", "emptyDir": {}}, {"name": "kept", "persistentVolumeClaim": {}}]},
            "volume kept may lie on a file system that cannot map users",
        ),
        (
            {"volumes": [{"name": "kept", "ephemeral": {}}]},
            "volume kept may lie on a file system that cannot map users",
        ),
    ],
)
def test_of_some_pods_no_node_can_tell(spec: Json, said: str | None) -> None:
    assert users.unknown(spec) == said


class Scene:
    """Nodes, and who asks them."""

    def __init__(self, usual: UserNamespaces = UserNamespaces.AUTO) -> None:
        self.kube, self.now = FakeKube(Fuse()), 0.0
        self.nodes = Nodes(self.kube, lambda: self.now, usual)

    def add(self, name: str, status: Json, **labels: str) -> None:
        add(self.kube, name, status, **labels)

    async def own_users(self, **spec: Any) -> bool:
        return await self.nodes.own_users(spec)


def add(kube: FakeKube, name: str, status: Json, **labels: str) -> None:
    kube.put(Resource.NODES, "", {"metadata": {"name": name, "labels": labels}, "status": status})


async def test_all_nodes_that_a_pod_may_go_to_must_be_able_to() -> None:
    scene = Scene()
    scene.add("old", UNABLE, disk="hdd")
    scene.add("new", ABLE, disk="ssd", zone="a")
    assert await scene.own_users() is False
    assert await scene.own_users(nodeSelector={"disk": "ssd"}) is True
    assert await scene.own_users(nodeSelector={"zone": "a", "disk": "ssd"}) is True
    assert await scene.own_users(nodeSelector={"disk": "hdd"}) is False
    assert await scene.own_users(nodeSelector={"disk": "tape"}) is False
    assert await scene.own_users(nodeSelector={"disk": "ssd"}, runtimeClassName="kata") is False


async def test_nodes_are_asked_again_after_ten_minutes_and_their_change_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = Scene()
    scene.add("n", UNABLE)
    with caplog.at_level(logging.INFO, "boardhand_operator.cluster.nodes"):
        assert [await scene.own_users() for _ in range(3)] == [False] * 3
        scene.kube.set_status(Resource.NODES, ("", "n"), ABLE)
        scene.now = 599
        assert await scene.own_users() is False
        scene.now = 600
        assert await scene.own_users() is True
        scene.now = 1200
        assert await scene.own_users() is True
    assert scene.kube.fuse.calls.count("list NODES") == 3
    assert [record.message for record in caplog.records] == [
        "user namespaces on nodes with labels '': no: node n: its container runtime does not say that it can",
        "user namespaces on nodes with labels '': yes",
    ]


@pytest.mark.parametrize(("usual", "then"), [(UserNamespaces.ALWAYS, True), (UserNamespaces.NEVER, False)])
async def test_nobody_is_asked_where_the_operator_was_told(usual: UserNamespaces, then: bool) -> None:
    scene = Scene(usual)
    assert await scene.own_users(runtimeClassName="gvisor") is then
    assert scene.kube.fuse.calls == []


class Closed(FakeKube):
    """Lists no nodes: with this status it says so."""

    status = 403

    def list(self, resource: Resource, namespace: str | None, selector: str) -> Any:
        raise ApiException(status=self.status, reason="nodes is forbidden")


async def test_without_the_right_to_list_nodes_pods_have_the_nodes_users(caplog: pytest.LogCaptureFixture) -> None:
    nodes = Nodes(Closed(Fuse()), lambda: 0.0, UserNamespaces.AUTO)
    with caplog.at_level(logging.INFO, "boardhand_operator.cluster.nodes"):
        assert await nodes.own_users({}) is False
    assert "may not list nodes (chart value userNamespaces: Auto brings the right)" in caplog.text


async def test_an_api_server_that_is_down_is_no_answer() -> None:
    kube = Closed(Fuse())
    kube.status = 503
    nodes = Nodes(kube, lambda: 0.0, UserNamespaces.AUTO)
    with pytest.raises(ApiException):
        await nodes.own_users({})


async def launched(usual: UserNamespaces, **pool: Any) -> Json:
    """The pod that a card's Job makes, where the only node can."""
    world = World(Fuse())
    add(world.kube, "n", ABLE)
    world.add_pool(**pool)
    world.board.add("card-1", "Sprint Backlog")
    replica = Replica(world)
    replica.services.nodes = Nodes(world.kube, lambda: 0.0, usual)
    await replica.poll()
    replica.watch()
    await replica.work()
    (job,) = world.kube.objects[Resource.JOBS].values()
    spec: Json = job["spec"]["template"]["spec"]
    return spec


@pytest.mark.parametrize(
    ("usual", "pool", "then"),
    [
        (UserNamespaces.AUTO, {}, False),
        (UserNamespaces.ALWAYS, {}, False),
        (UserNamespaces.NEVER, {}, None),
        (UserNamespaces.AUTO, {"pod": {"userNamespaces": "Never"}}, None),
        (UserNamespaces.ALWAYS, {"pod": {"userNamespaces": "Never"}}, None),
        (UserNamespaces.NEVER, {"pod": {"userNamespaces": "Always"}}, False),
        # What the pool's patch says of the pod counts as well.
        (UserNamespaces.AUTO, {"pod": {"patch": {"spec": {"nodeSelector": {"disk": "ssd"}}}}}, None),
        (UserNamespaces.AUTO, {"persistence": {"size": "1Gi"}}, None),
    ],
)
async def test_a_runs_pod_is_as_pool_operator_and_nodes_say(
    usual: UserNamespaces, pool: Json, then: bool | None
) -> None:
    assert (await launched(usual, **pool)).get("hostUsers") is then


async def test_a_node_selector_that_the_api_server_cannot_read_is_told_with_the_job() -> None:
    """It refuses such a Job, and says why."""
    kube = Closed(Fuse())
    kube.status = 400
    assert await Nodes(kube, lambda: 0.0, UserNamespaces.AUTO).own_users({"nodeSelector": {"disk": "a b"}}) is False


async def test_answers_for_labels_that_nobody_asks_for_any_more_are_forgotten() -> None:
    scene = Scene()
    for number in range(50):
        scene.now = number * 300.0
        await scene.own_users(nodeSelector={"build": str(number)})
    assert len(scene.nodes._known) <= 3
