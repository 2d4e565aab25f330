"""Where a pool names credentials, and how: a Secret, or texts sealed in the pool itself. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from boardhand_api import pod
from boardhand_api.base import SecretRef
from boardhand_api.model import Model
from boardhand_api.pool import CodingAgentSpec
from boardhand_api.redaction import PUBLIC_KEYS as PUBLIC_KEYS

BOARD, FORGE, READ, PUSH = "board", "forge", "repository.read", "repository.push"
"""Places of every pool; those of its models, MCP servers and notifications are called models.large, mcpServers.NAME
and notifications.NAME."""
NOTIFICATIONS = "notifications."
"""Beginning of the places of what no run needs: a Secret that is missing there keeps none from its work."""
STAGES_SEE = ("repository.", "models.", "mcpServers.")
"""Beginnings of the places that stages are given; the operator alone uses the others."""


@dataclass(frozen=True)
class Source:
    """One place of a pool, with the credentials that are given there."""

    place: str
    """As `boardhand seal --field` takes it, before the key: repository.push."""
    field: str
    """As the pool spells it, such as spec.repository.pushSecretRef."""
    reference: SecretRef | None
    sealed: Mapping[str, str] | None
    """Key to sealed text."""

    @property
    def name(self) -> str:
        """The Secret's name, for messages."""
        return self.reference.name if self.reference else f"({self.field})"


def sources(spec: CodingAgentSpec) -> dict[str, Source]:
    """By place, those where credentials are given."""
    return {source.place: source for source in _sources(spec) if source.reference or source.sealed}


def _sources(spec: CodingAgentSpec) -> Iterator[Source]:
    for place, part in ((BOARD, spec.board), (FORGE, spec.forge)):
        if part:
            yield _source(place, f"spec.{place}.", part.secret_ref, part.sealed)
    repository = spec.repository
    yield _source(READ, "spec.repository.read", repository.read_secret_ref, repository.read_sealed)
    yield _source(PUSH, "spec.repository.push", repository.push_secret_ref, repository.push_sealed)
    for size, model in (("large", spec.models.large), ("small", spec.models.small)):
        if model:
            yield _source(f"models.{size}", f"spec.models.{size}.", model.secret_ref, model.sealed)
        if model and model.fallback:
            place = f"models.{size}.fallback"
            yield _source(place, f"spec.{place}.", model.fallback.secret_ref, model.fallback.sealed)
    for server in spec.mcp_servers:
        yield _source(f"mcpServers.{server.name}", f"spec.mcpServers[{server.name}].", server.secret_ref, server.sealed)
    for one in spec.notifications:
        place = f"{NOTIFICATIONS}{one.name}"
        yield _source(place, f"spec.notifications[{one.name}].", one.secret_ref, one.sealed)


def _source(place: str, before: str, reference: SecretRef | None, sealed: Mapping[str, str] | None) -> Source:
    names = ("secretRef", "sealed") if before.endswith(".") else ("SecretRef", "Sealed")
    return Source(place, before + names[reference is None], reference, sealed)


def agent_volumes(spec: CodingAgentSpec) -> dict[str, Source]:
    """The agent stage's secret folders, and what is in each. Without a small model the large one's is there twice."""
    given, small = sources(spec), "models.small" if spec.models.small else "models.large"
    wanted = {
        pod.LARGE_SECRET.name: "models.large",
        pod.SMALL_SECRET.name: small,
        pod.LARGE_SECRET.name + pod.FALLBACK_SUFFIX: "models.large.fallback",
        pod.SMALL_SECRET.name + pod.FALLBACK_SUFFIX: f"{small}.fallback",
    }
    wanted |= {f"{pod.MCP_SECRET_PREFIX}{server.name}": f"mcpServers.{server.name}" for server in spec.mcp_servers}
    return {volume: given[place] for volume, place in wanted.items() if place in given}


def sealed_for_stages(spec: CodingAgentSpec) -> list[Source]:
    """What is sealed and a stage is given."""
    return [one for one in sources(spec).values() if one.sealed is not None and one.place.startswith(STAGES_SEE)]


def bare(model: Model) -> Model:
    """The model without its credentials: the order holds none, sealed or not."""
    spare = model.fallback and model.fallback.model_copy(update={"sealed": None})
    return model.model_copy(update={"sealed": None, "fallback": spare})
