"""Labels as columns, whatever the vendor: looked up when they must be, and named where one is missing."""

from __future__ import annotations

import pytest

from boardhand_operator.boards.labels import SECONDS, Labels
from boardhand_operator.errors import Misconfigured


async def test_labels_are_looked_up_again_when_they_are_old_or_one_is_missing() -> None:
    there, asked, now = {"Ready": 1}, 0, 0.0

    async def read() -> dict[str, int]:
        nonlocal asked
        asked += 1
        return dict(there)

    labels = Labels(read, "Repository team/shop", "Make it there", clock=lambda: now)
    assert await labels.id_of("Ready") == await labels.id_of("Ready") == 1
    assert asked == 1
    there["Doing"] = 2
    assert await labels.id_of("Doing") == 2
    assert asked == 2
    now = SECONDS
    del there["Ready"]
    with pytest.raises(Misconfigured, match=r"Repository team/shop has no label 'Ready'; .*'Doing'\. Make it there"):
        await labels.id_of("Ready")
