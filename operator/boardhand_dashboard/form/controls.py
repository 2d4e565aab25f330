"""Pure: a value as the text of its control and back, to the very same value or not at all."""

from __future__ import annotations

import math
import re
from typing import Any

from boardhand_dashboard.form.fields import Field, Kind


class Unfit(ValueError):
    """A text that is no value of its field; the message says what one is."""


def shown(field: Field, value: Any) -> str | None:
    """The text of the control; None for a value that it cannot hold, which then stays in the YAML."""
    text = _text(value)
    if text is None:
        return None
    try:
        back = parsed(field, text.replace("\n", "\r\n"))
    except Unfit:
        return None
    return text if back == value and type(back) is type(value) else None


def _text(value: Any) -> str | None:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return value
        case list() if all(isinstance(one, str) for one in value):
            return "\n".join(value)
    return None


def parsed(field: Field, text: str) -> Any:
    """The value; None where the text is empty. Raises Unfit."""
    text = text.strip()
    if not text:
        return None
    if field.kind is Kind.LINES:
        return [_plain(line.strip()) for line in text.splitlines() if line.strip()]
    if field.kind is Kind.WHOLE:
        return _whole(text)
    if field.kind is Kind.NUMBER:
        return _number(text)
    if field.schema["type"] == "boolean":
        return _truth(text)
    return _plain(text)


def _plain(text: str) -> str:
    """Of one line, without what a control does not show."""
    if not text.isprintable():
        raise Unfit("holds characters that cannot be seen: type it anew")
    return text


def _whole(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise Unfit("must be a whole number")
    return int(text)


def _number(text: str) -> int | float:
    if re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    if not re.fullmatch(r"-?[0-9]+\.?[0-9]*(e[+-]?[0-9]{1,3})?", text) or not math.isfinite(float(text)):
        raise Unfit("must be a number, such as 2.50")
    return float(text)


def _truth(text: str) -> bool:
    if text not in ("true", "false"):
        raise Unfit("must be true or false")
    return text == "true"
