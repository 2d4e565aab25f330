"""What the operator opens: with the keys of a file that the chart mounts, read anew each time."""

from __future__ import annotations

from collections.abc import Container, Mapping
from pathlib import Path

from boardhand_operator.credentials import Source
from boardhand_operator.errors import Misconfigured
from boardhand_operator.memory.store import Key
from boardhand_operator.sealed.keyring import Keyring, Place, Unusable
from boardhand_operator.views import Pool

_NO_KEYS = (Unusable, OSError, UnicodeDecodeError)
"""What a file raises that holds no keys, or cannot be read."""


class Opener:
    """Opens the sealed credentials of pools. A changed file is seen at once; it is a hundred bytes."""

    def __init__(self, keys: Path | None) -> None:
        """keys: the mounted file; None: nothing sealed opens here."""
        self._keys = keys
        self.placed: dict[Key, str] = {}
        """Digests of the texts that a run's Secret was last made of."""

    def open(self, pool: Pool, source: Source) -> dict[str, str]:
        """The credentials that are sealed at this place. Raises Misconfigured."""
        ring = self._ring(source.field)
        texts = source.sealed or {}
        places = {key: Place(pool.namespace, pool.name, f"{source.place}.{key}") for key in texts}
        return {key: ring.open(places[key], text) for key, text in texts.items()}

    def keep_only(self, runs: Container[Key]) -> None:
        """Let go of what the Secrets of all other runs were made of."""
        self.placed = {run: digest for run, digest in self.placed.items() if run in runs}

    def known(self) -> Mapping[str, str]:
        """The keys themselves by their ids; nothing where there are none or they cannot be read."""
        if self._keys is None or not self._keys.is_file():
            return {}
        try:
            return {key.id: key.text for key in Keyring.parse(self._keys.read_text()).keys}
        except _NO_KEYS:
            return {}

    def _ring(self, field: str) -> Keyring:
        fix = "see the chart's value sealing.secret, and `boardhand keys rotate`, which makes one"
        if self._keys is None or not self._keys.is_file():
            raise Misconfigured("SealingKeyMissing", f"{field}: this operator was installed without a key; {fix}")
        try:
            return Keyring.parse(self._keys.read_text())
        except _NO_KEYS as wrong:
            said = str(wrong) if isinstance(wrong, Unusable) else type(wrong).__name__
            raise Misconfigured(
                "SealingKeyUnreadable", f"{field}: the operator's keys are not usable: {said}"
            ) from None
