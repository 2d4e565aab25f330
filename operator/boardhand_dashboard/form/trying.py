"""Trying what stands in a section of the form, by those who may write pools, with their rights, and not too often."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from pydantic import ValidationError

from boardhand_api import pool
from boardhand_api.base import Wire
from boardhand_api.model import PlainModel
from boardhand_client.errors import SessionError
from boardhand_client.rights import Rights
from boardhand_client.session import Session
from boardhand_client.trials import Reach, Trial, try_board, try_clone, try_forge, try_model
from boardhand_dashboard.form.credentials import Typed
from boardhand_dashboard.form.fields import Secrets, Section
from boardhand_dashboard.form.keys import Sealing, keys_of, opened, secret_values
from boardhand_operator.errors import Misconfigured
from boardhand_operator.kube import Resource

Json = dict[str, Any]
M = TypeVar("M", bound=Wire)
TRIES, SECONDS = 30, 60.0
"""So many trials a visitor has in so many seconds."""
AT_ONCE = 8
"""So many trials run at the same time, of all visitors."""
WAITING = 3
"""So many of a visitor's trials wait for the one before; browsers send the newest alone."""
EMPTY = "Empty"
"""Why there is nothing to try."""
_TYPED = {"name": "typed"}
"""Stands for a Secret where the credentials were typed: a model wants one of both sources."""


@dataclass
class Turns:
    """Trials of one visitor: one at a time, and not too many."""

    clock: Callable[[], float] = time.monotonic
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    _begun: deque[float] = field(default_factory=deque)

    def wait(self) -> float:
        """0: this one may begin, and counts. Else in how many seconds the next one may."""
        now = self.clock()
        while self._begun and self._begun[0] <= now - SECONDS:
            self._begun.popleft()
        if len(self._begun) >= TRIES:
            return self._begun[0] + SECONDS - now
        self._begun.append(now)
        return 0.0


class Tries:
    """All visitors' turns. They go with the visitors."""

    def __init__(self, reach: Reach, clock: Callable[[], float] = time.monotonic) -> None:
        self.reach, self._clock = reach, clock
        self._turns: WeakKeyDictionary[object, Turns] = WeakKeyDictionary()
        self._places = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def turn(self, visitor: object) -> AsyncIterator[float]:
        """One trial of this visitor's, once the one before has ended; 0, or the seconds to wait where it is none."""
        turns = self._turns.setdefault(visitor, Turns(self._clock))
        if turns.waiting > WAITING:
            yield 1.0
            return
        turns.waiting += 1
        try:
            async with turns.lock, self._places:
                yield turns.wait()
        finally:
            turns.waiting -= 1


@dataclass(frozen=True)
class Tried:
    """Who tries, and where."""

    session: Session
    rights: Rights
    sealing: Sealing
    reach: Reach
    namespace: str
    pool: str
    """Its name, for which texts are sealed."""


async def may_try(rights: Rights, namespace: str) -> bool:
    """Who may write a pool can have the operator try the same. Raises SessionError."""
    asked = (rights.may(verb, Resource.POOLS, namespace) for verb in ("create", "update"))
    return any(await asyncio.gather(*asked))


async def trials_of(section: Section, spec: Mapping[str, Any], given: list[Typed], tried: Tried) -> list[Trial]:
    """What comes of trying this section, at least one. Never raises for what the visitor wrote."""
    if section.id == "board":
        return [await _said(_board(spec, given, tried))]
    if section.id != "forge":
        return [await _said(_model(section, spec, given, tried))]
    git = (_git(spec, place, given, tried) for place in ("repository.read", "repository.push"))
    found = await asyncio.gather(_said(_forge(spec, given, tried)), *map(_said, git))
    told = [one for one in found if one.reason != EMPTY]
    return told or [found[0]]


async def _said(work: Awaitable[Trial]) -> Trial:
    try:
        return await work
    except Misconfigured as wrong:
        return Trial(False, wrong.message, reason=wrong.reason)
    except SessionError as refused:
        return Trial(False, str(refused), reason="ClusterRefuses")


async def _board(spec: Mapping[str, Any], given: list[Typed], tried: Tried) -> Trial:
    part, values = await _prepared(spec, "board", given, tried)
    return await try_board(_read(pool.Board, part, "board"), values, tried.reach)


