"""The boards and forges of the pools, opened with their Secrets and kept for a while."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from boardhand_api.base import SecretRef
from boardhand_api.model import PlainModel
from boardhand_api.pool import CodingAgentSpec
from boardhand_operator.boards import Board, open_board
from boardhand_operator.errors import Misconfigured
from boardhand_operator.forges import Forge, open_forge
from boardhand_operator.kube import Kube, Resource
from boardhand_operator.transport import Connection
from boardhand_operator.views import Pool

_KEPT_SECONDS = 60.0
"""A Secret is read again after so long, so that a new token is used without a restart."""


@dataclass
class _Opened:
    generation: int
    since: float
    board: Board | None
    forge: Forge | None


class Services:
    """Opens what a pool's spec names."""

    def __init__(self, kube: Kube, certificates: Path | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._kube = kube
        self._connection = Connection(certificates=certificates)
        self._clock = clock
        self._opened: dict[tuple[str, str], _Opened] = {}

    async def board(self, pool: Pool) -> Board | None:
        """The pool's board, or None where it has none. Raises Misconfigured where it cannot be opened."""
        return (await self._open(pool)).board

    async def forge(self, pool: Pool) -> Forge | None:
        """The pool's forge, or None where it has none. Raises Misconfigured where it cannot be opened."""
        return (await self._open(pool)).forge

    async def require_secrets(self, pool: Pool) -> None:
        """See that the Secrets which stages mount are there. Raises Misconfigured naming the first that is not."""
        spec = pool.spec
        named: dict[str, tuple[SecretRef | None, tuple[str, ...]]] = {
            "spec.repository.readSecretRef": (spec.repository.read_secret_ref, ("username", "token")),
            "spec.repository.pushSecretRef": (spec.repository.push_secret_ref, ("username", "token")),
        }
        for field, model in _models(spec).items():
            named[f"spec.models.{field}.secretRef"] = (model.secret_ref, ("apiKey",))
        for server in spec.mcp_servers:
            named[f"spec.mcpServers[{server.name}].secretRef"] = (server.secret_ref, ())
        for field, (reference, keys) in named.items():
            if reference is None:
                continue
            data = await self._secret(pool, reference.name, field)
            for key in keys:
                if not data.get(key):
                    raise Misconfigured("SecretKeyMissing", f"{field}: Secret {reference.name} lacks the key {key!r}")

    async def forget(self, key: tuple[str, str]) -> None:
        """Close what is open for the pool; it is opened anew, with its Secrets read again, when next asked for."""
        opened = self._opened.pop(key, None)
        if opened and opened.board:
            await opened.board.aclose()
        if opened and opened.forge:
            await opened.forge.aclose()

    async def _open(self, pool: Pool) -> _Opened:
        key = (pool.namespace, pool.name)
        known = self._opened.get(key)
        if known and known.generation == pool.generation and self._clock() - known.since < _KEPT_SECONDS:
            return known
        spec = pool.spec
        board = forge = None
        if spec.board:
            data = await self._secret(pool, spec.board.secret_ref.name, "spec.board.secretRef")
            board = open_board(spec.board, data, self._connection)
        if spec.forge:
            data = await self._secret(pool, spec.forge.secret_ref.name, "spec.forge.secretRef")
            forge = open_forge(spec.forge, spec.repository, data, self._connection)
        self._opened[key] = opened = _Opened(pool.generation, self._clock(), board, forge)
        return opened

    async def _secret(self, pool: Pool, name: str, field: str) -> dict[str, str]:
        body = await self._kube.get(Resource.SECRETS, pool.namespace, name)
        if body is None:
            raise Misconfigured(
                "SecretMissing", f"{field}: there is no Secret {name} in namespace {pool.namespace}; create it"
            )
        try:
            return {key: base64.b64decode(text).decode() for key, text in (body.get("data") or {}).items()}
        except (binascii.Error, UnicodeDecodeError) as wrong:
            raise Misconfigured("SecretUnreadable", f"{field}: Secret {name} holds a value that is no text") from wrong


def _models(spec: CodingAgentSpec) -> dict[str, PlainModel]:
    """Every model of the pool by its field below spec.models."""
    named = {"large": spec.models.large} | ({"small": spec.models.small} if spec.models.small else {})
    fallbacks = {f"{name}.fallback": model.fallback for name, model in named.items() if model.fallback}
    return {**named, **fallbacks}
