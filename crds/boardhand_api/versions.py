"""Documents between programs that may be of different versions: which one a document says it is of."""

from __future__ import annotations

from pydantic import ValidationError

from boardhand_api.base import Tolerant


class _Versioned(Tolerant):
    """All that is read before the rest is believed."""

    version: int = 1


def newer(document: str | bytes, known: int) -> int | None:
    """The version of a JSON document, where it is newer than the newest that is known; None for all others.

    Fields that are not known are ignored, so a version only grows where an older reader would misunderstand.
    """
    try:
        version = _Versioned.model_validate_json(document).version
    except ValidationError:
        return None
    return version if version > known else None
