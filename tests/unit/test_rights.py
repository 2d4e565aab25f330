"""Rules held against calls: what goes beyond them and what nothing used, told apart by namespace, name and verb."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from testbed.rights import Call, Grant, Right, calls, compare, grants

USER = "system:serviceaccount:system:boardhand"
GET = Right("", "secrets", "get")
Json = dict[str, Any]


def role(kind: str, namespace: str | None, **rule: Any) -> list[Json]:
    """A role and its binding to the account."""
    about = {"name": "boardhand"} | ({"namespace": namespace} if namespace else {})
    subject = {"kind": "ServiceAccount", "name": "boardhand", "namespace": "system"}
    rules = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]} | rule]
    binding = {"roleRef": {"kind": kind, "name": "boardhand"}, "subjects": [subject]}
    return [
        {"kind": kind, "metadata": about, "rules": rules},
        {"kind": f"{kind}Binding", "metadata": about, **binding},
    ]


def call(namespace: str = "team", name: str = "a", verb: str = "get", refused: bool = False) -> Call:
    return Call(GET._replace(verb=verb), namespace, name, refused)


@pytest.mark.parametrize(
    ("objects", "seen", "beyond"),
    [
        (role("Role", "team"), call(), False),
        (role("Role", "team"), call(namespace="other"), True),
        (role("Role", "team"), call(verb="list"), True),
        (role("Role", "team"), call(refused=True), True),
        (role("Role", "team", resourceNames=["a"]), call(), False),
        (role("Role", "team", resourceNames=["b"]), call(), True),
        (role("ClusterRole", None), call(namespace="other"), False),
        (role("Role", "team")[:1], call(), True),
    ],
)
def test_a_call_beyond_the_rules_is_told(objects: list[Json], seen: Call, beyond: bool) -> None:
    assert bool(compare(grants(objects, "boardhand"), [seen]).beyond) is beyond


def test_the_rules_of_others_are_not_the_accounts() -> None:
    assert grants(role("Role", "team"), "somebody") == []


def test_a_rule_that_nothing_used_is_told() -> None:
    given = [Grant(GET, "team"), Grant(GET._replace(verb="list"), "team")]
    assert compare(given, [call()]).unused == [GET._replace(verb="list")]
    assert GET in compare(given, [call(refused=True)]).unused


LOG = {"resource": "pods", "subresource": "log", "namespace": "team", "name": "a"}


def event(user: str = USER, code: int = 200, about: Json | None = LOG) -> str:
    line: Json = {
        "user": {"username": user},
        "verb": "get",
        "requestURI": "/api/v1?x=1",
        "responseStatus": {"code": code},
    }
    return json.dumps(line | {"objectRef": about}) + "\n"


def test_the_log_is_read_with_the_parts_that_were_put_aside(tmp_path: Path) -> None:
    (tmp_path / "audit-2026-01-01.log").write_text(event())
    log = tmp_path / "audit.log"
    everybodys = event(about=None) + event(code=403, about=None)
    log.write_text(event(code=403) + event(user="admin") + everybodys + event()[:-20])
    pods = Right("", "pods/log", "get")
    assert calls(log, USER) == {
        Call(pods, "team", "a", refused=False),
        Call(pods, "team", "a", refused=True),
        Call(Right("", "/api/v1", "get"), "", "", refused=True),
    }
    assert str(Call(pods, "team", "a", refused=True)) == "get pods/log in team, refused"
