"""Pure: the Secret of a run with what was sealed for its stages."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from boardhand_operator.credentials import Source
from boardhand_operator.names import sealed_secret_name
from boardhand_operator.specs.owned import metadata

Json = dict[str, Any]


def items(source: Source) -> list[dict[str, str]]:
    """Which keys of the Secret a stage sees for this place, as the files that they would be of a Secret of its own."""
    return [{"key": f"{source.place}.{key}", "path": key} for key in sorted(source.sealed or {})]


def build(run: Json, values: Mapping[str, Mapping[str, str]]) -> Json:
    """The Secret of the TicketRun object `run`, owned by it. values: by place and key."""
    about = metadata(sealed_secret_name(run["metadata"]["name"]), run)
    return {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": about, "data": data(values)}


def data(values: Mapping[str, Mapping[str, str]]) -> Json:
    """What is patched in where the values are new."""
    return {
        f"{place}.{key}": base64.b64encode(value.encode()).decode()
        for place, of_place in values.items()
        for key, value in of_place.items()
    }
