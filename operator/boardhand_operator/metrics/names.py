"""Label values are bounded: names come from people and from vendors, and each new one is a series for ever."""

from __future__ import annotations

OTHER = "other"
POOLS, MODELS, VENDORS = 500, 100, 20


class Names:
    """The first values that come, as many as are let in; further ones are all told as `other`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: set[tuple[str, ...]] = set()

    def of(self, *value: str) -> tuple[str, ...]:
        """The value, or as many times `other`."""
        if value not in self._known:
            if len(self._known) >= self._most:
                return tuple(OTHER for _ in value)
            self._known.add(value)
        return value
