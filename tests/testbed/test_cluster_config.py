"""What the cluster's programs are told: complete, parseable, and nobody else's."""

import json
import re
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from testbed import world
from testbed.cluster import certificates, control_plane, layout, network, node
from testbed.cluster.config import render
from testbed.cluster.pause import REFERENCE
from testbed.plan import Plan
from testbed.shell import TestbedError

_SERVERS = ["192.0.2.1", "192.0.2.2"]


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    # Not tmp_path: side by side, tests' own folders are too deep for a socket.
    with tempfile.TemporaryDirectory(prefix="bh-") as folder:
        monkeypatch.setenv("XDG_STATE_HOME", folder)
        yield Path(folder)


def test_a_missing_name_is_an_error_not_a_hole() -> None:
    with pytest.raises(KeyError):
        render("Corefile", gateway="10.0.0.1")


def test_containerd_keeps_to_the_clusters_folder(state: Path) -> None:
    plan = Plan("one")
    config = tomllib.loads(node.config_files(plan, _SERVERS)["config/containerd.toml"])
    cri = config["plugins"]["io.containerd.grpc.v1.cri"]
    for path in (config["root"], config["state"], config["grpc"]["address"], cri["cni"]["conf_dir"]):
        assert Path(path).is_relative_to(layout.home(plan))
    assert cri["sandbox_image"] == REFERENCE
    assert cri["restrict_oom_score_adj"] is True


def test_the_network_plugins_hand_out_the_pod_range(state: Path) -> None:
    config = json.loads(node.config_files(Plan("one"), _SERVERS)["cni/conf/10-boardhand.conflist"])
    bridge = config["plugins"][0]
    assert bridge["bridge"] == network.BRIDGE
    assert bridge["ipam"]["ranges"] == [[{"subnet": network.POD_RANGE}]]


def test_pods_ask_the_clusters_dns_and_it_asks_the_hosts_servers(state: Path) -> None:
    files = node.config_files(Plan("one"), _SERVERS)
    kubelet = yaml.safe_load(files["config/kubelet.yaml"])
    assert kubelet["clusterDNS"] == [network.GATEWAY]
    assert f"bind {network.GATEWAY}\n" in files["config/Corefile"]
    assert "forward . 192.0.2.1 192.0.2.2\n" in files["config/Corefile"]
    assert files["config/resolv.conf"] == "nameserver 192.0.2.1\nnameserver 192.0.2.2\n"


def test_two_clusters_share_no_path_of_their_own(state: Path) -> None:
    own = re.compile(re.escape(str(state)) + r"[^\s\"']*")

    def used(name: str) -> set[str]:
        plan = Plan(name)
        config = yaml.safe_load(node.config_files(plan, _SERVERS)["config/kubelet.yaml"])
        commands = [*control_plane.etcd(plan, Path("e")), *control_plane.api_server(plan, Path("a"))]
        commands += [*node.containerd(plan), *node.kubelet(plan, Path("k"), 1)]
        text = "\n".join([*node.config_files(plan, _SERVERS).values(), *commands])
        return {*own.findall(text), config["cgroupRoot"], config["podLogsDir"], plan.node_name}

    one, two = used("one"), used("two")
    assert len(one) == len(two) > 15
    assert not one & two


def test_every_file_the_api_server_is_given_is_written(state: Path) -> None:
    plan = Plan("one")
    certificates.Authority().write(layout.pki(plan), certificates.subjects(plan))
    certificates.write_service_account_keys(layout.pki(plan))
    command = control_plane.api_server(plan, Path("x")) + control_plane.controller_manager(plan, Path("x"))
    paths = [Path(flag.partition("=")[2]) for flag in command if "/pki/" in flag]
    assert len(paths) == 10
    assert [path for path in paths if not path.exists()] == []


def test_the_audit_log_has_every_request_of_the_operators_at_metadata_level() -> None:
    policy = yaml.safe_load(render("audit.yaml"))
    operator = f"system:serviceaccount:{world.SYSTEM}:{world.RELEASE}"
    ours = [f"{operator}-history", f"{operator}-dashboard"]
    users = [operator, "system:anonymous"], ours
    assert policy["rules"] == [*({"level": "Metadata", "users": list(one)} for one in users), {"level": "None"}]


def test_a_state_folder_too_deep_for_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / ("deep" * 30)))
    with pytest.raises(TestbedError, match="XDG_STATE_HOME"):
        layout.socket(Plan())
