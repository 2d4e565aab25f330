"""Notifications: what a ticket says in others' chat, and what becomes of the address, which is a secret."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any
from unittest.mock import patch

from httpx_aiohttp import HttpxAiohttpClient

from boardhand_api.pod import LABEL_NOTIFY
from boardhand_operator.after import calling, message, notices
from boardhand_operator.after.notices import Notices
from boardhand_operator.http.exchange import Connection
from boardhand_operator.kube import Resource
from boardhand_operator.log import lines as loglines
from boardhand_operator.memory.store import Store
from boardhand_operator.redacting import Redactor
from testbed.redteam.attack import Attack, Outcome
from testbed.redteam.hostile_server import Answers, answer, serving
from testbed.redteam.lures import listening
from testbed.slack import Slack
from tests.support.fuse import Fuse
from tests.support.objects import NOON, run_body
from tests.support.world import SETTINGS, FakeServices, World, clocked

Off = AbstractContextManager[object]
KEY = "key-of-the-webhook-5e90c1b7d2"
INSIDE = "what-a-server-inside-says"
EVIL = (
    "Pay <!channel> <!here> <@U024BE7LH> <!subteam^S1|x> @everyone @here "
    "<https://evil.invalid|Pull request 7> [Pull request 7](https://evil.invalid) "
    "https://evil.invalid www.evil.invalid "
    "*Succeeded*: &lt;!channel&gt;\n*Succeeded*: <http://x|forged>\r\u2028> quoted"
)
EFFECT = re.compile(
    r"<[!@#]|<https?://(?!forge\.test|board\.test)|@(everyone|here)|(?<!\w)www\.|://evil|\]\(|\r|\u2028"
)
"""What Slack, or a chat that is like it, would act on."""


def attacks() -> list[Attack]:
    """Every attack of this theme."""
    return [
        Attack(
            "notice-calls-everybody", "a whole chat called, or sent elsewhere, by a ticket's title",
            _mention, lambda: _mention(patch.object(message, "escaped", lambda text, _: text)),
            "texts of tickets and models are escaped for chats", short=True,
        ),
        Attack(
            "notice-led-elsewhere", "what is told, at a server of the cluster, by the chat's answer",
            lambda: _led(), lambda: _led(_following()), "calls are led nowhere else",
        ),
        Attack("notice-at-a-server-inside", "what a server of the cluster answers, by a pool's notification", _inside),
        Attack(
            "notice-tells-its-address", "the address, which is a secret, in status, Events or log",
            _address, lambda: _address(_talking()), "libraries that log addresses are silent",
        ),
        Attack(
            "notice-in-the-clear", "what is told, and the address, read on the way",
            lambda: _clear(), lambda: _clear(patch.object(notices, "check_address", lambda *_, **__: None)),
            "addresses are https, unless the pool says otherwise",
        ),
    ]  # fmt: skip


class Desk:
    """A pool that tells one address of its run's end, and all that is to be read of it afterwards."""

    def __init__(self, url: str, **more: Any) -> None:
        told = {"name": "team", "secretRef": {"name": "chat"}, "occasions": ["Succeeded", "Failed"], **more}
        self.world = World(Fuse(armed=False))
        self.world.add_pool(notifications=[told])
        data = {"url": base64.b64encode(url.encode()).decode()}
        self.world.kube.put(Resource.SECRETS, "team", {"metadata": {"name": "chat"}, "data": data})

    def tells(self, title: str = "Fix the cart", rounds: int = 2, **status: Any) -> str:
        """Settle a run; what then stands in its status, the Events and the log."""
        body = run_body(settled=True, ticket={"title": title, "key": title[:40], "url": "http://board.test/c/1"})
        body["metadata"]["labels"][LABEL_NOTIFY] = "pending"
        kube = self.world.kube
        kube.put(Resource.RUNS, "team", body)
        known = {"phase": "Succeeded", "claim": "c1", "finishedAt": NOON, "delivery": {"comment": "c9"}}
        kube.set_status(Resource.RUNS, ("team", "run-1"), known | status)
        log = io.StringIO()
        handler, root = logging.StreamHandler(log), logging.getLogger()
        level = root.level
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        loglines.set_up("debug", "text")
        try:
            with clocked(self.world.clock), patch.object(notices, "FIRST", 0.0), patch.object(notices, "LONGEST", 0.0):
                asyncio.run(self._rounds(rounds))
        finally:
            root.removeHandler(handler)
            root.setLevel(level)
        objects = {name.name: kube.objects[name] for name in (Resource.RUNS, Resource.POOLS, Resource.EVENTS)}
        return log.getvalue() + json.dumps([list(one.values()) for one in objects.values()], default=str)

    async def _rounds(self, rounds: int) -> None:
        store = Store()
        store.put(Resource.POOLS, self.world.kube.objects[Resource.POOLS]["team", "shop"])
        services = FakeServices(self.world.kube, self.world.board, self.world.forge, time.monotonic)
        services.redactor, services.connection = Redactor(), Connection()
        told = Notices(("team", "shop"), self.world.kube, store, services, SETTINGS)
        for _ in range(rounds):
            await told.round()
            self.world.pass_time(3000)


