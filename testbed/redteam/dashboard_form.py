"""The pool's form as a way into the cluster's network, into the dashboard's memory, or to what others typed."""

from __future__ import annotations

import gzip
import io
import json
import logging
import tracemalloc
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from unittest.mock import patch

from starlette.datastructures import URL

from boardhand_client.trials.reach import Guarded, Reach
from boardhand_dashboard.form import yamls
from boardhand_dashboard.form.quiet import Quiet
from boardhand_dashboard.form.trying import Tries
from boardhand_operator.http import exchange
from boardhand_operator.kube import Resource
from testbed.redteam.attack import Attack, Outcome
from testbed.redteam.dashboard_ground import ADA, SPACE, House, tried
from testbed.redteam.hostile_server import Answers, answer, serving, unpacking_whole
from testbed.redteam.lures import listening

BOARD, LARGE, FORGE = (f"/ns/{SPACE}/trials/{section}" for section in ("board", "large", "forge"))
TYPED = "typed-canary-3b8e77f0aa51"
INSIDE = "secret-of-a-server-inside"
CLOSED = "addresses that are closed are looked at once names are resolved"
MEMORY = 24 * 1024 * 1024


def attacks() -> list[Attack]:
    """Every attack of this theme."""
    return [
        Attack(
            "form-tries-a-closed-address", "a request by the dashboard to its own pod, or the metadata service",
            lambda: tried(_closed), lambda: tried(_closed, patch.object(Guarded, "see", lambda *_: None)), CLOSED,
        ),
        Attack(
            "form-led-to-another-server", "the same, by a board that points there",
            lambda: tried(_led), lambda: tried(_led, patch.object(exchange, "_origin", lambda _: ("", ""))),
            "answers come from one host",
        ),
        Attack(
            "form-reads-out-a-server-inside", "what a page within the cluster says, as the error of a trial",
            lambda: tried(_read_out), lambda: tried(lambda here: _read_out(here, Reach)),
            "of an error only an API's own sentence is read out",
        ),
        Attack("form-tries-other-schemes", "a file of the dashboard's, or another protocol's server", _schemes),
        Attack(
            "form-answered-without-end", "the dashboard's memory, by the answer of a trial",
            lambda: tried(_endless), lambda: tried(_endless, unpacking_whole()), "answers are unpacked within bounds",
        ),
        Attack("form-secret-echoed", "what somebody typed as a secret, on a page, in a log or in a cache", _echoed),
        Attack(
            "form-yaml-bomb", "the dashboard's memory and time, by a kilobyte of YAML",
            lambda: tried(_bomb), lambda: tried(_bomb, patch.object(yamls, "_check", lambda _: None)),
            "YAML is taken without anchors, and only so much of it",
        ),
    ]  # fmt: skip


async def _post(here: House, path: str, fields: dict[str, str]) -> str:
    ada, known = await here.visitor(ADA)
    answer = await ada.post(path, data={**fields, "csrf": known.csrf}, timeout=60)
    return answer.text


def _outwards(here: House, kind: type[Reach] = Quiet) -> None:
    """As from a laptop: the attacker's own server is at an address that is open."""
    here.app.state.tries = Tries(kind())


def _model(url: str) -> dict[str, str]:
    return {"models.large.name": "m", "models.large.baseURL": url, "secret:models.large.apiKey": TYPED}


async def _closed(here: House) -> Outcome:
    """Loopback stands for all that is closed: nothing of the metadata service is here to hear it."""
    with listening() as lure:
        port = URL(lure.url).port
        hosts = ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "127.1", "0x7f000001", "0.0.0.0"]
        said = [await _post(here, LARGE, _model(f"http://{host}:{port}/v1")) for host in hosts]
        refused = sum("closed to all trials" in one for one in said)
        metadata = [
            await _post(here, LARGE, _model(f"http://{host}/v1")) for host in ("169.254.169.254", "100.100.100.200")
        ]
        refused += sum("closed to all trials" in one for one in metadata)
        reached = bool(lure.requests)
    return Outcome(reached, f"{refused} of {len(hosts) + 2} spellings are said to be closed; none was asked")


async def _led(here: House) -> Outcome:
    _outwards(here)
    with listening() as metadata, serving(_moved(f"{metadata.url}/latest/meta-data/")) as url:
        said = await _post(here, LARGE, _model(f"{url}/v1"))
    return Outcome(bool(metadata.requests), _sentence(said))


def _moved(to: str) -> Answers:
    return lambda request: answer(request, b"", 302, {"location": to})


