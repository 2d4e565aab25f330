"""`make down` leaves the machine as it was: a second testbed comes beside the first, and goes without a trace."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed import world
from testbed.cluster.embedded import EmbeddedCluster
from testbed.cluster.snapshot import snapshot
from testbed.forge import server as forge_server
from testbed.plan import Plan

pytestmark = pytest.mark.e2e


def _processes_of(plan: Plan) -> list[str]:
    """Command lines of processes that serve on the plan's address or lie in its folders."""
    marks = (plan.host_ip, str(plan.state), str(plan.service_state))
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if any(mark in line for mark in marks):
            found.append(line)
    return found


def test_the_whole_testbed_goes_without_a_trace() -> None:
    plan = Plan("aside")
    cluster = EmbeddedCluster(plan)
    world.down(plan, cluster)
    before = snapshot(plan)
    try:
        address = cluster.up().host_address
        forge_server.up(plan, address)
        world.start_standins(plan, address)
        assert len(_processes_of(plan)) > 3
        assert snapshot(plan) != before
    finally:
        world.down(plan, cluster)
    assert snapshot(plan) == before
    assert _processes_of(plan) == []
    assert not plan.state.exists()
    assert not plan.service_state.exists()