async def _forge(spec: Mapping[str, Any], given: list[Typed], tried: Tried) -> Trial:
    part, values = await _prepared(spec, "forge", given, tried)
    return await try_forge(_read(pool.Forge, part, "forge"), _repository(spec), values, tried.reach)


async def _git(spec: Mapping[str, Any], place: str, given: list[Typed], tried: Tried) -> Trial:
    """Of credentials that are given; without any, a public repository is what the forge's own trial tells of."""
    _, values = await _prepared(spec, place, given, tried)
    if not values:
        raise Misconfigured(EMPTY, "no credentials are given here yet")
    return await try_clone(_repository(spec), _where(spec), values, push=place == "repository.push", reach=tried.reach)


def _where(spec: Mapping[str, Any]) -> pool.Forge | None:
    """The forge's kind and address, as far as they are given: its credentials are tried apart."""
    part = {key: value for key, value in _at(spec, "forge").items() if key in ("type", "url")}
    return _read(pool.Forge, part, "forge") if "type" in part else None


def _repository(spec: Mapping[str, Any]) -> pool.Repository:
    """Without its credentials, which are asked for apart."""
    part = {key: value for key, value in _at(spec, "repository").items() if not _credential(key)}
    return _read(pool.Repository, part | {"pushSecretRef": _TYPED}, "repository")


async def _model(section: Section, spec: Mapping[str, Any], given: list[Typed], tried: Tried) -> Trial:
    place = f"models.{section.id}"
    part, values = await _prepared(spec, place, given, tried)
    part.pop("fallback", None)
    model = _read(PlainModel, part, place)
    return await try_model(model, values.get("apiKey"), tried.reach, model.secret_ref.name if model.secret_ref else "")


async def _prepared(
    spec: Mapping[str, Any], place: str, given: list[Typed], tried: Tried
) -> tuple[Json, dict[str, str]]:
    """The part of the pool and its credentials: those that are there, and over them what was typed.

    Raises Misconfigured where the part is not there, SessionError.
    """
    part = _part(spec, place)
    new = next((one for one in given if one.at.place == place), None)
    at = new.at if new else None
    if not part and not new:
        raise Misconfigured(EMPTY, "nothing is given here yet")
    values = {**await _there(part, place, tried, at), **(new.values if new else {})}
    if values and not part.get("secretRef"):
        part = {key: value for key, value in part.items() if key != "sealed"} | {"secretRef": _TYPED}
    return part, values


def _part(spec: Mapping[str, Any], place: str) -> Json:
    """What the pool says at this place, with its sources of credentials as `secretRef` and `sealed`."""
    kind = place.removeprefix("repository.")
    if kind == place:
        return dict(_at(spec, place))
    names = {f"{kind}SecretRef": "secretRef", f"{kind}Sealed": "sealed"}
    return {names[key]: value for key, value in _at(spec, "repository").items() if key in names}


async def _there(part: Json, place: str, tried: Tried, typed: Secrets | None) -> dict[str, str]:
    """Credentials that the pool has. Where all that is needed was typed, what cannot be read is not missed."""
    try:
        if sealed := _mapping(part.get("sealed")):
            keys = await keys_of(tried.session, tried.rights, tried.sealing, tried.namespace)
            return opened(keys.ring, tried.namespace, tried.pool, place, sealed)
        if name := _mapping(part.get("secretRef")).get("name"):
            return dict(await secret_values(tried.session, tried.namespace, str(name)))
    except Misconfigured:
        if typed is None:
            raise
    return {}


def _at(spec: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    there: Any = spec
    for name in place.split("."):
        there = _mapping(there).get(name)
    return _mapping(there)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _credential(key: str) -> bool:
    return key.endswith(("SecretRef", "Sealed"))


def _read(model: type[M], part: Mapping[str, Any], path: str) -> M:
    """Raises Misconfigured, naming the fields, where it cannot be tried yet."""
    try:
        return model.model_validate(part)
    except ValidationError as wrong:
        errors = wrong.errors(include_url=False, include_input=False, include_context=False)
        missing = [".".join(str(one) for one in error["loc"]) for error in errors if error["type"] == "missing"]
        if missing:
            raise Misconfigured("Incomplete", f"it is tried once {path} has: {', '.join(missing)}") from None
        said = "; ".join(f"{'.'.join(map(str, one['loc'])) or path}: {one['msg']}" for one in errors)
        raise Misconfigured("Invalid", said.replace("Value error, ", "")) from None