async def _read_out(here: House, kind: type[Reach] = Quiet) -> Outcome:
    _outwards(here, kind)
    with serving(lambda to: answer(to, INSIDE.encode(), 400, {"content-type": "text/plain"})) as url:
        said = await _post(here, LARGE, _model(f"{url}/v1"))
        board = {"board.type": "trello", "board.board": "b1", "board.url": f"{url}/1"}
        said += await _post(here, BOARD, board | {"secret:board.key": "k" * 32, "secret:board.token": "t" * 64})
    return Outcome(INSIDE in said, _sentence(said))


def _schemes() -> Outcome:
    async def attempt(here: House) -> Outcome:
        _outwards(here)
        urls = ("file:///etc/hostname", "gopher://127.0.0.1:70/x", "ftp://127.0.0.1/x", "http://u:p@127.0.0.1:1/v1")
        name = Path("/etc/hostname").read_text().strip()
        said = [await _post(here, LARGE, _model(url)) for url in urls]
        said += [
            await _post(here, FORGE, {"forge.type": "gitea", "forge.url": url, "repository.url": url}) for url in urls
        ]
        reached = any(name in one for one in said) if len(name) > 6 else False
        taken = [one for one in said if 'class="notice good"' in one]
        return Outcome(reached or bool(taken), _sentence(said[0]))

    return tried(attempt)


async def _endless(here: House) -> Outcome:
    packed = gzip.compress(bytes(200 * 1024 * 1024), 9)
    _outwards(here)
    with serving(lambda to: answer(to, packed, headers={"content-encoding": "gzip"})) as url:
        tracemalloc.start()
        said = await _post(here, LARGE, _model(f"{url}/v1"))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return Outcome(peak > MEMORY, f"{peak >> 20} MiB at most; {_sentence(said)}")


def _echoed() -> Outcome:
    """A server that quotes the credentials, a trial, a look, a download, and a form with something else wrong."""
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    logging.getLogger().addHandler(handler)
    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.DEBUG)
    try:
        outcome = tried(_quoted)
    finally:
        logging.getLogger().setLevel(level)
        logging.getLogger().removeHandler(handler)
    logged = log.getvalue().count(TYPED)
    return Outcome(outcome.reached or bool(logged), f"{outcome.said}; {logged} lines of the log have it")


async def _quoted(here: House) -> Outcome:
    _outwards(here)

    def quotes(to: BaseHTTPRequestHandler) -> None:
        said = json.dumps({"error": {"message": f"wrong: {to.headers['authorization']}"}, "message": to.path})
        answer(to, said.encode(), 401)

    with serving(quotes) as url:
        fields = _model(f"{url}/v1") | {"name": "shop", "secret:board.token": TYPED, "board.type": "trello"}
        fields |= {"board.url": f"{url}/1", "board.board": "b", "secret:board.key": TYPED}
        pages = [await _post(here, path, fields) for path in (LARGE, BOARD)]
        wishes = ("look", "yaml", "try:large", "try:board", "nothing")
        pages += [await _post(here, f"/ns/{SPACE}/pools/new", fields | {"do": wish}) for wish in wishes]
        rest = {"do": "look", "rest": f"models: {{large: {{apiKey: {TYPED}}}}}"}
        pages += [await _post(here, f"/ns/{SPACE}/pools/new", fields | rest)]
    # What somebody writes into the YAML themselves is theirs to see: the form gives it back.
    shown = sum(TYPED in page for page in pages[:-1])
    kept = TYPED in repr(here.server.kube.objects) or bool(here.server.kube.objects[Resource.SECRETS])
    return Outcome(bool(shown) or kept, f"{shown} of {len(pages) - 1} answers show it, and no object has it")


async def _bomb(here: House) -> Outcome:
    """Nine times nine times … nine; beside it what is deep, and a number that takes long to read."""
    lines = ["a: &a [lol,lol,lol,lol,lol,lol,lol,lol,lol]"]
    for last, name in zip("abcd", "bcde", strict=True):
        lines.append(f"{name}: &{name} [{','.join([f'*{last}'] * 9)}]")
    texts = ("\n".join(lines), "x: " + "[" * 5000, "x: " + "9" * 100_000)
    tracemalloc.start()
    said = [await _post(here, f"/ns/{SPACE}/pools/new", {"name": "shop", "do": "look", "rest": text}) for text in texts]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    told = "anchors and aliases are not taken" in said[0]
    return Outcome(peak > MEMORY or not told, f"{peak >> 20} MiB at most; it is told that anchors are not taken")


def _sentence(page: str) -> str:
    """The words of a part of a page."""
    words, inside = list[str](), False
    for letter in page:
        inside = letter == "<" or (inside and letter != ">")
        words.append(" " if inside or letter == ">" else letter)
    return " ".join("".join(words).split())[:200]
