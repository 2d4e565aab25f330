"""Slates, boards that are kept in a JSON file (server.py), as boards of Boardhand: all that a new board needs."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from boardhand_api import pool
from boardhand_operator.boards import Attachment, Card, Checklist, Comment, Item, Link, Look, Said
from boardhand_operator.boards.text import shorten
from boardhand_operator.errors import Misconfigured, NotFound, PermissionMissing
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.transport import Client, Connection, segment


class SlateBoard:
    """One slate with one token; what each method is for, and may raise, stands in boardhand_operator.boards.Board."""

    credential_keys: ClassVar[tuple[str, ...]] = ("token",)
    comment_limit = 65536

    def __init__(self, spec: pool.Board, credentials: Mapping[str, str], connection: Connection) -> None:
        token, secret = credentials["token"].strip(), spec.secret_name
        self._spec, self._hook_secret = spec, credentials.get("webhookSecret", "").strip()
        self._permission = f"The account of the token in Secret {secret} needs the right to write on {spec.board}."
        vendor = Vendor("Slate", f"Put a new token into Secret {secret}, under the key `token`.", self._permission)
        if spec.url is None:
            raise Misconfigured("UrlMissing", "spec.board.url is required for type slate: the server's address.")
        secrets, headers = [token, self._hook_secret], {"authorization": f"Bearer {token}"}
        self._http = Client(vendor, f"{spec.url}/slates/{segment(spec.board)}", headers, secrets, connection)

    async def check(self) -> None:
        if self._spec.filter is not None:
            raise Misconfigured("FilterUnsupported", "spec.board.filter: a slate has none; leave it out.")
        wanted = self._spec.columns
        used = [wanted.ready, wanted.in_progress, wanted.review, *filter(None, [wanted.failed])]
        if used.count(wanted.ready) > 1:
            raise Misconfigured("ColumnTwice", f"The ready column {wanted.ready!r} also has another meaning.")
        try:
            slate = await self._http.get(f"read slate {self._spec.board}", "")
        except NotFound as gone:
            raise Misconfigured("BoardMissing", f"{gone}. {self._permission}") from gone
        self._known(slate["columns"], used)
        if not slate["writes"]:
            raise PermissionMissing("Slate", "see who we are", self._permission)

    async def look(self, columns: Collection[str] = (), since: datetime | None = None) -> Look:
        names, found = sorted({self._spec.columns.ready, *columns}), dict[str, dict[str, Any]]()
        async for page in self._http.pages("read the cards", "/cards", {"column": names}):
            self._known(page["columns"], names)
            # By id: a card that moves while pages are read may be on two of them.
            found |= {card["id"]: card for card in page["cards"]}
        members = {name: frozenset(id_ for id_, card in found.items() if card["column"] == name) for name in names}
        here = (_card(found[id_]) for id_ in members[self._spec.columns.ready])
        ready = sorted((c for c in here if self._spec.label in (None, *c.labels)), key=lambda c: int(c.event))
        said = await self._http.get("read what was said", "/comments", {"since": since.isoformat()}) if since else []
        return Look(ready, members, tuple(Said(one["card"], _comment(one)) for one in said))

    async def people(self) -> dict[str, str]:
        return dict((await self._http.get("read who works here", ""))["people"])

    async def read(self, ticket_id: str) -> Card | None:
        try:
            card = await self._get(ticket_id)
        except NotFound:
            return None
        return _card(card) if card["column"] else None

    async def comments(self, ticket_id: str) -> list[Comment]:
        return [_comment(one) for one in (await self._get(ticket_id))["comments"]]

    async def comment(self, ticket_id: str, text: str) -> str:
        body = {"text": shorten(text, self.comment_limit)}
        made = await self._http.send("POST", f"comment on {ticket_id}", f"/cards/{segment(ticket_id)}/comments", body)
        return str(made["id"])

    async def edit_comment(self, ticket_id: str, comment_id: str, text: str) -> None:
        path = f"/cards/{segment(ticket_id)}/comments/{segment(comment_id)}"
        await self._http.send(
            "PUT", f"edit a comment on {ticket_id}", path, {"text": shorten(text, self.comment_limit)}
        )

    async def column_of(self, ticket_id: str) -> str | None:
        card = await self.read(ticket_id)
        return card.column if card else None

    async def move(self, ticket_id: str, column: str, seen_in: str | None = None) -> None:
        here = seen_in or (await self._get(ticket_id))["column"]
        if here != column:
            self._known((await self._http.get("read the columns", ""))["columns"], [column])
            path = f"/cards/{segment(ticket_id)}/column"
            await self._http.send("PUT", f"move {ticket_id} to {column!r}", path, {"column": column})

    async def subscribe(self, before: str = "") -> None:
        if self._spec.webhook is None:
            return
        if not self._hook_secret:
            text = f"Secret {self._spec.secret_name}, key 'webhookSecret': put a long random text there."
            raise Misconfigured("SecretKeyMissing", text)
        hook = {"url": self._spec.webhook.callback_url, "secret": self._hook_secret, "before": before}
        if before or hook["url"] not in await self._http.get("read the webhooks", "/hooks"):
            await self._http.send("POST", f"call {hook['url']}", "/hooks", hook)

    def signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        given = {name.lower(): value for name, value in headers.items()}.get("x-slate-signature", "")
        made = hmac.new(self._hook_secret.encode(), body, hashlib.sha256).hexdigest().encode()
        known = hmac.compare_digest(made, given.encode("utf-8", "surrogateescape"))
        return known and self._spec.webhook is not None and self._hook_secret != ""

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _get(self, ticket_id: str) -> dict[str, Any]:
        return dict(await self._http.get(f"read card {ticket_id}", f"/cards/{segment(ticket_id)}"))

    def _known(self, there: Collection[str], wanted: Iterable[str]) -> None:
        for name in wanted:
            if name not in there:
                raise Misconfigured(
                    "ColumnMissing", f"Slate {self._spec.board} has no column {name!r}; it has {there!r}."
                )


def _card(found: dict[str, Any]) -> Card:
    return Card(
        **{name: found[name] for name in ("id", "key", "url", "title", "body", "event", "column", "priority")},
        **{name: found[name] for name in ("author", "author_id", "mover", "moved_by", "moved_by_us")},
        labels=tuple(found["labels"]),
        entered_at=datetime.fromisoformat(found["entered_at"]),
        checklists=tuple(Checklist(name, tuple(Item(*item) for item in items)) for name, items in found["checklists"]),
        attachments=tuple(Attachment(*one) for one in found["attachments"]),
        links=tuple(Link(*one) for one in found["links"]),
        comments=tuple(map(_comment, found.get("comments", ()))),
        all_comments="comments" in found,
    )


def _comment(found: dict[str, Any]) -> Comment:
    return Comment(**{**found["comment"], "created_at": datetime.fromisoformat(found["comment"]["created_at"])})
