"""The service that the example's board is at: boards kept in one JSON file, over HTTP.

`python slate_server.py FILE` serves it on port 8000. FILE begins as
{"accounts": {"TOKEN": {"id": "1", "name": "ada", "writes": true}},
 "slates": {"shop": {"columns": ["Sprint Backlog", "In Progress", "In Review"], "cards": {}, "hooks": {}}}}.
A person adds a card: POST /slates/shop/cards {"title": "…", "body": "…", "column": "Sprint Backlog"}.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Json = dict[str, Any]
Post = Callable[[str, bytes, dict[str, str]], Awaitable[None]]
PAGE = 50


def proof(secret: str, body: bytes) -> dict[str, str]:
    """The headers by which a call of ours is known."""
    return {"X-Slate-Signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


async def post(url: str, body: bytes, headers: dict[str, str]) -> None:
    """Call a webhook, once."""
    async with httpx.AsyncClient(timeout=5) as http:
        await http.post(url, content=body, headers=headers)


class Slates:
    """All that is kept, and what people and programs do with it."""

    def __init__(self, file: Path, now: Callable[[], float] = time.time) -> None:
        self.file, self.now = file, now
        self.data: Json = {"last": 0} | json.loads(file.read_text())

    def add(self, slate: Json, account: Json, title: str, body: str, column: str) -> Json:
        """A new card in a column."""
        id_ = self.number()
        bare: Json = {"archived": False, "priority": ""} | {
            name: [] for name in ("labels", "checklists", "attachments", "links", "comments")
        }
        author = {"author": account["name"], "author_id": account["id"]}
        slate["cards"][id_] = bare | author | {"id": id_, "key": f"#{id_}", "title": title, "body": body}
        return self.put(slate["cards"][id_], account, column)

    def put(self, card: Json, account: Json, column: str) -> Json:
        """Into a column, which is an event."""
        card |= {"column": column, "event": self.number(), "entered_at": self.moment()}
        card |= {"mover": account["name"], "moved_by": account["id"]}
        return card

    def say(self, card: Json, account: Json, text: str) -> Json:
        """A comment on a card."""
        said = {"id": self.number(), "author": account["name"], "author_id": account["id"], "text": text}
        card["comments"].append(said | {"created_at": self.moment()})
        return said

    def number(self) -> str:
        """One that was never given before."""
        self.data["last"] += 1
        return str(self.data["last"])

    def moment(self) -> str:
        return datetime.fromtimestamp(self.now(), UTC).isoformat()

    def save(self) -> None:
        """The file is the old one or the new one, whenever this is killed."""
        partial = self.file.with_suffix(".partial")
        partial.write_text(json.dumps(self.data))
        partial.replace(self.file)


@dataclass(frozen=True)
class Call:
    """What a program asks, and who it is."""

    slates: Slates
    request: Request
    account: Json
    body: Json

    @property
    def slate(self) -> Json:
        return self._of(self.slates.data["slates"], "slate")

    @property
    def card(self) -> Json:
        return self._of(self.slate["cards"], "card")

    def shown(self, card: Json) -> Json:
        """A card that is archived, or whose column is gone, is in none."""
        there = not card["archived"] and card["column"] in self.slate["columns"]
        url = f"{self.request.base_url}slates/{self.request.path_params['slate']}/cards/{card['id']}"
        more = {"moved_by_us": card["moved_by"] == self.account["id"], "comments": self.told(card)}
        return {**card, "url": url, "column": card["column"] if there else None, **more}

    def told(self, card: Json) -> list[Json]:
        comments = [said | {"by_us": said["author_id"] == self.account["id"]} for said in card["comments"]]
        return [{"card": card["id"], "comment": comment} for comment in comments]

    def _of(self, there: Json, kind: str) -> Json:
        name = self.request.path_params[kind]
        if name not in there:
            raise HTTPException(404, f"there is no {kind} {name!r}")
        found: Json = there[name]
        return found


def look(call: Call) -> Json:
    accounts = call.slates.data["accounts"].values()
    people = {account["id"]: account["name"] for account in accounts if account["writes"]}
    return {"columns": call.slate["columns"], "people": people, "writes": call.account["writes"]}


def cards(call: Call) -> Response:
    """A page of those in the columns asked for, from the one `after` on, without their comments."""
    asked, after = call.request.query_params.getlist("column"), int(call.request.query_params.get("after", "0"))
    shown = [call.shown(card) for id_, card in call.slate["cards"].items() if int(id_) > after]
    found = [card for card in shown if card["column"] in asked]
    for card in found:
        del card["comments"]
    answer = JSONResponse({"columns": call.slate["columns"], "cards": found[:PAGE]})
    if len(found) > PAGE:
        there = call.request.url.include_query_params(after=found[PAGE - 1]["id"])
        answer.headers["link"] = f'<{there}>; rel="next"'
    return answer


def said(call: Call) -> list[Json]:
    since = datetime.fromisoformat(call.request.query_params["since"])
    found = [one for card in call.slate["cards"].values() for one in call.told(card)]
    new = [one for one in found if datetime.fromisoformat(one["comment"]["created_at"]) >= since]
    return sorted(new, key=lambda one: int(one["comment"]["id"]))


def edit(call: Call) -> Json:
    for one in call.card["comments"]:
        if one["id"] == call.request.path_params["comment"] and one["author_id"] == call.account["id"]:
            one["text"] = call.body["text"]
            return {}
    raise HTTPException(404, "there is no such comment of yours")


def subscribe(call: Call) -> Json:
    call.slate["hooks"].pop(call.body.get("before"), None)
    call.slate["hooks"][call.body["url"]] = call.body["secret"]
    return {}


SERVED: dict[tuple[str, str], Callable[[Call], Any]] = {
    ("GET", ""): look,
    ("GET", "/cards"): cards,
    ("POST", "/cards"): lambda call: call.slates.add(call.slate, call.account, **call.body),
    ("GET", "/cards/{card}"): lambda call: call.shown(call.card),
    ("PUT", "/cards/{card}/column"): lambda call: call.slates.put(call.card, call.account, call.body["column"]),
    ("POST", "/cards/{card}/comments"): lambda call: call.slates.say(call.card, call.account, call.body["text"]),
    ("PUT", "/cards/{card}/comments/{comment}"): edit,
    ("GET", "/comments"): said,
    ("GET", "/hooks"): lambda call: list(call.slate["hooks"]),
    ("POST", "/hooks"): subscribe,
}


def create_app(slates: Slates, send: Post = post) -> Starlette:
    """The service. send: makes the calls of webhooks."""

    def serving(method: str, work: Callable[[Call], Any]) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            account = slates.data["accounts"].get(token)
            if account is None:
                raise HTTPException(401, "this token is not known")
            if method != "GET" and not account["writes"]:
                raise HTTPException(403, "this account may only look")
            call = Call(slates, request, account, {} if method == "GET" else await request.json())
            made = work(call)
            if method == "GET":
                return made if isinstance(made, Response) else JSONResponse(made)
            slates.save()
            return JSONResponse(made, background=BackgroundTask(tell, request.path_params["slate"], call.slate))

        return serve

    async def tell(name: str, slate: Json) -> None:
        body = json.dumps({"changed": name}).encode()
        for url, secret in slate["hooks"].items():
            await send(url, body, proof(secret, body))

    async def refusal(_: Request, refused: Exception) -> Response:
        status, said = (refused.status_code, refused.detail) if isinstance(refused, HTTPException) else (500, "")
        return JSONResponse({"error": said}, status)

    routes = [
        Route(f"/slates/{{slate}}{path}", serving(method, work), methods=[method])
        for (method, path), work in SERVED.items()
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: refusal})


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(create_app(Slates(Path(sys.argv[1]))))
