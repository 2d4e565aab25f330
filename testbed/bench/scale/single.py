"""One card on a quiet system: from the card to its Job, told of by a webhook."""

from __future__ import annotations

import time

from boardhand_api.pod import LABEL_RUN
from testbed.bench.rows import Row, row
from testbed.bench.scale.arrivals import Arrivals
from testbed.bench.scale.scene import JOBS, Scene, scene
from testbed.shell import say, wait_for

CARDS = 12
AIM_SECONDS = 0.3
_PAUSE_SECONDS = 4.0
"""Quiet: what the operator itself writes on a card is told by webhooks too, and a pool polls once a second at most."""
_POLL_SECONDS = 600
"""No poll comes in between."""


def measure() -> list[Row]:
    """The median and spread of 12 cards, one after the other."""
    with scene(poll_seconds=_POLL_SECONDS, webhooks=True) as stage:
        stage.start_operator()
        wait_for("the board's webhook", lambda: _subscribed(stage), 60)
        stage.rest()
        with Arrivals(stage.cluster, JOBS, LABEL_RUN) as jobs:
            took = [_one(stage, jobs, number) for number in range(1, CARDS + 1)]
    say(f"single card: {', '.join(f'{seconds * 1000:.0f}' for seconds in took)} ms")
    return [row("single card, quiet system: from the card's creation, by webhook, to its Job", took, AIM_SECONDS)]


def _one(stage: Scene, jobs: Arrivals, number: int) -> float:
    """Seconds from before the card is made, of which the board itself takes some milliseconds."""
    time.sleep(_PAUSE_SECONDS)
    begun = time.time()
    stage.put_cards(1)
    jobs.wait_for(number, 30)
    return max(jobs.seen.values()) - begun


def _subscribed(stage: Scene) -> bool:
    pools = stage.pools()
    conditions = [entry for pool in pools for entry in pool["status"]["conditions"] if entry["type"] == "Webhook"]
    return bool(conditions) and all(entry["status"] == "True" for entry in conditions)
