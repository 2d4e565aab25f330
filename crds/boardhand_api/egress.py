"""The part of a pool that says what the pods of its runs may reach."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from boardhand_api.base import NonEmpty, Wire, rules

Labels = Annotated[dict[str, str], Field(max_length=20)]
Port = Annotated[int, Field(ge=1, le=65535)]
Cidr = Annotated[NonEmpty, Field(pattern=r"^[0-9a-fA-F:.]+/[0-9]{1,3}$", max_length=49)]


class EgressMode(StrEnum):
    """How far a run's pod may reach."""

    OPEN = "Open"
    RESTRICTED = "Restricted"


class Destination(Wire):
    """Addresses outside, or pods of the cluster."""

    model_config = {
        "json_schema_extra": rules(
            ("has(self.cidr) != has(self.namespace)", "a destination has either cidr or namespace"),
            ("!has(self.pods) || has(self.namespace)", "pods goes with namespace"),
        )
    }

    cidr: Cidr | None = None
    """Addresses, such as 203.0.113.7/32 or 2001:db8::/32. Those that are always closed stay so."""
    namespace: NonEmpty | None = None
    """A namespace of the cluster, by its name."""
    pods: Labels | None = None
    """Only its pods with these labels; absent: all of them."""
    ports: Annotated[list[Port], Field(max_length=20)] = []
    """TCP ports, of a Service those of its pods; empty: all, UDP too."""


class Egress(Wire):
    """What the pods of the pool's runs may reach, all stages alike: a pod has one network. It is a NetworkPolicy, so it
    holds where the cluster's network plugin enforces those. Nothing may reach the pods."""

    model_config = {
        "json_schema_extra": rules(
            (
                "!has(self.mode) || self.mode != 'Restricted' || (has(self.to) && size(self.to) > 0)",
                "spec.egress.to is required with mode Restricted: name the git server and the model's, at least",
            ),
        )
    }

    mode: EgressMode = EgressMode.OPEN
    """Open: every address but those that are always closed. Restricted: only `to`, and cluster DNS."""
    to: Annotated[list[Destination], Field(max_length=50)] = []
    """What may be reached: the git server, the model's server, package registries. In mode Open they are beside all
    the rest: for network plugins by which an address range never means pods, such as Cilium."""
    dns: bool = True
    """Whether names can be asked of cluster DNS. Whoever may ask can tell a name server of his anything, in the names
    he asks for; without it the pool's addresses must be numbers."""
