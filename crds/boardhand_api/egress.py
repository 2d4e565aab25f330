"""The part of a pool that says what the pods of its runs may reach."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from boardhand_api.base import NonEmpty, Wire, rules

Labels = Annotated[dict[str, str], Field(max_length=20)]
Port = Annotated[int, Field(ge=1, le=65535)]
Host = Annotated[
    NonEmpty,
    Field(pattern=r"^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9-]*[a-z0-9])*(:[0-9]{1,5})?$", max_length=260),
]
Name = Annotated[NonEmpty, Field(pattern=r"^[A-Za-z0-9.:/_-]+$", max_length=253)]
Cidr = Annotated[NonEmpty, Field(pattern=r"^[0-9a-fA-F:.]+/[0-9]{1,3}$", max_length=49)]


class EgressMode(StrEnum):
    """How far a run's pod may reach."""

    OPEN = "Open"
    RESTRICTED = "Restricted"
    PROXY = "Proxy"


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
            (
                "(has(self.mode) && self.mode == 'Proxy') == (has(self.hosts) && size(self.hosts) > 0)",
                "spec.egress.hosts goes with mode Proxy, and mode Proxy with hosts",
            ),
        )
    }

    mode: EgressMode = EgressMode.OPEN
    """Open: every address but those that are always closed. Restricted: only `to`. Proxy: `to`, and `hosts` through
    the proxy that the chart deploys (egressProxy.enabled)."""
    to: Annotated[list[Destination], Field(max_length=50)] = []
    """What may be reached: the git server, the model's server, package registries. In mode Open they are beside all
    the rest: for network plugins by which an address range never means pods, such as Cilium."""
    hosts: Annotated[list[Host], Field(max_length=100)] = []
    """Names that may be reached in mode Proxy: git.example.com, *.example.org (below it, not itself), or with a port
    model.example.com:8443; without one, 80 and 443. All together at most 4,000 characters."""
    direct: Annotated[list[Name], Field(max_length=50)] = []
    """In mode Proxy, names and addresses that are reached without the proxy, as NO_PROXY has them. `to` opens them."""
    dns: bool | None = None
    """Whether names can be asked of cluster DNS. Whoever may ask can tell a name server of his anything, in the names
    he asks for; without it what is not reached through the proxy must be numbers. Absent: not in mode Proxy."""

    @property
    def asks_dns(self) -> bool:
        """Whether cluster DNS may be asked."""
        return self.mode is not EgressMode.PROXY if self.dns is None else self.dns
