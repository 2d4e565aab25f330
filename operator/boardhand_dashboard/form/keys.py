"""What the visitor's own rights let the form do: seal, make Secrets, and read credentials that are there."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from boardhand_api.pool import CodingAgentSpec
from boardhand_client.errors import Refused
from boardhand_client.rights import Rights
from boardhand_client.session import Session
from boardhand_dashboard.form.credentials import Wanted
from boardhand_dashboard.form.problems import Problem
from boardhand_operator.credentials import sources
from boardhand_operator.errors import Misconfigured
from boardhand_operator.kube import Json, Resource
from boardhand_operator.sealed.keyring import KEYS_FILE, Keyring, Place, Unusable


@dataclass(frozen=True)
class Sealing:
    """The Secret with the keys."""

    namespace: str = "boardhand"
    """The operator's."""
    secret: str = "boardhand-sealing"  # noqa: S105 (a name)


@dataclass(frozen=True)
class Keys:
    """What a visitor may do with credentials in one namespace. It lives as long as a request."""

    ring: Keyring | None = field(repr=False)
    """The sealing keys, where they may read them and there are some."""
    creates: bool
    """Whether they may make Secrets."""
    why: str
    """Why they cannot keep what they type, where they cannot: which rights are missing."""

    @property
    def keeps(self) -> bool:
        """Whether what is typed can be kept somehow."""
        return self.ring is not None or self.creates


async def keys_of(session: Session, rights: Rights, sealing: Sealing, namespace: str) -> Keys:
    """Asked with the visitor's rights. Raises SessionError."""
    ring, unusable = None, ""
    reads = await rights.may("get", Resource.SECRETS, sealing.namespace, sealing.secret)
    if reads:
        ring, unusable = _ring(await session.get(Resource.SECRETS, sealing.namespace, sealing.secret))
    creates = await rights.may("create", Resource.SECRETS, namespace)
    where = f"Secret {sealing.namespace}/{sealing.secret}"
    no_seal = f"{where} {unusable}" if reads else f"you may not get {where}, with whose keys it would be sealed"
    why = f"{no_seal}; and you may not create Secrets in {namespace}"
    return Keys(ring, creates, why)


async def keeping(rights: Rights, sealing: Sealing, namespace: str) -> str:
    """What becomes of credentials that are typed, as a sentence. Raises SessionError."""
    reads, creates = await asyncio.gather(
        rights.may("get", Resource.SECRETS, sealing.namespace, sealing.secret),
        rights.may("create", Resource.SECRETS, namespace),
    )
    if reads:
        return "Credentials that you type are sealed into the pool; beside the name of a Secret they go into that one."
    if creates:
        return f"Credentials that you type go into Secrets in namespace {namespace}, which the pool names."
    return (
        "Credentials that you type can be tried, and not kept: you may neither read the sealing keys "
        f"(Secret {sealing.namespace}/{sealing.secret}) nor create Secrets in {namespace}. The form gives you YAML, "
        "and the commands that make the Secrets."
    )


def _ring(body: Json | None) -> tuple[Keyring | None, str]:
    if body is None:
        return None, "is not there"
    try:
        return Keyring.parse(_decoded(body).get(KEYS_FILE, "")), ""
    except Unusable as wrong:
        return None, f"holds no usable keys ({wrong})"


def _decoded(body: Json) -> dict[str, str]:
    """A Secret's texts; what is none is left out."""
    out = {}
    for key, value in (body.get("data") or {}).items():
        try:
            out[key] = base64.b64decode(value).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
    return out


async def secret_values(session: Session, namespace: str, name: str) -> Mapping[str, str]:
    """What a Secret holds, with the visitor's rights. Raises Misconfigured where they do not show it, SessionError."""
    try:
        body = await session.get(Resource.SECRETS, namespace, name)
    except Refused:
        raise Misconfigured(
            "SecretUnread", f"you may not read Secret {namespace}/{name}: type its credentials to try them"
        ) from None
    if body is None:
        raise Misconfigured("SecretMissing", f"there is no Secret {name} in namespace {namespace}")
    return _decoded(body)


def opened(ring: Keyring | None, namespace: str, pool: str, place: str, texts: Mapping[str, str]) -> dict[str, str]:
    """What is sealed at a place. Raises Misconfigured where it does not open."""
    if ring is None:
        raise Misconfigured("SealedUnread", "what is sealed opens only with keys that you may not read: type it anew")
    return {key: ring.open(Place(namespace, pool, f"{place}.{key}"), text) for key, text in texts.items()}


def elsewhere(ring: Keyring | None, namespace: str, pool: str, spec: Mapping[str, Any]) -> list[Problem]:
    """Sealed texts of ours that do not open here: of another pool, or of this one by another name."""
    try:
        read = CodingAgentSpec.model_validate(spec)
    except ValidationError:
        # It has fields that are not known here. A text that does not open is a condition of the pool, too.
        return []
    found: list[Problem] = []
    for source in sources(read).values():
        for key, text in (source.sealed or {}).items():
            try:
                if ring is not None and ring.which(text):
                    ring.open(Place(namespace, pool, f"{source.place}.{key}"), text)
            except Misconfigured:
                said = (
                    f"`{key}` was sealed for another pool, name or field, and does not open in this one: type it anew"
                )
                found.append(Problem(source.field.removeprefix("spec."), said))
    return found


async def unwritable(rights: Rights, namespace: str, wanted: list[Wanted], keys: Keys) -> list[Problem]:
    """What the visitor's rights do not let be kept. Raises SessionError."""
    problems = []
    for one in wanted:
        about = f"{one.at.reference}.name"
        changes = one.given and await rights.may("patch", Resource.SECRETS, namespace, one.name)
        if keys.creates or changes:
            continue
        if one.given:
            sealed = "; leave the name empty, and what you typed is sealed into the pool" if keys.ring else ""
            said = f"you may neither change Secret {one.name} nor create Secrets in {namespace}{sealed}"
            problems.append(Problem(about, said))
        else:
            problems.append(Problem(about, f"what you typed cannot be kept: {keys.why}. See below for YAML"))
    return problems
