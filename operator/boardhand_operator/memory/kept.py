"""What the memory keeps of each resource, by the selector that all of it fits."""

from __future__ import annotations

from boardhand_api.pod import LABEL_RUN, LABEL_SETTLED
from boardhand_operator.kube import Resource

_OURS = f"{LABEL_RUN},!{LABEL_SETTLED}"
KEPT = {
    Resource.PODS: _OURS,
    Resource.JOBS: _OURS,
    Resource.RUNS: f"!{LABEL_SETTLED}",
    Resource.POOLS: "",
}
"""What is owned first, since its owner tells whose it is."""
