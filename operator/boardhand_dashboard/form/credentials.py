"""Pure: credentials that were typed, and how the pool keeps them: sealed in itself, or in a Secret that it names."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from boardhand_dashboard.form.fields import LONG_KEYS, Secrets, all_secrets
from boardhand_dashboard.form.problems import Problem
from boardhand_operator import boards, forges
from boardhand_operator.errors import Misconfigured
from boardhand_operator.names import slug
from boardhand_operator.plugins import implementation
from boardhand_operator.sealed.keyring import Keyring, Place, Unusable

Json = dict[str, Any]


@dataclass(frozen=True)
class Typed:
    """What was typed at one place of the pool."""

    at: Secrets
    values: Mapping[str, str] = field(repr=False)
    """By key."""


@dataclass(frozen=True)
class Wanted:
    """A Secret that has to hold what was typed, as the pool will name it."""

    at: Secrets
    name: str
    values: Mapping[str, str] = field(repr=False)
    given: bool
    """Whether the visitor named it: then it may be there already, and its other keys stay."""

    def command(self, namespace: str) -> str:
        """What makes it, without what was typed."""
        files = " ".join(f"--from-file={key}={key}.txt" for key in sorted(self.values))
        return f"kubectl create secret generic {self.name} --namespace {namespace} {files}"


def typed(form: Mapping[str, str]) -> list[Typed]:
    """Of a posted form: places at which something was typed."""
    found = []
    for one in all_secrets():
        values = {key: _value(key, form.get(one.control(key), "")) for key in (*one.keys, *one.further)}
        if given := {key: value for key, value in values.items() if value}:
            found.append(Typed(one, given))
    return found


def _value(key: str, text: str) -> str:
    """Files of several lines end with a line break, which programs want; all else is one line."""
    text = text.replace("\r\n", "\n").strip()
    return f"{text}\n" if text and key in LONG_KEYS else text


def kept(spec: Mapping[str, Any], given: Sequence[Typed], ring: Keyring | None, namespace: str, pool: str) -> Kept:
    """The spec with what was typed: for the Secret that it names, else sealed, and where there are no keys (ring None)
    for a Secret by the pool's name."""
    out = Kept(copy.deepcopy(dict(spec)))
    for one in given:
        part = _part(out.spec, one.at)
        reference, sealed = (path.rpartition(".")[2] for path in (one.at.reference, one.at.sealed))
        name = _named(part, reference)
        if name is None and ring is not None:
            texts, problems = _sealed(one, ring, namespace, pool)
            old = part.get(sealed)
            part[sealed] = {**(old if isinstance(old, dict) else {}), **texts}
            out.problems += problems
        else:
            part.pop(sealed, None)
            part[reference] = {"name": name or default_name(pool, one.at)}
            out.wanted.append(Wanted(one.at, part[reference]["name"], one.values, name is not None))
        if name is None:
            there = {**one.values, **(part.get(sealed) or {})}
            out.problems += _missing(out.spec, one.at, there)
    return out


@dataclass
class Kept:
    """A spec with credentials in it, and what is left to do."""

    spec: Json
    wanted: list[Wanted] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def default_name(pool: str, at: Secrets) -> str:
    """What a Secret for this place is called where nobody says."""
    return f"{pool}-{slug(at.place, 40)}"


def _part(spec: Json, at: Secrets) -> Json:
    there = spec
    for name in at.reference.split(".")[:-1]:
        inner = there.get(name)
        if not isinstance(inner, dict):
            inner = there[name] = {}
        there = inner
    return there


def _named(part: Mapping[str, Any], reference: str) -> str | None:
    found = part.get(reference)
    name = found.get("name") if isinstance(found, dict) else None
    return name if isinstance(name, str) else None


def _sealed(one: Typed, ring: Keyring, namespace: str, pool: str) -> tuple[dict[str, str], list[Problem]]:
    texts, problems = {}, []
    for key, value in one.values.items():
        try:
            texts[key] = ring.seal(Place(namespace, pool, f"{one.at.place}.{key}"), value)
        except Unusable as wrong:
            problems.append(Problem(one.at.control(key), str(wrong)))
    return texts, problems


def _missing(spec: Mapping[str, Any], at: Secrets, there: Iterable[str]) -> Iterator[Problem]:
    for key in needed(spec, at, set(there)):
        if key not in there:
            yield Problem(at.control(key), "is needed too: all keys of a place stand in one Secret, or are all sealed")


def needed(spec: Mapping[str, Any], at: Secrets, there: set[str]) -> tuple[str, ...]:
    """The keys that the place must have, as far as that is known."""
    if at.place.startswith("models."):
        return ("apiKey",)
    if at.place.startswith("repository."):
        if there & {"appId", "privateKey"}:
            return ("appId", "privateKey")
        return ("sshKey", "knownHosts") if there & {"sshKey", "knownHosts"} else ("username", "token")
    group = boards.ENTRY_POINTS if at.place == "board" else forges.ENTRY_POINTS
    kind = (spec.get(at.place) or {}).get("type")
    try:
        keys: tuple[str, ...] = implementation(group, str(kind), f"spec.{at.place}.type").credential_keys
    except Misconfigured:
        # The type is its own problem, or known to the operator alone.
        return ()
    return keys
