"""The keys by which credentials are sealed and opened: MultiFernet, bound to one namespace, pool and field. Pure.

Source: https://cryptography.io/en/latest/fernet/
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import BaseModel, ConfigDict, ValidationError

from boardhand_api.sealed import TEXT_CHARACTERS, VALUE_BYTES
from boardhand_operator.errors import Misconfigured

KEYS_FILE = "keys"
"""The one key of the Secret with the keys: one a line, the newest first."""
KEYS_TYPE = "boardhand.dev/sealing-keys"
"""The type of that Secret: no pool may name it."""
_ID_LENGTH = 8


class Unusable(Exception):
    """Keys that are none, or a value that cannot be sealed. The message never holds either."""


@dataclass(frozen=True)
class Place:
    """What a text is sealed for: it opens nowhere else."""

    namespace: str
    pool: str
    """The pool's name."""
    field: str
    """Place and key, such as board.token."""


@dataclass(frozen=True)
class Key:
    """One key, by a name that tells nothing of it."""

    text: str = field(repr=False)
    """32 bytes in base64url."""

    @property
    def id(self) -> str:
        return hashlib.sha256(b"boardhand key id\0" + self.text.encode()).hexdigest()[:_ID_LENGTH]

    @classmethod
    def generate(cls) -> Key:
        """A new one."""
        return cls(Fernet.generate_key().decode())


class Keyring:
    """Keys in use, the newest first: that one seals, all open."""

    def __init__(self, keys: Sequence[Key]) -> None:
        """Raises Unusable where there is none."""
        if not keys:
            raise Unusable("there is no key")
        self.keys = tuple(keys)
        self._all = MultiFernet([Fernet(key.text) for key in keys])

    @classmethod
    def parse(cls, text: str) -> Keyring:
        """The keys of a file. Raises Unusable naming the line, not what stands there."""
        lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
        return cls([Key(_checked(number, line)) for number, line in lines if line])

    def text(self) -> str:
        """As `parse` reads it."""
        return "".join(f"{key.text}\n" for key in self.keys)

    @property
    def ids(self) -> list[str]:
        return [key.id for key in self.keys]

    def seal(self, place: Place, value: str) -> str:
        """The text that opens to `value` at this place alone. Raises Unusable for an empty or a long value."""
        if not value or len(value.encode()) > VALUE_BYTES:
            raise Unusable(f"a value has 1 to {VALUE_BYTES} bytes, and this one {len(value.encode())}")
        about = _Envelope(namespace=place.namespace, pool=place.pool, field=place.field, value=value)
        text = self._all.encrypt(about.model_dump_json().encode()).decode()
        if len(text) > TEXT_CHARACTERS:
            raise Unusable(f"the value is too long with all its line breaks: sealed it has {len(text)} characters")
        return text

    def open(self, place: Place, text: str) -> str:
        """The value. Raises Misconfigured with the field and the keys' ids, never with the text."""
        where = f"the text of {place.field}"
        again = f"seal it anew: boardhand seal --namespace {place.namespace} --pool {place.pool} --field {place.field}"
        try:
            plain = self._all.decrypt(text.encode())
        except InvalidToken:
            raise Misconfigured(
                "SealedUnreadable",
                f"{where} opens with none of the keys that the operator has (ids {', '.join(self.ids)}); {again}",
            ) from None
        inner = _Envelope.read(plain)
        if inner is None or (inner.namespace, inner.pool, inner.field) != (place.namespace, place.pool, place.field):
            raise Misconfigured("SealedElsewhere", f"{where} was sealed for another pool or field; {again}")
        return inner.value

    def which(self, text: str) -> str | None:
        """The id of the key that opens this text, wherever it was sealed for."""
        for key in self.keys:
            try:
                Fernet(key.text).decrypt(text.encode())
            except InvalidToken:
                continue
            return key.id
        return None


class _Envelope(BaseModel):
    """What is encrypted: the value with where it belongs."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    namespace: str
    pool: str
    field: str
    value: str

    @classmethod
    def read(cls, plain: bytes) -> Self | None:
        """None for what is none: somebody else's use of the key."""
        try:
            return cls.model_validate_json(plain)
        except ValidationError:
            return None


def _checked(number: int, line: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{43}=", line):
        raise Unusable(f"line {number} of the keys is no key: each is 32 bytes in base64url, one a line")
    return line
