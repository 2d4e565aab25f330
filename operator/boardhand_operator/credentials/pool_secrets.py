"""What the Secrets of a pool must be and hold. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import urlsplit

from boardhand_api.pool import CodingAgentSpec
from boardhand_operator.credentials import PUSH, READ, Source, sources
from boardhand_operator.errors import Misconfigured
from boardhand_operator.kube import Json
from boardhand_operator.minted.minter import is_app
from boardhand_operator.sealed.keyring import KEYS_TYPE

WEB_KEYS = ("username", "token")
SSH_KEYS = ("sshKey", "knownHosts")
"""What the stages need to reach a repository over http, and over ssh."""
MODEL_KEYS = ("apiKey",)
_NOT_FOR_POOLS = frozenset(
    {
        KEYS_TYPE,
        "boardhand.dev/egress-key",
        "helm.sh/release.v1",
        "kubernetes.io/service-account-token",
        "bootstrap.kubernetes.io/token",
    }
)
"""Types of Secrets that are the cluster's own: whoever may write a pool need not be one who may read them."""


def git_keys(clone_url: str) -> tuple[str, ...]:
    """The keys that a Secret for this repository has."""
    return SSH_KEYS if clone_url.startswith("ssh://") else WEB_KEYS


def require_read(spec: CodingAgentSpec) -> None:
    """Raise Misconfigured for an address that holds credentials, and where nothing is given to clone over ssh with."""
    _require_bare(spec)
    if git_keys(spec.repository.url) is SSH_KEYS and READ not in sources(spec):
        raise Misconfigured(
            "SecretMissing",
            f"spec.repository.readSecretRef is required over ssh: name a Secret with {' and '.join(SSH_KEYS)}",
        )


def _require_bare(spec: CodingAgentSpec) -> None:
    """Addresses stand in conditions, orders and logs. Over ssh the user, such as git, is a part of one, no secret."""
    given = {"board": spec.board and spec.board.url, "forge": spec.forge and spec.forge.url}
    for field, address in {"repository": spec.repository.url, **given}.items():
        try:
            parts = urlsplit(address or "")
        except ValueError:
            raise Misconfigured("AddressWrong", f"spec.{field}.url is no address: mend its host") from None
        if parts.password or (parts.username and parts.scheme != "ssh"):
            text = (
                f"spec.{field}.url holds credentials: take them out, and put them into a Secret that spec.{field} names"
            )
            raise Misconfigured("AddressHoldsCredentials", text)


def stage_keys(spec: CodingAgentSpec, place: str) -> tuple[str, ...]:
    """The keys that a stage needs of the credentials at this place, where they are no App's."""
    if place in (READ, PUSH):
        return git_keys(spec.repository.url)
    return MODEL_KEYS if place.startswith("models.") else ()


def require_stage_keys(spec: CodingAgentSpec, source: Source, data: Mapping[str, str]) -> None:
    """Raise Misconfigured where a stage would miss a key of these credentials, and as `is_app`."""
    if source.place in (READ, PUSH) and is_app(spec, data, source.name):
        return
    for key in stage_keys(spec, source.place):
        if not data.get(key):
            raise Misconfigured("SecretKeyMissing", f"{source.field}: Secret {source.name} lacks the key {key!r}")


def values_of(body: Json | None, namespace: str, name: str, field: str) -> dict[str, str]:
    """The credentials in the Secret that `field` names. Raises Misconfigured where it is not there, or is no pool's."""
    if body is None:
        raise Misconfigured("SecretMissing", f"{field}: there is no Secret {name} in namespace {namespace}; create it")
    if body.get("type") in _NOT_FOR_POOLS or _of_a_run(body):
        text = f"{field}: Secret {name} is no pool's credentials; name one that was made for it"
        raise Misconfigured("SecretForbidden", text)
    return {key: _text(text, f"{field}: Secret {name}", key) for key, text in (body.get("data") or {}).items()}


def _text(encoded: str, where: str, key: str) -> str:
    try:
        return base64.b64decode(encoded).decode()
    except (binascii.Error, UnicodeDecodeError):
        # Without the error it comes from, which holds the value.
        said = f"{where} holds under the key {key!r} what is no text: write it anew in UTF-8, or take the key out"
        raise Misconfigured("SecretUnreadable", said) from None


def _of_a_run(body: Json) -> bool:
    """Whether it holds what was minted or unsealed for one run, perhaps of another pool."""
    return any(owner.get("kind") == "TicketRun" for owner in body["metadata"].get("ownerReferences") or [])
