"""What the operator may do by the chart's rules, held against what an API server's audit log says that it did.

Sources: https://kubernetes.io/docs/reference/access-authn-authz/rbac/ and
https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/. Pure, but for the reading of the log.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from boardhand_client.trials.facts import Right as Right

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Grant:
    """A right as a rule gives it. namespace: None for all of them; names: empty for every name."""

    right: Right
    namespace: str | None
    names: frozenset[str] = frozenset()

    def covers(self, call: Call) -> bool:
        fits = self.right == call.right and self.namespace in (None, call.namespace)
        return fits and (not self.names or call.name in self.names)


@dataclass(frozen=True)
class Call:
    """A request as the API server saw it."""

    right: Right
    namespace: str
    name: str
    refused: bool
    """For want of rights (403)."""

    def __str__(self) -> str:
        return f"{self.right} in {self.namespace or 'all namespaces'}{', refused' if self.refused else ''}"


@dataclass(frozen=True)
class Comparison:
    """Both ways: what was done or tried beyond the rules, and what the rules give that nothing used."""

    beyond: list[str]
    unused: list[Right]


def grants(objects: Iterable[Json], account: str) -> list[Grant]:
    """What the bindings among these objects give to the service account of this name."""
    bodies = list(objects)
    roles = {(body["kind"], body["metadata"].get("namespace"), body["metadata"]["name"]): body for body in bodies}
    out: list[Grant] = []
    for body in bodies:
        if body["kind"] not in ("RoleBinding", "ClusterRoleBinding"):
            continue
        if account not in {one["name"] for one in body["subjects"] if one["kind"] == "ServiceAccount"}:
            continue
        space, kind = body["metadata"].get("namespace"), body["roleRef"]["kind"]
        role = roles[kind, space if kind == "Role" else None, body["roleRef"]["name"]]
        out += _of_rules(role["rules"], space)
    return out


def _of_rules(rules: Iterable[Json], namespace: str | None) -> Iterator[Grant]:
    for rule in rules:
        names = frozenset(rule.get("resourceNames") or ())
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for verb in rule["verbs"]:
                    yield Grant(Right(group, resource, verb), namespace, names)


def calls(log: Path, user: str) -> set[Call]:
    """The different requests of this user in an audit log.

    What everybody may ask, such as which kinds there are, is among them only where it was refused.
    """
    out = set()
    for part in (*log.parent.glob(f"{log.stem}-*{log.suffix}"), log):
        with part.open() as lines:
            out |= {call for line in lines if (call := _read(line, user))}
    return out


def _read(line: str, user: str) -> Call | None:
    # A line that is being written as this is read is no line yet.
    if user not in line or not line.endswith("\n"):
        return None
    event = json.loads(line)
    if event["user"]["username"] != user:
        return None
    refused = (event.get("responseStatus") or {}).get("code") == HTTPStatus.FORBIDDEN
    about = event.get("objectRef")
    if about is None:
        right = Right("", str(event["requestURI"]).partition("?")[0], str(event["verb"]))
        return Call(right, "", "", refused) if refused else None
    resource = "/".join(part for part in (about["resource"], about.get("subresource")) if part)
    right = Right(str(about.get("apiGroup") or ""), resource, str(event["verb"]))
    return Call(right, str(about.get("namespace") or ""), str(about.get("name") or ""), refused)


def compare(given: Iterable[Grant], seen: Iterable[Call]) -> Comparison:
    """Hold the rules against the calls."""
    rules, requests = list(given), list(seen)
    beyond = {str(call) for call in requests if call.refused or not any(rule.covers(call) for rule in rules)}
    used = {call.right for call in requests if not call.refused}
    return Comparison(sorted(beyond), sorted({rule.right for rule in rules} - used))
