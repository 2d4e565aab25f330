"""The credentials that images are pulled with, as Secrets hold them. Pure.

https://kubernetes.io/docs/concepts/containers/images/#config-json says which of them the kubelet takes for an image.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from boardhand_client.trials.checks.images import HUB, Reference
from boardhand_operator.errors import Misconfigured

TYPES = {
    "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
    "kubernetes.io/dockercfg": ".dockercfg",
}
"""Type of a Secret that images can be pulled with, and the key that holds the credentials."""
_HUBS = (HUB, f"index.{HUB}")
_VERSIONS = ("v1", "v2")
"""Such a path is the API's, as `docker login` writes it, and no image's."""


@dataclass(frozen=True)
class Credential:
    """Name and password for one registry, or a part of one."""

    where: str
    """As the Secret names it: HOST or HOST/PATH, `*` for a part of the host's name."""
    username: str
    password: str = field(repr=False)
    """Empty where there is a token of another kind, which no registry takes as it is."""

    @property
    def basic(self) -> str:
        """The header's value."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()

    def covers(self, image: Reference) -> bool:
        """Whether the kubelet would pull this image with it."""
        host, _, path = self.where.partition("://")[2].partition("/")
        path = "" if path.strip("/") in _VERSIONS else path.strip("/")
        if path and not f"{image.path}/".startswith(f"{path}/"):
            return False
        return any(_same(host, one) for one in (_HUBS if image.host == HUB else (image.host,)))


def _same(pattern: str, host: str) -> bool:
    name, _, port = pattern.partition(":")
    its, _, its_port = host.partition(":")
    parts, own = name.split("."), its.split(".")
    return port == its_port and len(parts) == len(own) and all(map(fnmatchcase, own, parts))


def credentials_of(body: Mapping[str, Any]) -> Sequence[Credential]:
    """What a Secret for pulling holds; nothing where it is of another type.

    Raises Misconfigured (PullSecretUnreadable), without a word of what it holds.
    """
    name, key = body["metadata"]["name"], TYPES.get(str(body.get("type")))
    if key is None:
        return ()
    try:
        held = json.loads(base64.b64decode((body.get("data") or {})[key]))
        listed = held if key == ".dockercfg" else held["auths"]
        return [_credential(str(where), one) for where, one in listed.items()]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        said = f"{key} of Secret {name} is no list of registries and their credentials"
        # Without the error it comes from, which holds the value.
        raise Misconfigured("PullSecretUnreadable", said) from None


def _credential(where: str, one: Mapping[str, str]) -> Credential:
    username, password = one.get("username") or "", one.get("password") or ""
    if auth := one.get("auth"):
        username, _, password = base64.b64decode(auth).decode().partition(":")
    other = one.get("identitytoken") or one.get("registrytoken")
    bare = where if "://" in where else f"https://{where}"
    return Credential(bare, username, "" if other else password)


def for_image(image: Reference, held: Iterable[Credential]) -> Sequence[Credential]:
    """Those that this image is pulled with, in the kubelet's order: the closest first."""
    return sorted((one for one in held if one.covers(image)), key=lambda one: one.where, reverse=True)
