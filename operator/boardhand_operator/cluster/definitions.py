"""Whether the cluster's definitions have all that this version writes: what they lack the API server drops."""

from __future__ import annotations

import asyncio
import logging
from functools import cache
from typing import Any

import aiohttp

from boardhand_api import GROUP, VERSION, crd
from boardhand_operator.kube import ApiException, Kube

_SHOWN = 3
_LOOKS = 3
_log = logging.getLogger(__name__)


@cache
def _wanted() -> dict[str, tuple[str, set[str]]]:
    """By schema: the definition's name, and its fields. Made of the models, which takes a tenth of a second."""
    group = ".".join(reversed(GROUP.split(".")))
    return {
        f"{group}.{VERSION}.{ours['spec']['names']['kind']}": (
            str(ours["metadata"]["name"]),
            crd.fields(ours["spec"]["versions"][0]["schema"]["openAPIV3Schema"]),
        )
        for ours in crd.definitions()
    }


def lacking(schemas: dict[str, Any]) -> dict[str, list[str]]:
    """By a definition's name the fields of spec and status that it lacks. One that is not told of lacks none. Pure.

    schemas: as the API server describes the group (OpenAPI 3), such as `dev.boardhand.v1alpha1.CodingAgent`.
    """
    found = {
        name: sorted(fields - crd.fields(schemas[key])) for key, (name, fields) in _wanted().items() if key in schemas
    }
    return {name: fields for name, fields in found.items() if fields}


async def told(kube: Kube, pause: float = 20.0) -> None:
    """Say in the log which definition is of an older version, and what to do. Nothing waits for it.

    pause: seconds before another look. What the API server describes comes some seconds after the definitions, so only
    what it says three times in a row is believed.
    """
    for look in range(_LOOKS):
        await asyncio.sleep(pause if look else 0)
        try:
            found = await asyncio.to_thread(lacking, await kube.described())
        except (ApiException, aiohttp.ClientError, OSError, ValueError) as refused:  # ValueError: no JSON
            found, problem = None, refused
        if found == {}:
            return
    if found is None:
        _log.warning("whether the CustomResourceDefinitions are of this version cannot be seen: %s", problem)
    for name, fields in (found or {}).items():
        more = f" and {len(fields) - _SHOWN} more" if len(fields) > _SHOWN else ""
        _log.error(
            "CustomResourceDefinition %s is of an older version than this operator: it lacks %s%s, and the API server "
            "leaves out what it lacks; upgrade it: helm upgrade with crds.install true, or "
            "kubectl apply --server-side -f crds/",
            *(name, ", ".join(fields[:_SHOWN]), more),
        )
