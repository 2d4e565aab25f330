"""Which images a pool's pods are made of, and whether each can be pulled, with the credentials that the pods have."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from boardhand_api.pool import CodingAgentSpec
from boardhand_client.trials.checks.images import Reference, of_pool
from boardhand_client.trials.facts import Found, Hidden, Json
from boardhand_client.trials.pull_secrets import Credential, credentials_of, for_image
from boardhand_client.trials.reach import Reach
from boardhand_client.trials.registry import REFUSED, try_image
from boardhand_client.trials.trial import Trial
from boardhand_operator.errors import Misconfigured


class Pulling:
    """Asks registries: each once for an image, however many pools have it."""

    def __init__(self, nodes: Iterable[Json] | Hidden, reach: Reach) -> None:
        """nodes: what lies on all of them is there without a registry."""
        self._there = set[str]() if isinstance(nodes, Hidden) else _on_all(nodes)
        self._reach = reach
        self._asked: dict[tuple[Reference, tuple[Credential, ...]], asyncio.Task[Trial]] = {}

    async def all(
        self, spec: CodingAgentSpec, pod: Mapping[str, Any], runner: str, secrets: Mapping[str, Found] | Hidden
    ) -> dict[str, Trial | Hidden]:
        """By field, of what the pod of a run is made. runner: that image, empty where it is not known.

        secrets: those that the pod is pulled with; Hidden: the visitor may not see which.
        """
        wanted = {field: image for field, image in of_pool(spec, runner).items() if image not in _never(pod)}
        held, hidden = _held(secrets)
        references = {field: found for field, image in wanted.items() if (found := Reference.of(image))}
        said = await asyncio.gather(*(self._one(one, for_image(one, held)) for one in references.values()))
        return {
            field: hidden if hidden and trial.reason == REFUSED else trial
            for field, trial in zip(references, said, strict=True)
        }

    async def _one(self, image: Reference, credentials: Sequence[Credential]) -> Trial:
        if str(image) in self._there:
            return Trial(True, f"{image} is on all nodes")
        key = (image, tuple(credentials))
        if key not in self._asked:
            self._asked[key] = asyncio.create_task(try_image(image, credentials, self._reach))
        return await self._asked[key]


def _never(pod: Mapping[str, Any]) -> set[str]:
    """Images that nobody pulls: a pool may say so in its podTemplate."""
    boxes = [*(pod.get("initContainers") or ()), *pod["containers"]]
    pulled = {str(one["image"]) for one in boxes if one.get("imagePullPolicy") != "Never"}
    return {str(one["image"]) for one in boxes} - pulled


def _held(secrets: Mapping[str, Found] | Hidden) -> tuple[list[Credential], Hidden | None]:
    """The credentials that are seen, and why some are not. What is wrong with a Secret, its own check says."""
    if isinstance(secrets, Hidden):
        return [], secrets
    held, hidden = list[Credential](), None
    for body in secrets.values():
        if isinstance(body, Hidden):
            hidden = body
        elif body is not None:
            try:
                held += credentials_of(body)
            except Misconfigured:
                continue
    return held, hidden


def _on_all(nodes: Iterable[Json]) -> set[str]:
    """A node tells of some of its images, the largest first."""
    told = [_on(node) for node in nodes]
    return set.intersection(*told) if told else set()


def _on(node: Json) -> set[str]:
    listed = (node.get("status") or {}).get("images") or ()
    found = (Reference.of(str(name)) for one in listed for name in one.get("names") or ())
    return {str(one) for one in found if one}
