"""The operator's own settings: read once from the environment that the chart writes."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from boardhand_api.pod_settings import UserNamespaces
from boardhand_operator import environment as read
from boardhand_operator.specs.network import Network, Proxy


@dataclass(frozen=True)
class Seat:
    """The Lease that operators of one release compete for, and who this one is."""

    namespace: str
    name: str
    identity: str
    """The pod's name: its container started anew is the same holder, and need not wait for itself."""


@dataclass(frozen=True)
class Metrics:
    """Where metrics are served, and to whom."""

    address: tuple[str, int]
    tls: Path | None = None
    """Folder of the certificate that they are served with (`tls.crt`, `tls.key`); absent: plain HTTP."""
    token: Path | None = None
    """File with the bearer token that who asks must have, read anew each time; absent: none is asked for."""
    reviewed: bool = False
    """Whether the API server is asked instead: whose token it is, and whether that one may get /metrics."""


@dataclass(frozen=True)
class Otlp:
    """Where traces go, by OTLP over HTTP."""

    endpoint: str
    """The collector's address without the signal's path, such as http://collector:4318."""
    headers: Path | None = None
    """File with headers, a line each as `name: value`; absent: none."""
    contents: bool = False
    """Whether titles, what models and tools were told, and what they answered go with them."""


@dataclass(frozen=True)
class Settings:
    """What the operator was installed with."""

    runner_image: str
    """Image of the checkout, agent and publish stages."""
    namespaces: tuple[str, ...] = ()
    """Namespaces that are watched; empty: all."""
    image_grace_seconds: float = 20
    """An image that cannot be pulled for so long is the pool's configuration."""
    configuration_retry_seconds: float = 600
    """A pool whose runs failed for its configuration is tried again after so long, if nobody touched it."""
    certificates: Path | None = None
    """PEM bundle of the authorities that boards and forges are checked with; absent: certifi's."""
    sealing_keys: Path | None = None
    """File with the keys that open sealed credentials, read anew each time; absent: nothing sealed opens."""
    probes: tuple[str, int] = ("", 8080)
    """Where /healthz and /readyz are served; at every address, since the kubelet asks the pod's own."""
    webhooks: tuple[str, int] | None = None
    """Where boards call; absent: no webhooks are taken."""
    webhooks_tls: Path | None = None
    """Folder of the certificate that they are served with (`tls.crt`, `tls.key`); absent: plain HTTP."""
    metrics: Metrics | None = None
    """Absent: none are kept."""
    otlp: Otlp | None = None
    """Absent: no traces are made."""
    seat: Seat | None = None
    """What several operators compete for; absent: this one works at once, and must be the only one."""
    concurrency: int | None = None
    """So many runs may be at work over all pools; absent: as many as the pools allow."""
    network: Network = field(default_factory=Network)
    """What it was told of the cluster's network."""
    user_namespaces: UserNamespaces = UserNamespaces.NEVER
    """Of pools that leave it to the operator; Auto: where all nodes for a pod say that they can."""
    workers: int = 16
    """Runs looked at side by side."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read `BOARDHAND_*`. Raises ValueError naming the variable that is missing or wrong."""
        image = environment.get("BOARDHAND_RUNNER_IMAGE", "")
        if not image:
            raise ValueError("BOARDHAND_RUNNER_IMAGE is not set: name the runner's image (chart value runner.image)")
        return cls(
            runner_image=image,
            certificates=read.path(environment, "BOARDHAND_CERTIFICATES"),
            sealing_keys=read.path(environment, "BOARDHAND_SEALING_KEYS"),
            seat=_seat(environment),
            probes=read.listening(environment, "BOARDHAND_PROBES") or cls.probes,
            webhooks=read.listening(environment, "BOARDHAND_WEBHOOKS"),
            webhooks_tls=read.path(environment, "BOARDHAND_WEBHOOKS_TLS"),
            metrics=_metrics(environment),
            otlp=_otlp(environment),
            concurrency=read.count(environment, "BOARDHAND_CONCURRENCY"),
            namespaces=read.words(environment, "BOARDHAND_NAMESPACES"),
            network=_network(environment),
            user_namespaces=read.choice(environment, "BOARDHAND_USER_NAMESPACES", cls.user_namespaces),
            image_grace_seconds=read.seconds(environment, "BOARDHAND_IMAGE_GRACE_SECONDS", cls.image_grace_seconds),
            configuration_retry_seconds=read.seconds(
                environment, "BOARDHAND_CONFIGURATION_RETRY_SECONDS", cls.configuration_retry_seconds
            ),
        )


