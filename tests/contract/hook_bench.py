"""What the benches of boards and of forges have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from tests.contract.board_wires import Wire


class Called(Protocol):
    """What a board and a forge do about webhooks."""

    async def subscribe(self, before: str = "") -> None: ...

    def signed(self, headers: Mapping[str, str], body: bytes) -> bool: ...

    async def aclose(self) -> None: ...


class HookBench(Protocol):
    """A vendor that makes calls, and refuses some."""

    wire: Wire
    secret: str
    """Name of the Secret."""
    callback: str
    """Where the webhook leads."""
    has: frozenset[str]
    subscribed: str
    """Pattern of the place (see `Wire`) of the request that makes a webhook."""
    signs_body: bool
    """Whether a webhook's proof covers its body; where not, it is a password."""

    def open(self, *, token: str | None = None, hook: bool = False, **spec: Any) -> Called:
        """What is under test, through the wire. hook: with a webhook to `callback`, its secret, and a token that may
        make it."""
        ...

    def call(self, *, secret: str | None = None) -> tuple[dict[str, str], bytes]:
        """Headers and body of a call that the vendor makes for a webhook of `open(hook=True)`. secret: a forger's, in
        place of the one that the vendor was given."""
        ...

    async def hooks(self) -> int:
        """How many webhooks the vendor has with the address of `open(hook=True)`."""
        ...

    def reader_token(self) -> str:
        """Of an account that may look and not write."""
        ...

    async def fault(self, **fault: Any) -> None:
        """Switch a fault of the stand-in on (testbed.faults); `match` is a pattern of places."""
        ...

    async def clock(self, seconds: float) -> None:
        """The vendor's clock is off by so much from now on."""
        ...
