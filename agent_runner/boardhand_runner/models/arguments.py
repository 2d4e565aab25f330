"""The arguments of a call as a model wrote them: JSON from whoever, read so that nothing it holds breaks a reader."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from boardhand_runner.texts import encodable

DEPTH = 40
"""Lists and objects within each other; more are a model that repeats itself, and break what walks through them."""
_TOO_DEEP = f"lists and objects within more than {DEPTH} others"


def loads(text: str) -> Any:
    """The value. Raises ValueError where it is no JSON, or too deep to be read."""
    try:
        return json.loads(text, strict=False, parse_constant=_no_number)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None


def unfit(arguments: Any) -> str:
    """Why no request could send these back; empty where they are fit."""
    level = [arguments]
    for _ in range(DEPTH):
        within = (one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list))
        level = [one for each in within for one in each]
    if level:
        return _TOO_DEEP
    told = json.dumps(arguments, ensure_ascii=False)
    return "" if told == encodable(told) else "they hold half of a surrogate pair, which is no text"


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
