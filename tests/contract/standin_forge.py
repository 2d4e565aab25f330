"""What the benches of forges' stand-ins have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar, cast

import httpx

from boardhand_api import pool
from boardhand_operator.forges import Forge, open_forge
from boardhand_operator.http.transport import Connection
from tests.contract.board_wires import Wire
from tests.contract.forge_bench import Pull

HOOK_SECRET = "any-long-text-of-your-own"

F = TypeVar("F", bound=Forge)


class StandinForge(ABC, Generic[F]):
    """See `ForgeBench`. F: the forge's class."""

    kind: ClassVar[str]
    """As spec.forge.type has it."""
    site: ClassVar[str]
    secret: str
    clone_url: str
    callback = "https://boardhand.example/webhooks/team/shop"
    hook_secret = HOOK_SECRET
    vendor: httpx.AsyncBaseTransport
    """The stand-in."""
    wire: Wire

    @abstractmethod
    def credentials(self, token: str | None, *, hook: bool) -> dict[str, str]:
        """The Secret's data, but for what proves webhooks. token: in place of the usual one; hook: of one that may
        make webhooks."""

    @abstractmethod
    def all_pulls(self) -> list[Pull]:
        """The pull requests there are, the first made leading."""

    def open(
        self,
        *,
        token: str | None = None,
        hook: bool = False,
        branch: str = "main",
        clone_url: str | None = None,
        credentials: dict[str, str] | None = None,
        **spec: Any,
    ) -> F:
        """See `ForgeBench.open`. credentials: of another kind, in place of the token."""
        wanted: dict[str, Any] = {"type": self.kind, "url": self.site, "secretRef": {"name": self.secret}}
        given = self.credentials(token, hook=hook) if credentials is None else dict(credentials)
        if hook:
            wanted |= {"webhook": {"callbackUrl": self.callback}}
            given["webhookSecret"] = f"{self.hook_secret}\n"
        where = {"url": clone_url or self.clone_url, "branch": branch, "pushSecretRef": {"name": "push"}}
        forge = open_forge(
            pool.Forge.model_validate(wanted | spec),
            pool.Repository.model_validate(where),
            given,
            Connection(transport=self.wire),
        )
        return cast(F, forge)

    async def pulls(self, state: str = "all") -> list[Pull]:
        return [pull for pull in self.all_pulls() if state in ("all", pull.state)]

    async def archive(self) -> bool:
        return False

    async def switch_off(self) -> bool:
        return False

    async def fault(self, **fault: Any) -> None:
        async with httpx.AsyncClient(transport=self.vendor, base_url=self.site) as http:
            answer = await http.post("/_testbed/faults", json=fault)
        assert answer.status_code == 201, answer.text
