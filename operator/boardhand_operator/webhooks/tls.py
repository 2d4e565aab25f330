"""The certificate of a port that strangers reach: a Secret's two files, read again when they change."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import ssl
from pathlib import Path

EVERY_SECONDS = 10.0
"""How often the files are looked at; the kubelet itself takes up to two minutes to bring a Secret's change."""
HANDSHAKE_SECONDS = 5.0
_log = logging.getLogger(__name__)


class Identity:
    """Certificate and key in a folder, as `tls.crt` and `tls.key` (a Secret of the type kubernetes.io/tls).

    Raises OSError where the two cannot be used at the start; later ones that cannot be used are left aside.
    """

    def __init__(self, folder: Path, what: str = "webhooks") -> None:
        """what: is served with them, for messages."""
        self._what = what
        self._certificate, self._key = folder / "tls.crt", folder / "tls.key"
        try:
            self._seen, self.context = self._digest(), self._read()
        except OSError as wrong:
            raise OSError(f"{what} cannot be served with {self._certificate} and {self._key}: {wrong}") from wrong

    async def keep_fresh(self) -> None:
        """Look again for ever. New connections get what is there then; those that are open keep what they have."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            self.refresh()

    def refresh(self) -> None:
        """Take what is there now, if it is another pair and a good one."""
        try:
            now = self._digest()
            if now == self._seen:
                return
            # A whole new context: one whose certificate and key were changed one after the other may hold half a pair.
            self.context, self._seen = self._read(), now
            _log.info("%s are served with the new certificate in %s", self._what, self._certificate)
        except OSError as wrong:
            text = "%s keep their former certificate, %s cannot be used: %s"
            _log.warning(text, self._what, self._certificate, wrong)

    def _read(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self._certificate, self._key)
        return context

    def _digest(self) -> bytes:
        return hashlib.sha256(self._certificate.read_bytes() + b"\0" + self._key.read_bytes()).digest()


class Greeter(asyncio.Protocol):
    """A connection until its handshake is done; then it is `inner`'s. So it can be counted and refused before that."""

    def __init__(self, context: ssl.SSLContext, inner: asyncio.Protocol, greeting: set[asyncio.Task[None]]) -> None:
        self._context, self._inner, self._greeting = context, inner, greeting

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        task = asyncio.ensure_future(self._shake_hands(transport))
        self._greeting.add(task)
        task.add_done_callback(self._greeting.discard)

    async def _shake_hands(self, transport: asyncio.Transport) -> None:
        try:
            secured = await asyncio.get_running_loop().start_tls(
                transport,
                self._inner,
                self._context,
                server_side=True,
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
                ssl_shutdown_timeout=1.0,
            )
        except OSError:
            transport.abort()
            return
        if secured is not None:
            self._inner.connection_made(secured)
