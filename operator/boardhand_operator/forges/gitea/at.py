"""Where a pool's Gitea forge is: what every part of it needs."""

from __future__ import annotations

from dataclasses import dataclass

from boardhand_operator.http.transport import Client
from boardhand_operator.vendors.gitea.pages import Json, Pages


@dataclass
class At:
    """One repository, with the pool's token."""

    http: Client
    pages: Pages
    full_name: str
    """Owner and name, for messages."""
    branch: str
    """The pool's branch."""
    secret: str
    """Name of the Secret."""
    _me: int | None = None

    @property
    def root(self) -> str:
        """Path of the repository."""
        return self.pages.root

    @property
    def pulls(self) -> str:
        """Path of its pull requests."""
        return f"{self.root}/pulls"

    async def our_id(self) -> int:
        """Of the account whose token it is; asked for once."""
        if self._me is None:
            me: Json = await self.http.get("read whose token this is", "/user")
            self._me = int(me["id"])
        return self._me
