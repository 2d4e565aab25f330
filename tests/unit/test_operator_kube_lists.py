"""Lists as the API server answers them."""

from __future__ import annotations

import json
from typing import Any

from boardhand_operator.kube import Kube, Resource


class Answering(Kube):
    """A client whose server gives these pages."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self.pages = list(pages)

    async def _raw(self, *_: Any, **__: Any) -> bytes:
        return json.dumps(self.pages.pop(0)).encode()


async def test_pages_are_followed_to_the_last() -> None:
    kube = Answering(
        {"metadata": {"continue": "more"}, "items": [{"at": 1}, {"at": 2}]}, {"metadata": {}, "items": [{"at": 3}]}
    )
    assert [item async for item in kube.metadata(Resource.RUNS, "demo", "a=b")] == [{"at": at} for at in (1, 2, 3)]


async def test_an_empty_list_of_metadata_is_told_as_null() -> None:
    kube = Answering({"metadata": {"resourceVersion": "1"}, "items": None})
    assert [item async for item in kube.metadata(Resource.RUNS, "demo", "a=b")] == []
