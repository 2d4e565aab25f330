"""The rules on the host: found again by their mark, and no others."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.cluster import network, snapshot
from testbed.plan import Plan

_names = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)
_FOREIGN = '-A FORWARD -i eth0 -m comment --comment "boardhand-cluster: not ours" -j DROP'


def _saved(plan: Plan, table: str) -> list[str]:
    """The rules of a plan as iptables-save prints them."""
    rules = [rule[2:] for rule in network.host_rules(plan) if rule[1] == table]
    return [shlex.join(["-A", *rule[1:]]) for rule in rules]


@given(_names)
def test_each_rule_is_deleted_by_what_added_it(name: str) -> None:
    plan = Plan(name)
    saved = "\n".join(["*filter", ":FORWARD ACCEPT [0:0]", *_saved(plan, "filter"), _FOREIGN, "COMMIT"])
    added = [rule[3:] for rule in network.host_rules(plan) if rule[1] == "filter"]
    assert [rule[1:] for rule in network.rules_of(plan, saved)] == added
    assert len(network.rules_of(plan, "\n".join(_saved(plan, "nat")))) == 1


@given(_names, _names)
def test_rules_of_another_cluster_are_left_alone(one: str, other: str) -> None:
    saved = "\n".join(_saved(Plan(one), "filter") + _saved(Plan(one), "nat"))
    assert bool(network.rules_of(Plan(other), saved)) == (one == other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nameserver 192.0.2.1\nsearch example\n", ["192.0.2.1"]),
        ("nameserver 127.0.0.53\noptions edns0\n", []),
        ("# nameserver 192.0.2.1\nnameserver ::1\nnameserver 2001:db8::1\n", ["2001:db8::1"]),
        ("nameserver\n", []),
    ],
)
def test_only_servers_that_are_reachable_from_another_network_count(text: str, expected: list[str]) -> None:
    assert network.nameservers(text) == expected


_UNUSED = "# Generated\n*nat\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [12:720]\nCOMMIT\n# Completed\n"


def test_a_table_nobody_uses_is_bare() -> None:
    assert network.tables(_UNUSED) == ["nat"]
    assert network.is_bare(_UNUSED)


@pytest.mark.parametrize("line", ["-A OUTPUT -j ACCEPT", ":DOCKER - [0:0]", ":INPUT DROP [0:0]"])
def test_a_table_with_anything_in_it_is_not_bare(line: str) -> None:
    assert not network.is_bare(_UNUSED.replace("COMMIT", f"{line}\nCOMMIT"))


def test_counters_and_dates_are_no_difference() -> None:
    later = _UNUSED.replace("12:720", "13:800").replace("Generated", "Generated later")
    assert snapshot.rules(_UNUSED) == snapshot.rules(later)
    assert snapshot.rules(_UNUSED) != snapshot.rules(_UNUSED.replace("OUTPUT ACCEPT", "OUTPUT DROP"))
