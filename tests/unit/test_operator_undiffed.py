"""kopf is told what it needs to know, and asked for no more."""

from __future__ import annotations

import copy
from typing import Any

import kopf
import pytest

from boardhand_operator.handlers import configure


class Uncopied(dict[str, Any]):
    """An object that may not be copied."""

    def __deepcopy__(self, memo: Any) -> Any:
        raise AssertionError("a copy is made of every object that is seen")


def test_no_object_is_copied_to_find_differences() -> None:
    settings = kopf.OperatorSettings()
    body: Any = Uncopied(metadata=Uncopied(name="run-1"), spec=Uncopied(pool="shop"))
    with pytest.raises(AssertionError, match="a copy is made"):
        copy.deepcopy(body)
    configure(settings)
    bases, progress = settings.persistence.diffbase_storage, settings.persistence.progress_storage
    new = bases.build(body=body)
    assert bases.fetch(body=body) is None
    assert progress.clear(essence=new) == {}
