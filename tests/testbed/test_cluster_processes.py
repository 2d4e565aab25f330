"""Processes are known by pid and start time, so a recycled pid is nobody we know."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.cluster import cgroups
from testbed.cluster.processes import Process, Processes, not_inherited, parse_record, start_time
from testbed.shell import TestbedError, wait_for


def _own_start() -> int:
    started = start_time(Path("/proc/self/stat").read_text())
    assert started is not None
    return started


def test_this_process_lives_and_one_of_its_number_from_another_time_does_not() -> None:
    assert Process(os.getpid(), _own_start()).alive
    assert not Process(os.getpid(), _own_start() + 1).alive


def test_an_ended_child_that_nobody_has_waited_for_is_not_alive() -> None:
    child = subprocess.Popen(["sleep", "60"])
    started = start_time(Path(f"/proc/{child.pid}/stat").read_text())
    assert started is not None
    process = Process(child.pid, started)
    assert process.alive
    child.kill()
    wait_for("the child's end", lambda: not process.alive, 10)
    child.wait()


def test_what_lives_on_holds_no_descriptor_of_its_starter() -> None:
    held, kept = os.pipe()
    os.set_inheritable(kept, True)
    child = os.posix_spawn("/bin/sleep", ["sleep", "60"], {}, file_actions=not_inherited())
    try:
        os.close(kept)
        assert os.read(held, 1) == b""  # the end of the pipe: nobody has its other end
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(held)


@given(st.text(st.characters(codec="ascii"), max_size=15), st.integers(0, 2**63))
def test_a_programs_name_cannot_confuse_the_reading(name: str, started: int) -> None:
    fields = ["S", *["1"] * 18, str(started), "2", "3"]
    assert start_time(f"42 ({name}) {' '.join(fields)}") == started


@pytest.mark.parametrize("text", ["", "12", "12 "])
def test_a_record_cut_short_is_of_nobody_alive(text: str) -> None:
    assert not parse_record(text).alive


def test_the_dead_are_named_with_their_last_words(tmp_path: Path) -> None:
    (tmp_path / "pids").mkdir()
    (tmp_path / "logs").mkdir()
    (tmp_path / "pids" / "etcd").write_text(f"{os.getpid()} {_own_start() + 1}\n")
    (tmp_path / "logs" / "etcd.log").write_text("listen tcp: address in use\n")
    with pytest.raises(TestbedError, match="etcd has ended\nlisten tcp: address in use"):
        Processes(tmp_path, "none").require_alive()


_VERSION_1 = "tmpfs /sys/fs/cgroup tmpfs rw 0 0\ncgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n"


def test_the_control_groups_of_both_versions_are_found() -> None:
    mounts = _VERSION_1 + "cgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0\n"
    found = cgroups.hierarchies(mounts + "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n")
    assert [path.name for path in found] == ["memory", "pids", "unified"]
    assert cgroups.tracking_hierarchy(found).name == "pids"
    unified = cgroups.hierarchies("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n")
    assert cgroups.tracking_hierarchy(unified) == Path("/sys/fs/cgroup")


def test_without_control_groups_there_is_no_cluster() -> None:
    with pytest.raises(TestbedError, match="control groups"):
        cgroups.tracking_hierarchy(cgroups.hierarchies(_VERSION_1))
