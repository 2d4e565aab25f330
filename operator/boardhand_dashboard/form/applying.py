"""Making and changing a pool with the visitor's rights: nobody's change is overwritten unseen."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from boardhand_api import API_VERSION
from boardhand_client.errors import Invalid, NotThere, Refused, Rejected
from boardhand_client.session import Session
from boardhand_dashboard.form import problems
from boardhand_dashboard.form.credentials import Wanted
from boardhand_dashboard.form.problems import NAME, Problem
from boardhand_operator.kube import Conflict, Resource

Json = dict[str, Any]
_TRIES = 5
"""The operator writes a pool's status, which changes its version, not its spec: then the write is made again."""


@dataclass(frozen=True)
class Opened:
    """The pool as the form was opened with it."""

    uid: str
    generation: int
    """Of its spec; a change of its status leaves it as it is."""

    @classmethod
    def of(cls, body: Json) -> Opened:
        meta = body["metadata"]
        return cls(str(meta["uid"]), int(meta.get("generation", 0)))


@dataclass(frozen=True)
class Outcome:
    """What came of it: neither problems nor a change by somebody else, and it is done."""

    problems: tuple[Problem, ...] = ()
    changed: Json | None = None
    """The pool as it is by now, where somebody changed it meanwhile."""
    notes: tuple[str, ...] = field(default=())
    """What was done all the same, in sentences."""

    @property
    def done(self) -> bool:
        return not self.problems and self.changed is None


def pool_body(namespace: str, name: str, spec: Json) -> Json:
    """A CodingAgent as people write it."""
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": API_VERSION, "kind": "CodingAgent", "metadata": meta, "spec": spec}


async def check(session: Session, body: Json, opened: Opened | None) -> Outcome:
    """What the API server would say of it; nothing is written. Raises SessionError."""
    return await _written(session, body, opened, dry=True)


async def apply(session: Session, body: Json, opened: Opened | None, wanted: Sequence[Wanted]) -> Outcome:
    """Make the pool (opened None) or change it, and before that its Secrets. Raises SessionError.

    The API server has looked at the pool before a Secret is made.
    """
    found = await check(session, body, opened)
    if not found.done:
        return found
    notes: list[str] = []
    for one in wanted:
        if problem := await _put(session, body["metadata"]["namespace"], one, notes):
            return Outcome((problem,), notes=tuple(notes))
    found = await _written(session, body, opened, dry=False)
    return Outcome(found.problems, found.changed, tuple(notes))


async def _written(session: Session, body: Json, opened: Opened | None, *, dry: bool) -> Outcome:
    try:
        if opened is None:
            await session.write(Resource.POOLS, body, replace=False, dry=dry)
            return Outcome()
        return await _replaced(session, body, opened, dry=dry)
    except Conflict:
        return Outcome((Problem(NAME, "a pool of this name is there already"),))
    except Invalid as wrong:
        return Outcome(tuple(problems.of_status(wrong.status)))
    except (Refused, Rejected) as wrong:
        return Outcome((problems.of_sentence(str(wrong)),))


async def _replaced(session: Session, body: Json, opened: Opened, *, dry: bool) -> Outcome:
    namespace, name = body["metadata"]["namespace"], body["metadata"]["name"]
    for _ in range(_TRIES):
        now = await session.get(Resource.POOLS, namespace, name)
        if now is None:
            return Outcome((Problem("", "the pool was deleted meanwhile: make it anew under New pool"),))
        if Opened.of(now) != opened:
            return Outcome(changed=now)
        try:
            await session.write(Resource.POOLS, {**now, "spec": body["spec"]}, replace=True, dry=dry)
        except (Conflict, NotThere):
            continue
        return Outcome()
    return Outcome((Problem("", "the pool changes too fast to be written: try again"),))


async def _put(session: Session, namespace: str, one: Wanted, notes: list[str]) -> Problem | None:
    """Make the Secret, or put what was typed into the one that the visitor named."""
    data = {key: base64.b64encode(value.encode()).decode() for key, value in one.values.items()}
    meta = {"name": one.name, "namespace": namespace}
    body = {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": meta, "data": data}
    about, keys = f"{one.at.reference}.name", ", ".join(sorted(data))
    try:
        try:
            await session.create(Resource.SECRETS, namespace, body)
            notes.append(f"Secret {one.name} was made, with {keys}.")
        except (Conflict, Refused):
            if await _had(session, namespace, one.name, data):
                return None
            if not one.given or await session.patch(Resource.SECRETS, namespace, one.name, {"data": data}) is None:
                raise
            notes.append(f"Secret {one.name} has new values for {keys}.")
    except Conflict:
        return Problem(about, f"a Secret {one.name} is there already: name it here to have {keys} replaced in it")
    except (Refused, Rejected) as refused:
        return Problem(about, f"Secret {one.name}: {refused}")
    return None


async def _had(session: Session, namespace: str, name: str, data: Json) -> bool:
    """Whether it holds these values: then it is written already, by the same button a moment ago."""
    try:
        found = await session.get(Resource.SECRETS, namespace, name)
    except Refused:
        return False
    return found is not None and (found.get("data") or {}).items() >= data.items()
