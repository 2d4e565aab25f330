"""How long the stages of a pod that ended took, from its status."""

from __future__ import annotations

from datetime import datetime
from typing import Any


def stage_seconds(pod: dict[str, Any]) -> dict[str, float]:
    """Stage to seconds (whole ones: the kubelet notes no finer), for the stages that ended on their own."""
    rows = [*pod["status"].get("initContainerStatuses", []), *pod["status"].get("containerStatuses", [])]
    out: dict[str, float] = {}
    for row in rows:
        ended = row["state"].get("terminated")
        if ended and row["name"] != "workbench":
            began, end = (
                datetime.fromisoformat(ended[key].replace("Z", "+00:00")) for key in ("startedAt", "finishedAt")
            )
            out[row["name"]] = (end - began).total_seconds()
    return out