def _metrics(environment: Mapping[str, str]) -> Metrics | None:
    address = read.listening(environment, "BOARDHAND_METRICS")
    if address is None:
        return None
    token = read.path(environment, "BOARDHAND_METRICS_TOKEN")
    reviewed = read.flag(environment, "BOARDHAND_METRICS_REVIEW")
    if token and reviewed:
        raise ValueError("BOARDHAND_METRICS_TOKEN and BOARDHAND_METRICS_REVIEW exclude each other: set one of them")
    return Metrics(address, read.path(environment, "BOARDHAND_METRICS_TLS"), token, reviewed)


def _otlp(environment: Mapping[str, str]) -> Otlp | None:
    endpoint = environment.get("BOARDHAND_OTLP_ENDPOINT", "")
    if not endpoint:
        return None
    if not endpoint.startswith(("http://", "https://")):
        raise ValueError(f"BOARDHAND_OTLP_ENDPOINT={endpoint!r}: give an address such as http://collector:4318")
    if "@" in urlsplit(endpoint).netloc:
        raise ValueError("BOARDHAND_OTLP_ENDPOINT holds credentials: give them as a header, by BOARDHAND_OTLP_HEADERS")
    headers = read.path(environment, "BOARDHAND_OTLP_HEADERS")
    contents = read.flag(environment, "BOARDHAND_OTLP_CONTENTS")
    return Otlp(endpoint.rstrip("/"), headers, contents)


def _network(environment: Mapping[str, str]) -> Network:
    """The API server's address, and that of the node it runs on, the operator knows by itself."""
    closed = ("BOARDHAND_CLOSED", "KUBERNETES_SERVICE_HOST", "BOARDHAND_NODE_ADDRESS")
    return Network(
        closed=tuple(one for name in closed for one in _ranges(environment, name)),
        dns_namespace=environment.get("BOARDHAND_DNS_NAMESPACE") or Network.dns_namespace,
        dns_addresses=_ranges(environment, "BOARDHAND_DNS_ADDRESSES"),
        proxy=_proxy(environment),
    )


def _proxy(environment: Mapping[str, str]) -> Proxy | None:
    address = read.address(environment, "BOARDHAND_EGRESS_PROXY")
    if address is None:
        return None
    names = [f"BOARDHAND_{part}" for part in ("EGRESS_KEY", "LEASE_NAMESPACE", "LEASE")]
    file, namespace, instance = (environment.get(name, "") for name in names)
    if not (file and namespace and instance):
        raise ValueError(f"BOARDHAND_EGRESS_PROXY goes with {', '.join(names)}: set them too")
    return Proxy(*address, namespace, instance, Path(file).read_bytes().strip())


def _ranges(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    text = environment.get(name, "")
    try:
        return tuple(str(ipaddress.ip_network(part.strip(), strict=False)) for part in text.split(",") if part.strip())
    except ValueError as wrong:
        raise ValueError(
            f"{name}={text!r}: give addresses or ranges such as 10.0.0.0/16, with commas between"
        ) from wrong


def _seat(environment: Mapping[str, str]) -> Seat | None:
    names = [f"BOARDHAND_{part}" for part in ("LEASE_NAMESPACE", "LEASE", "IDENTITY")]
    given = [environment.get(name, "") for name in names]
    if not any(given):
        return None
    if not all(given):
        raise ValueError(f"{', '.join(names)} go together: set all three, or none where only one operator runs")
    return Seat(*given)
