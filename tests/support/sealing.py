"""Keys, sealed credentials and canaries for tests: every credential of a pool is another value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from boardhand_operator.sealed.keyring import Key, Keyring, Place

Json = dict[str, Any]
CANARIES = {
    "board.token": "canary-board-9Xq2LmT7",
    "board.key": "canary-bkey-4Rt8WnC3",
    "board.webhookSecret": "canary-bhook-6Hs1VpK5",
    "forge.token": 'canary-forge-"2+Jd/7YbQ',
    "repository.read.token": "canary-read-8Zk3FxN6",
    "repository.push.token": "canary-push-5Ec9GrM2",
    "models.large.apiKey": "canary-large-7Ua4TqB8",
    "models.large.fallback.apiKey": "canary-spare-1Oy6IwD9",
    "models.small.apiKey": "canary-small-3Pl5SvH4",
    "mcpServers.tracker.Authorization": "Bearer canary-mcp-0Wf7KzE1",
}
"""By field."""
PUBLIC = {"repository.read.username": "reader", "repository.push.username": "pusher"}
"""Credentials that are no secrets."""


def a_ring(count: int = 1) -> Keyring:
    """New keys."""
    return Keyring([Key.generate() for _ in range(count)])


def key_file(folder: Path, ring: Keyring) -> Path:
    """As the chart mounts it."""
    file = folder / "keys"
    file.write_text(ring.text())
    return file


def credentials(ring: Keyring | None, place: str, pool: str = "shop", namespace: str = "team") -> Json:
    """The part of a pool for this place: sealed with these keys, else as a Secret called like the place."""
    before = {"repository.read": "read", "repository.push": "push"}.get(place, "")
    names = ("Sealed", "SecretRef") if before else ("sealed", "secretRef")
    if ring is None:
        return {before + names[1]: {"name": place.replace(".", "-").lower()}}
    values = of_place(place)
    return {
        before + names[0]: {key: ring.seal(Place(namespace, pool, f"{place}.{key}"), values[key]) for key in values}
    }


def of_place(place: str) -> dict[str, str]:
    """Key to value."""
    found = {field.rpartition("."): value for field, value in {**CANARIES, **PUBLIC}.items()}
    return {key: value for (where, _, key), value in found.items() if where == place}


def pool_spec(ring: Keyring | None, **about: Any) -> Json:
    """Keyword arguments of `tests.support.objects.pool_body`, with credentials at every place."""
    model = {"name": "m"}
    return {
        "board": {"type": "fake", "board": "b1", "pollSeconds": 1, **credentials(ring, "board", **about)},
        "forge": {"type": "fake", "url": "http://forge.test", **credentials(ring, "forge", **about)},
        "repository": {
            "url": "http://forge.test/shop/cart.git",
            **credentials(ring, "repository.read", **about),
            **credentials(ring, "repository.push", **about),
        },
        "models": {
            "large": {
                **model,
                **credentials(ring, "models.large", **about),
                "fallback": {**model, **credentials(ring, "models.large.fallback", **about)},
            },
            "small": {**model, **credentials(ring, "models.small", **about)},
        },
        "mcpServers": [
            {
                "name": "tracker",
                "url": "https://tracker.test/mcp",
                "tools": ["find"],
                **credentials(ring, "mcpServers.tracker", **about),
            }
        ],
    }
