"""Pure: which of a pool's models a node of the agent's graph asks."""

from __future__ import annotations

from boardhand_api.pool import CodingAgentSpec

UNKNOWN = "unknown"
SMALL_ROLES = ("route", "describe")
"""Nodes that ask the small model."""


def model_of(role: str, spec: CodingAgentSpec | None) -> str:
    """The name of the model that a node asks, by the pool's spec."""
    if spec is None:
        return UNKNOWN
    small = spec.models.small or spec.models.large
    return small.name if role in SMALL_ROLES else spec.models.large.name
