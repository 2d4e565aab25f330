"""The scale rows: a real API server, the operator as a process, the stand-ins for Trello and Gitea, simulated pods.

All of it shares this machine's cores, the clients that measure among them: what the operator reaches here is a lower
bound. The stand-in tells of no rate limit, where Trello allows ten requests a second (see docs/scaling.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from testbed.bench.rows import Row
from testbed.bench.scale import burst, life, memory, polls, restart, single

PARTS: Mapping[str, Callable[[], list[Row]]] = {
    "burst": burst.measure,
    "growth": burst.measure_growth,
    "single": single.measure,
    "life": life.measure,
    "polls": polls.measure,
    "idle": polls.measure_idle,
    "memory": memory.measure,
    "restart": restart.measure,
}
