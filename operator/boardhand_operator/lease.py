"""A Lease as it is written and read, by one life of an operator. Pure but for the present time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from boardhand_operator.kube import Json
from boardhand_operator.settings import Seat

LIFE = "boardhand.dev/holder"
"""Annotation of the Lease: which process wrote it last, by its identity and a number of its own."""
_RELEASED = 1
"""The duration of a Lease that was given up, in seconds, as client-go writes it, too."""


@dataclass(frozen=True)
class Writer:
    """One process that competes for the Lease."""

    seat: Seat
    duration: float
    """Seconds after which a Lease that is not renewed is free."""
    life: str
    """The seat's identity, a slash, and a number of this process' own."""

    def claim(self) -> dict[str, Any]:
        """What a renewal writes."""
        return {
            "holderIdentity": self.seat.identity,
            "leaseDurationSeconds": math.ceil(self.duration),
            "renewTime": now(),
        }

    def taking(self, known: Json) -> dict[str, Any]:
        """What is written to take this one."""
        spec = known.get("spec") or {}
        changes = int(spec.get("leaseTransitions") or 0) + (holder(known) != self.seat.identity)
        return self.claim() | {"acquireTime": now(), "leaseTransitions": changes}

    def new(self) -> Json:
        """One where there is none."""
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {
                "name": self.seat.name,
                "namespace": self.seat.namespace,
                "annotations": {LIFE: self.life},
            },
            "spec": self.claim() | {"acquireTime": now(), "leaseTransitions": 0},
        }

    def patch(self, known: Json, spec: dict[str, Any]) -> Json:
        """The change, which holds only as long as the Lease is as it was read."""
        about = {"resourceVersion": known["metadata"]["resourceVersion"], "annotations": {LIFE: self.life}}
        return {"metadata": about, "spec": spec}

    def was_given(self, known: Json) -> bool:
        """Whether somebody took it from its holder, rather than that one gave it up or was an earlier life of ours."""
        if holder(known):
            return _last(known).rpartition("/")[0] != self.seat.identity
        return (known.get("spec") or {}).get("leaseDurationSeconds") not in (None, _RELEASED)

    def still_has(self, known: Json) -> bool:
        """Whether this very process wrote it last, and nobody gave it to another."""
        return _last(known) == self.life and holder(known) == self.seat.identity


def holder(known: Json) -> str:
    """Who holds it; empty: nobody."""
    return str((known.get("spec") or {}).get("holderIdentity") or "")


def released() -> dict[str, Any]:
    """What is written to give it up."""
    return {"holderIdentity": "", "leaseDurationSeconds": _RELEASED, "renewTime": now()}


def now() -> str:
    """A MicroTime of the Kubernetes API: six digits, always."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _last(known: Json) -> str:
    """The process that wrote it last, but for what somebody edits."""
    return str((known["metadata"].get("annotations") or {}).get(LIFE) or "")
