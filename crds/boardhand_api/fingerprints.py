"""Fingerprints of a pool's secrets: by them publish knows a secret that it is never given.

What is told of a secret is a salted digest of 20 of its characters, and only of secrets that a machine made: a word
that a person chose could be guessed from its digest. Pure.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator

from boardhand_api.base import Tolerant

WINDOW = 20
"""Characters that a digest is of."""
RUN = re.compile(rb"[A-Za-z0-9+/_-]{20,}")
"""What a secret of a machine's making is written in; at least WINDOW characters."""
DISTINCT = 8
WINDOWS = 4
"""Digests of one secret: one of each line of a key, for so many lines."""


class Fingerprints(Tolerant):
    """The secrets of a pool, as publish is told of them."""

    salt: str = ""
    digests: list[str] = []
    """SHA-256 of salt and window, in hex."""


def fingerprints(salt: str, secrets: Iterable[str]) -> Fingerprints:
    """Of these values; too short or too plain ones have none."""
    start = hashlib.sha256(salt.encode())
    found = {_digest(start, window).hex() for secret in secrets for window in telling(secret)}
    return Fingerprints(salt=salt, digests=sorted(found))


def telling(secret: str) -> list[bytes]:
    """The parts of a secret that stand for it: of each line the last that nobody would think of."""
    lines = secret.strip().encode().splitlines()
    if lines and lines[0].startswith(b"-----BEGIN "):
        # A key's first line is that of many, its last one may be short.
        lines = lines[2:-1]
    return [window for line in lines if (window := _last(line))][:WINDOWS]


def _last(line: bytes) -> bytes | None:
    windows = (run[at : at + WINDOW] for run in RUN.findall(line) for at in range(len(run) - WINDOW, -1, -1))
    return next((window for window in windows if _is_made(window)), None)


def _is_made(window: bytes) -> bool:
    text = window.decode()
    mixed = any(one.isdigit() for one in text) and any(one.isalpha() for one in text)
    return mixed and len(set(window)) >= DISTINCT


class Known:
    """Looks for the secrets behind the fingerprints."""

    def __init__(self, told: Fingerprints) -> None:
        self._start = hashlib.sha256(told.salt.encode())
        self._digests = frozenset(bytes.fromhex(digest) for digest in told.digests)

    def is_in(self, data: bytes) -> bool:
        """Whether one of them stands anywhere in the data; about a second for a million characters."""
        return bool(self._digests) and any(_digest(self._start, window) in self._digests for window in _windows(data))


def _windows(data: bytes) -> Iterator[bytes]:
    for run in RUN.findall(data):
        for at in range(len(run) - WINDOW + 1):
            yield run[at : at + WINDOW]


def _digest(start: hashlib._Hash, window: bytes) -> bytes:
    digest = start.copy()
    digest.update(window)
    return digest.digest()
