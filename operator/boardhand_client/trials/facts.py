"""What `boardhand doctor` looks at, as it was found. Nothing here asks anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from boardhand_client.trials.trial import Trial

Json = dict[str, Any]


@dataclass(frozen=True)
class Hidden:
    """The visitor may not look there."""

    why: str
    """The API server's sentence."""


Found = Json | None | Hidden
"""An object, none of that name, or nothing that this visitor may see."""


class Right(NamedTuple):
    """One verb on one resource. resource: with its subresource, such as pods/log."""

    group: str
    resource: str
    verb: str

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}{'.' if self.group else ''}{self.group}"


@dataclass(frozen=True)
class Namespace:
    """A namespace with pools, and what bounds its pods."""

    body: Found
    quotas: Sequence[Json] | Hidden = ()
    ranges: Sequence[Json] | Hidden = ()
    operator: Mapping[Right, bool] | Hidden = field(default_factory=dict)
    """What the operator may do there."""
    visitor: Mapping[Right, bool] = field(default_factory=dict)
    """What the visitor may do there."""


@dataclass(frozen=True)
class Operator:
    """The operator, as its objects say."""

    namespace: str
    deployment: Found = None
    elsewhere: Sequence[str] = ()
    """Namespaces where one is, in place of this one."""
    lists_nodes: bool | Hidden | None = None
    """Whether it may; None: not asked, since it has no need to."""
    lease: Found = None
    sealing: Found = None
    """The Secret with the keys."""
    egress: Found = None
    """The Deployment of its proxy."""

    @property
    def account(self) -> str:
        """Its service account, as NAMESPACE:NAME; empty where its Deployment is not seen."""
        if not isinstance(self.deployment, dict):
            return ""
        name = self.deployment["spec"]["template"]["spec"].get("serviceAccountName") or "default"
        return f"{self.namespace}:{name}"

    @property
    def environment(self) -> dict[str, str]:
        """Of its container, as far as it is written there."""
        if not isinstance(self.deployment, dict):
            return {}
        (box, *_) = self.deployment["spec"]["template"]["spec"]["containers"]
        return {one["name"]: one.get("value", "") for one in box.get("env") or ()}


@dataclass(frozen=True)
class PoolFacts:
    """One pool, and all that it names."""

    body: Json
    secrets: Mapping[str, Found] = field(default_factory=dict)
    """By name."""
    named: Mapping[tuple[str, str], Found] = field(default_factory=dict)
    """By kind and name: classes, claims, ConfigMaps."""
    policy: Found = None
    """Its NetworkPolicy."""
    trials: Mapping[str, Trial | Hidden] = field(default_factory=dict)
    """By place: secrets and sealed texts as `boardhand seal --field` names places, then board, forge and models."""
    images: Mapping[str, Trial | Hidden] = field(default_factory=dict)
    """By the field that names it: whether it can be pulled."""
    refused: str | Hidden | None = None
    """Why the API server would not take its pod; None: it would."""

    @property
    def about(self) -> str:
        """As messages name it."""
        return f"pool {self.namespace}/{self.name}"

    @property
    def name(self) -> str:
        return str(self.body["metadata"]["name"])

    @property
    def namespace(self) -> str:
        return str(self.body["metadata"]["namespace"])


@dataclass(frozen=True)
class Facts:
    """Everything."""

    at: datetime
    """By this machine's clock, when the API server answered with `server_at`."""
    server_at: datetime | None
    version: Json
    """Of the API server."""
    definitions: Mapping[str, Found]
    operator: Operator
    namespaces: Mapping[str, Namespace]
    storage: Sequence[Json] | Hidden
    """The cluster's StorageClasses."""
    nodes: Sequence[Json] | Hidden
    pools: Sequence[PoolFacts]
    absent: Sequence[str] = ()
    """Pools that were asked for and are not there, as NAMESPACE/NAME."""
    client: str = ""
    """The version of this program."""
