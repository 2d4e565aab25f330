"""What the cluster is made of, and what it remembers of the host."""

import json
from pathlib import Path

import pytest

from testbed.cluster import api, host
from testbed.cluster.binaries import TOOLS, ensure, link_programs
from testbed.cluster.packages import missing_packages
from testbed.plan import Plan
from testbed.shell import TestbedError


@pytest.mark.parametrize("name", TOOLS)
def test_every_tool_is_locked(name: str) -> None:
    tool = TOOLS[name]
    line = f"{tool.module} v{tool.version} h1:"
    assert line in (tool.source / "go.sum").read_text()


def test_kubernetes_is_built_from_one_release() -> None:
    tool = TOOLS["kubernetes"]
    replaced = [line for line in (tool.source / "go.mod").read_text().splitlines() if " => " in line]
    assert len(replaced) > 20
    assert {line.split()[-1] for line in replaced} == {f"v0.{tool.version.removeprefix('1.')}"}
    assert f"gitVersion=v{tool.version}" in tool.linker_flags


def test_an_unknown_tool_is_answered_with_the_known_ones() -> None:
    with pytest.raises(TestbedError, match=r"'kubeadm'.*kubernetes"):
        ensure("kubeadm")


def test_links_are_renewed(tmp_path: Path) -> None:
    for folder in ("old", "new"):
        link_programs(tmp_path / "bin", {"kubectl": tmp_path / folder})
    assert (tmp_path / "bin" / "kubectl").readlink() == tmp_path / "new" / "kubectl"


def test_only_what_dpkg_has_installed_counts() -> None:
    listing = "installed runc\nconfig-files containerd\nnot-installed buildah\n"
    assert missing_packages(["runc", "containerd", "buildah", "gcc"], listing) == [
        "containerd",
        "buildah",
        "gcc",
    ]


def _same_addresses() -> tuple[Plan, Plan]:
    seen: dict[int, Plan] = {}
    for number in range(1000):
        plan = Plan(f"c{number}")
        if plan.slot in seen:
            return seen[plan.slot], plan
        seen[plan.slot] = plan
    raise AssertionError("1000 names cannot have 1000 different slots of 200")


def _record(folder: Path, boot: str, *plans: Plan) -> Path:
    path = folder / "boardhand" / "host.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"boot": boot, "slots": {plan.name: plan.slot for plan in plans}}))
    return path


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_a_second_cluster_of_the_same_addresses_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    first, second = _same_addresses()
    _record(tmp_path, _boot(), first)
    with pytest.raises(TestbedError, match="another CLUSTER name"):
        host.join(second)


def test_the_last_but_one_leaves_the_host_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    record = _record(tmp_path, _boot(), Plan("one"), Plan("two"))
    host.leave(Plan("one"))
    host.leave(Plan("never-here"))
    assert json.loads(record.read_text())["slots"] == {"two": Plan("two").slot}


def test_a_record_of_an_earlier_boot_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    record = _record(tmp_path, "another-boot", Plan("one"))
    before = host.sysctls()
    host.leave(Plan("one"))
    assert record.exists()
    assert host.sysctls() == before


@pytest.mark.parametrize(
    ("conditions", "taints", "ready"),
    [
        ([{"type": "Ready", "status": "True"}], [], True),
        ([{"type": "Ready", "status": "False"}], [], False),
        ([{"type": "Ready", "status": "True"}], [{"key": "node.kubernetes.io/not-ready"}], False),
        ([], [], False),
    ],
)
def test_a_node_is_ready_when_pods_may_come(
    conditions: list[dict[str, str]], taints: list[dict[str, str]], ready: bool
) -> None:
    node = {"status": {"conditions": conditions}, "spec": {"taints": taints} if taints else {}}
    assert api.is_ready(node) is ready
