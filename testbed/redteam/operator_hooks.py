"""Calls to the operator's webhooks by whoever reaches its port."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from urllib.parse import urlsplit

import httpx

from testbed.load import objects
from testbed.redteam.attack import Attack, Outcome
from testbed.redteam.operator_scene import SECONDS, Scene, scene
from testbed.shell import wait_for

BODY = b'{"action": {"type": "updateCard"}}'
REPLAYS = 300
SECONDS_OF_REPLAYS = 5.0


def attacks() -> list[Attack]:
    """Every attack of this theme."""
    return [
        _attack("forged-webhook", "a poll at a stranger's word", _forged),
        _attack("webhook-signed-for-another-pool", "a poll of a pool that the call is not for", _other_pool),
        _attack("replayed-webhook", "more than a poll, by a true call sent again", _replayed_once),
        _attack(
            "webhook-replayed-a-hundred-times",
            "the board's limit used up, by a true call sent again and again",
            _replays,
            "pace",
            "a pool is polled at most once a second",
        ),
        _attack("webhook-flood", "an operator that does nothing else any more", _flood),
        _attack("webhook-with-an-endless-body", "the operator's memory", _endless),
        _attack("webhook-answers-tell-pools", "which pools there are", _telling),
    ]


def _attack(name: str, wants: str, tried: Callable[[Scene], Outcome], off: str = "", guard: str = "") -> Attack:
    def with_operator(without: str) -> Outcome:
        with scene(without) as here:
            return tried(here)

    without = (lambda: with_operator(off)) if off else None
    return Attack(name, wants, lambda: with_operator(""), without, guard)


def callback(here: Scene, pool: str = "pool") -> str:
    return f"{here.ground.webhooks}/webhooks/{here.space}/{pool}"


def signed(url: str, secret: str = objects.WEBHOOK_SECRET, body: bytes = BODY) -> dict[str, str]:
    """The header by which Trello proves a call to this address."""
    digest = hmac.digest(secret.encode(), body + url.encode(), hashlib.sha1)
    return {"x-trello-webhook": base64.b64encode(digest).decode()}


def _listening(here: Scene, *pools: str) -> None:
    for name in pools or ("pool",):
        body = here.pool(name, board=True, poll_seconds=600, webhook_url=callback(here, name))
        body["spec"]["board"]["label"] = name
        here.apply(body)
        wait_for(f"the webhook of {name}", partial(_subscribed, here, name), SECONDS)
    time.sleep(2)  # the calls that the board makes of itself


def _subscribed(here: Scene, pool: str) -> bool:
    return bool(here.condition("codingagents", pool, "Webhook")["status"] == "True")


def polls(here: Scene) -> int:
    """How often the board was looked at."""
    report = httpx.get(f"{here.ground.trello_url}/_testbed/calls", trust_env=False).json()
    return sum(int(entry["count"]) for entry in report["counters"] if entry["route"].endswith("/batch"))


def _polled(here: Scene, before: int, seconds: float = 3) -> bool:
    return here.comes(lambda: polls(here) > before, seconds)


def _forged(here: Scene) -> Outcome:
    _listening(here)
    before = polls(here)
    answers = [
        httpx.post(callback(here), content=BODY, headers=headers, trust_env=False).status_code
        for headers in ({}, {"x-trello-webhook": ""}, signed(callback(here), "guess"), signed("http://elsewhere"))
    ]
    reached = _polled(here, before) or 200 in answers
    return Outcome(reached, f"answered {answers}; " + _words(here, "without the right signature"))


def _words(here: Scene, part: str) -> str:
    return next((line.partition(": ")[2] for line in here.ground.log.splitlines() if part in line), "")


def _other_pool(here: Scene) -> Outcome:
    _listening(here, "pool", "other")
    before = polls(here)
    # The same secret for both: what is signed is the address.
    answer = httpx.post(callback(here, "other"), content=BODY, headers=signed(callback(here)), trust_env=False)
    return Outcome(_polled(here, before), f"answered {answer.status_code}")


def _replayed_once(here: Scene) -> Outcome:
    _listening(here)
    before = polls(here)
    headers = signed(callback(here))
    codes = [httpx.post(callback(here), content=BODY, headers=headers, trust_env=False).status_code for _ in range(2)]
    time.sleep(3)
    more, runs = polls(here) - before, here.all("ticketruns")
    return Outcome(
        more > 2 or bool(runs), f"answered {codes}: {more} polls, {len(runs)} runs; what it says is not used"
    )


def _replays(here: Scene) -> Outcome:
    _listening(here)
    before, headers, ends = polls(here), signed(callback(here)), time.monotonic() + SECONDS_OF_REPLAYS
    with httpx.Client(trust_env=False) as http:
        while time.monotonic() < ends:
            http.post(callback(here), content=BODY, headers=headers)
    time.sleep(1)
    more = polls(here) - before
    return Outcome(more > 2 * SECONDS_OF_REPLAYS, f"{more} polls in {SECONDS_OF_REPLAYS:.0f} s")


def _flood(here: Scene) -> Outcome:
    """Two hundred callers who never come to an end, while a card is put on the board."""
    here.apply(here.pool(board=True))
    address = urlsplit(here.ground.webhooks)
    with ExitStack() as stack:
        for _ in range(200):
            caller = stack.enter_context(socket.create_connection((address.hostname, address.port), 5))
            head = f"POST /webhooks/{here.space}/pool HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n"
            try:
                caller.sendall(head.encode())
            except OSError:
                continue
        begun = time.monotonic()
        here.ground.board.add_card(here.board, "While it rains", "")
        taken = here.comes(lambda: bool(here.all("ticketruns")), 15)
        ready = here.ground.operator.ready()
    return Outcome(not (taken and ready), f"a card was taken after {time.monotonic() - begun:.1f} s, and it is ready")


def _endless(here: Scene) -> Outcome:
    _listening(here)
    address, sent = urlsplit(here.ground.webhooks), 0
    before = here.ground.operator.rss_mb()
    with socket.create_connection((address.hostname, address.port), 5) as caller:
        head = f"POST /webhooks/{here.space}/pool HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
        caller.sendall(head.encode())
        chunk = b"10000\r\n" + bytes(65536) + b"\r\n"
        try:
            for _ in range(1600):
                caller.sendall(chunk)
                sent += 65536
        except OSError:
            pass
    grown = here.ground.operator.rss_mb() - before
    return Outcome(sent > 90e6 or grown > 60, f"closed after {sent / 1e6:.1f} MB; the operator grew by {grown:.0f} MB")


def _telling(here: Scene) -> Outcome:
    _listening(here)
    here.apply(here.pool("quiet", board=True))
    answers = set()
    for name in ("pool", "quiet", "none", "..%2fpool"):
        answer = httpx.post(callback(here, name), content=BODY, headers=signed("x"), trust_env=False)
        answers.add((answer.status_code, answer.content, tuple(sorted(set(answer.headers) - {"date"}))))
    return Outcome(len(answers) > 1, f"one answer for all: {[code for code, *_ in answers]}")
