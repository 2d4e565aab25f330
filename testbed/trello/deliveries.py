"""What webhooks are told: the check of a new one's address, signed deliveries of what happens, and tries again.

Source: https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/ ; the waits between the tries are
seconds here, where Trello's are minutes.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections import deque
from typing import Annotated, Any

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from testbed.trello import shapes, views
from testbed.trello.call import Refused
from testbed.trello.shapes import Json
from testbed.trello.state import TrelloState

PAUSES = (0.5, 1.0, 2.0)
"""Before each try again."""
_MODELS = ("board", "card", "list", "listBefore", "listAfter")
_KEPT = 10_000


def signature(secret: str, body: bytes, callback: str) -> str:
    """The X-Trello-Webhook header of this body."""
    return base64.b64encode(hmac.digest(secret.encode(), body + callback.encode(), hashlib.sha1)).decode()


class Deliveries:
    """Tells the webhooks of each action, as it happens. Costs nothing while there is no webhook."""

    def __init__(
        self,
        state: TrelloState,
        secret: str,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """secret: the application's. transport: in place of the network."""
        self._state, self._secret = state, secret
        self._http = httpx.AsyncClient(transport=transport, timeout=10, trust_env=False)
        self._tasks: set[asyncio.Task[None]] = set()
        self.made: deque[Json] = deque(maxlen=_KEPT)
        """Every delivery that was tried: webhook, action and the status it was answered with (0: none)."""
        state.happened = self._happened

    async def greet(self, callback: str) -> None:
        """See that the address of a new webhook answers a HEAD request with 200. Raises Refused."""
        try:
            status = (await self._http.head(callback)).status_code
        except (httpx.HTTPError, httpx.InvalidURL) as failed:
            raise Refused(400, f"URL ({callback}) is not reachable: {type(failed).__name__}") from failed
        if status != httpx.codes.OK:
            raise Refused(400, f"URL ({callback}) did not return 200 status code, got {status}")

    def _happened(self, action: Json) -> None:
        hooks = [hook for hook in self._state.webhooks.values() if hook["active"] and hook["idModel"] in _about(action)]
        for hook in hooks:
            task = asyncio.get_running_loop().create_task(self._tell(hook, action))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _tell(self, hook: Json, action: Json) -> None:
        """Deliver, and again where that fails; a webhook whose address is gone for good (410) is deleted."""
        for pause in (0.0, *PAUSES):
            await asyncio.sleep(pause)
            status = await self.send(hook, action, self._secret)
            if status == httpx.codes.GONE:
                self._state.delete_webhook(hook)
            if status in (httpx.codes.OK, httpx.codes.GONE):
                hook.update(consecutiveFailures=0, firstConsecutiveFailDate=None)
                return
        hook["consecutiveFailures"] += 1
        hook["firstConsecutiveFailDate"] = hook["firstConsecutiveFailDate"] or shapes.iso(self._state.now())

    async def send(self, hook: Json, action: Json, secret: str) -> int:
        """Deliver once; the status of the answer, 0 where there was none."""
        body = json.dumps({"action": action, "model": self._model(hook), "webhook": hook}).encode()
        signed = signature(secret, body, hook["callbackURL"])
        headers = {"content-type": "application/json", "x-trello-webhook": signed}
        try:
            status = (await self._http.post(hook["callbackURL"], content=body, headers=headers)).status_code
        except httpx.HTTPError:
            status = 0
        self.made.append({"webhook": hook["id"], "action": action["id"], "status": status})
        return status

    def _model(self, hook: Json) -> Json:
        state, model = self._state, hook["idModel"]
        if model in state.boards:
            return views.pick(state.boards[model], views.BOARD_DEFAULT)
        found = state.cards.get(model) or state.lists.get(model) or state.members.get(model)
        return dict(found or {"id": model})


def _about(action: Json) -> set[str]:
    """Ids of what an action is about: its board, card and lists, and who did it."""
    named = {part["id"] for name, part in action["data"].items() if name in _MODELS}
    return named | {action["idMemberCreator"]}


class Again(BaseModel):
    """The body of POST /_testbed/deliveries: the board's newest action once more, `times` times, or forged."""

    model_config = ConfigDict(extra="forbid")

    webhook: str
    times: Annotated[int, Field(ge=1, le=1000)] = 1
    secret: str | None = None
    """Sign with this in place of the application's secret."""


def delivery_routes(state: TrelloState, deliveries: Deliveries, secret: str) -> list[Route]:
    """/_testbed/deliveries: what was delivered (GET); duplicates and forgeries (POST)."""

    async def made(_: Request) -> Response:
        return JSONResponse(list(deliveries.made))

    async def again(request: Request) -> Response:
        try:
            wanted = Again.model_validate_json(await request.body())
        except ValidationError as wrong:
            return JSONResponse({"error": str(wrong)}, status_code=400)
        hook: dict[str, Any] | None = state.webhooks.get(wanted.webhook)
        actions = state.actions.of({"id": hook["idModel"]}) if hook else []
        if hook is None or not actions:
            return JSONResponse({"error": "no such webhook, or nothing happened there yet"}, status_code=404)
        sent = (deliveries.send(hook, actions[-1], wanted.secret or secret) for _ in range(wanted.times))
        return JSONResponse({"statuses": await asyncio.gather(*sent)})

    return [
        Route("/_testbed/deliveries", made, methods=["GET"]),
        Route("/_testbed/deliveries", again, methods=["POST"]),
    ]
