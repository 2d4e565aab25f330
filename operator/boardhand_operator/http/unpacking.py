"""An answer's body, unpacked within bounds: a few bytes that unpack to gigabytes are refused before they are there.

httpx unpacks a chunk whole before it is seen, and packings in one another: only gzip and deflate are taken here, once.
"""

from __future__ import annotations

import zlib

ACCEPTED = "gzip, deflate"
_PLAIN = ("", "identity")
_PACKED = ("gzip", "x-gzip", "deflate")
_GZIP_OR_ZLIB = 47
"""See zlib.decompressobj: the largest window, told by its head."""


class Unfit(Exception):
    """The body is too long, or packed in another way. The message is the end of a sentence: "answered …"."""


class Body:
    """Bytes as they come, unpacked, at most so many."""

    def __init__(self, encoding: str, most: int) -> None:
        """encoding: the header Content-Encoding. Raises Unfit."""
        name = encoding.strip().lower()
        if name not in (*_PLAIN, *_PACKED):
            raise Unfit(f"packed as {name[:40]!r}, which it was not asked for")
        self._packed = None if name in _PLAIN else zlib.decompressobj(_GZIP_OR_ZLIB)
        self._most = most
        self.bytes = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Raises Unfit where there are more than may be, and for what cannot be unpacked."""
        room = self._most - len(self.bytes)
        if self._packed is None:
            self.bytes += chunk[: room + 1]
        else:
            try:
                self.bytes += self._packed.decompress(chunk, room + 1)
            except zlib.error as wrong:
                raise Unfit("with a body that cannot be unpacked") from wrong
        if len(self.bytes) > self._most:
            raise Unfit(f"with more than {self._most} bytes")
