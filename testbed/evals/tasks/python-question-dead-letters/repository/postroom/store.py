"""Where undeliverable jobs end."""

from __future__ import annotations

from collections import deque

KEPT = 250


class DeadLetters:
    """The newest undeliverable jobs; older ones are lost without a word."""

    def __init__(self) -> None:
        self._letters: deque[tuple[str, bytes, str]] = deque(maxlen=KEPT)

    def bury(self, url: str, body: bytes, why: str) -> None:
        self._letters.append((url, body, why))

    def __len__(self) -> int:
        return len(self._letters)