def _said(text: str, pattern: str = r"notification team: [^\n]*|for an hour[^\"]*") -> str:
    found = re.search(pattern, text)
    return found[0][:200] if found else "nothing is said"


def _mention(off: Off | None = None) -> Outcome:
    """By the title of a ticket, a failure's sentence and a branch, at the stand-in for Slack."""
    heard = list[bytes]()

    def take(to: Any) -> None:
        heard.append(to.rfile.read(int(to.headers["content-length"])))
        answer(to, b"ok")

    failure = {"class": "Red", "reason": "VerifyFailed", "message": EVIL}
    with serving(take) as url, off or nullcontext():
        Desk(f"{url}{Slack(KEY).path}", plainHttp=True).tells(EVIL, phase="Failed", failure=failure, branch=EVIL)
    text = str(json.loads(heard[0])["text"])
    found = EFFECT.search(text)
    lines = text.count("\n")
    return Outcome(bool(found) or lines > 2, f"the chat is told: {' '.join(text.split())[:160]}")


def _led(off: Off | None = None) -> Outcome:
    with listening() as elsewhere, serving(_moved(f"{elsewhere.url}/latest/{KEY}")) as url, off or nullcontext():
        said = Desk(f"{url}/{KEY}", plainHttp=True).tells()
    return Outcome(bool(elsewhere.requests), _said(said))


def _moved(to: str) -> Answers:
    def moves(request: Any) -> None:
        request.rfile.read(int(request.headers["content-length"]))
        answer(request, b"", 307, {"location": to})

    return moves


def _following() -> Off:
    client: Callable[..., Any] = HttpxAiohttpClient

    def follows(**given: Any) -> Any:
        return client(**given | {"follow_redirects": True})

    return patch.object(calling, "HttpxAiohttpClient", partial(follows))


def _inside() -> Outcome:
    """A server that would say something to who asks: as a success, and as an error."""
    said = list[str]()
    for status in (200, 403, 500):

        def tells(to: Any, status: int = status) -> None:
            to.rfile.read(int(to.headers["content-length"]))
            answer(to, INSIDE.encode(), status, {"x-secret": INSIDE, "retry-after": "1"})

        with serving(tells) as url:
            said.append(Desk(f"{url}/latest/meta-data", plainHttp=True).tells(rounds=4))
    return Outcome(any(INSIDE in one for one in said), _said(said[-1]))


@contextmanager
def _talking() -> Iterator[None]:
    """As if the operator's log had whatever libraries say."""
    library = logging.getLogger("httpx")
    level = library.level
    library.setLevel(logging.DEBUG)
    try:
        with patch.object(loglines, "_CHATTY", ()):
            yield
    finally:
        library.setLevel(level)


def _address(off: Off | None = None) -> Outcome:
    """Of an address that is refused, answers with itself, is not there, or is none."""

    def quotes(to: Any) -> None:
        to.rfile.read(int(to.headers["content-length"]))
        answer(to, to.path.encode(), 404, {"location": to.path})

    said = list[str]()
    with serving(quotes) as url, off or nullcontext():
        for address in (f"{url}/{KEY}", f"http://127.0.0.1:9/{KEY}", f"ftp://{KEY}", f"http://{KEY}.invalid/{KEY}"):
            said.append(Desk(address, plainHttp=True).tells(rounds=4))
    shown = sum(KEY in one for one in said)
    return Outcome(bool(shown), f"{shown} of {len(said)} have it; {_said(said[1])}")


def _clear(off: Off | None = None) -> Outcome:
    with listening() as heard, off or nullcontext():
        said = Desk(f"{heard.url}/{KEY}").tells(rounds=4)
    return Outcome(heard.has(KEY), _said(said))
