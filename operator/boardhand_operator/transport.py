"""One transport for every board and forge."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import httpx


@dataclass(frozen=True)
class Connection:
    """How to reach a board or a forge, whichever it is."""

    certificates: Path | None = None
    """PEM bundle of the authorities to trust; absent: certifi's."""
    proxy: str | None = None
    """Address of an HTTP proxy; absent: as the environment says."""
    transport: httpx.AsyncBaseTransport | None = None
    """Sends the requests in place of the network, such as httpx.ASGITransport; then `proxy` does not apply."""
