"""No secret in any output: logs, tracebacks, statuses, Events, comments, pull requests."""

from __future__ import annotations

import base64
import html
import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock
from urllib.parse import quote, quote_plus

import httpx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from boardhand_api import redaction as redaction_module
from boardhand_api.base import SecretRef
from boardhand_api.redaction import BLOT, CUT, LEAST, Redaction, _Forms
from boardhand_operator.errors import CredentialsRefused, Remote
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.graphql import Graph
from boardhand_operator.http.transport import Client, Connection
from boardhand_operator.kube import Kube, Resource
from boardhand_operator.redacting import NAMESPACES, Redactor, install
from boardhand_operator.reviews import Judgement, LineComment
from tests.unit.test_operator_kube_lists import Answering

SECRET = 'q7!Zm"ö/x+Lw&8\\rT%k'
LONG = "Zm8kQ2vT9xW4pL7nB3cR6yH1"
KEY_LINES = [f"{letter}{LONG}{letter}" for letter in "ABC"]
PEM = "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *KEY_LINES, "-----END RSA PRIVATE KEY-----", ""])

FORMS: list[Callable[[str], str]] = [
    str,
    repr,
    json.dumps,
    lambda value: json.dumps(value, ensure_ascii=False),
    lambda value: json.dumps(json.dumps(value)),
    html.escape,
    quote,
    quote_plus,
    lambda value: quote(value, safe=""),
    lambda value: quote(value, safe="").replace("%2F", "%2f").replace("%2B", "%2b"),
    lambda value: base64.b64encode(value.encode()).decode(),
    lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    lambda value: base64.b64encode(f"u:{value}".encode()).decode(),
    lambda value: base64.b64encode(f"us:{value}:x".encode()).decode(),
    lambda value: base64.b64encode(f"use:{value}".encode()).decode(),
    lambda value: str({"nested": [value]}),
    lambda value: str(ValueError("refused", value)),
]


def knowing(*values: str) -> Redaction:
    known = Redaction()
    known.know(values)
    return known


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("value", [SECRET, LONG])
def test_a_secret_is_found_in_every_form(form: Callable[[str], str], value: str) -> None:
    cleaned = knowing(value).clean(f"before {form(value)} after")
    assert BLOT in cleaned
    assert cleaned.startswith("before ")
    assert cleaned.endswith(" after")
    assert value not in cleaned
    assert value[:LEAST] not in cleaned
    assert len(cleaned) < len("before  after") + 45, cleaned


@pytest.mark.parametrize("form", [str, repr, json.dumps, lambda value: json.dumps(json.dumps({"k": value}))])
def test_a_key_is_found_whole_and_line_by_line(form: Callable[[str], str]) -> None:
    known = knowing(PEM)
    for text in (form(PEM), f"at line 2: {KEY_LINES[1]}"):
        assert not [line for line in KEY_LINES if line in known.clean(text)]


def test_what_follows_bearer_is_a_secret_by_itself() -> None:
    assert knowing(f"Bearer {LONG}").clean(f"token {LONG}!") == f"token {BLOT}!"


@pytest.mark.parametrize("length", [LEAST, CUT, len(LONG) - 1])
def test_a_secret_that_is_cut_off_at_the_end_is_found(length: int) -> None:
    assert knowing(LONG).clean("it said " + LONG[:length]) == f"it said {BLOT}"


def test_a_secret_that_is_cut_off_in_a_text_is_found() -> None:
    assert knowing(LONG).clean(f"it said {LONG[:CUT]}… (401)") == f"it said {BLOT}… (401)"


@pytest.mark.slow
@pytest.mark.parametrize("others", [0, 600])
@given(before=st.text(max_size=40), value=st.text(min_size=CUT, max_size=60), after=st.text(max_size=40))
def test_whatever_stands_around_it_the_secret_is_gone(others: int, before: str, value: str, after: str) -> None:
    value = value.strip()
    assume(len(value) >= LEAST)
    known = knowing(value, *(f"{number:06}-{LONG}" for number in range(others)))
    assert value not in known.clean(before + value + after).replace(BLOT, "\0")


@given(st.text(alphabet="abc ", max_size=200))
def test_a_text_without_secrets_stays_as_it_is(text: str) -> None:
    assert knowing(SECRET, LONG, PEM).clean(text) == text


def test_short_values_are_left_and_old_ones_forgotten() -> None:
    known = Redaction(most=2)
    known.know(["short", "first-secret", "second-secret"])
    known.know(["first-secret", "third-secret"])
    text = "short first-secret second-secret third-secret"
    assert known.clean(text) == f"short {BLOT} second-secret {BLOT}"


def test_what_is_public_by_its_key_is_left() -> None:
    redactor = Redactor()
    redactor.know("team", {"username": "boardhand-bot", "knownHosts": "git.example ssh-ed25519", "token": LONG})
    assert redactor.clean(f"boardhand-bot at git.example: {LONG}") == f"boardhand-bot at git.example: {BLOT}"


def test_a_namespace_cannot_black_out_words_of_another() -> None:
    redactor = Redactor()
    redactor.know("evil", {"token": "pull request"})
    body = {"status": {"message": "the pull request is open", "tries": 2, "list": ["pull request"]}, "spec": {}}
    assert redactor.outgoing(Resource.RUNS, "team", body) == body
    mine = redactor.outgoing(Resource.RUNS, "evil", body)
    assert mine["status"] == {"message": f"the {BLOT} is open", "tries": 2, "list": [BLOT]}
    assert redactor.clean("a pull request") == f"a {BLOT}"


PIECES = st.text("ab", max_size=24)


@given(st.lists(PIECES, max_size=6), st.lists(PIECES, max_size=6), PIECES)
def test_of_forms_that_begin_alike_the_longest_is_found(kept: list[str], dropped: list[str], rest: str) -> None:
    """As by looking at each of them."""
    begin = "github"
    there = _Forms()
    for piece in [*kept, *dropped, "a"]:
        there.add(begin + piece)
    for piece in dropped:
        there.drop(begin + piece)
    text = f"x{begin}{rest}"
    lengths = []
    for form in {begin + piece for piece in [*kept, "a"]}:
        same = next(length for length in range(len(form), -1, -1) if text[1:].startswith(form[:length]))
        lengths += [same] if same in (len(form), len(text) - 1) or same >= CUT else [0]
    assert there.found(text, 1) == max(lengths)


def test_a_word_that_hundreds_of_tokens_begin_with_costs_no_more_than_others() -> None:
    """Counted in comparisons, not in seconds: of the forms that begin alike only two are looked at."""
    redaction, compared = Redaction(), list[str]()
    redaction.know(f"github_pat_{number:03}{LONG}" for number in range(200))

    def shared(one: str, other: str) -> int:
        compared.append(one)
        return real(one, other)

    real = redaction_module._shared
    with mock.patch.object(redaction_module, "_shared", shared):
        assert redaction.clean("see github.com/shop/cart") == "see github.com/shop/cart"
        assert redaction.clean(f"github_pat_007{LONG}") == BLOT
    assert 0 < len(compared) <= 4


def test_the_operators_own_keys_are_told_to_nobody() -> None:
    redactor = Redactor()
    redactor.know_own({"id": LONG})
    assert redactor.clean_for("team", LONG) == redactor.clean_for("other", LONG) == BLOT


def test_namespaces_are_bounded() -> None:
    redactor = Redactor()
    for number in range(NAMESPACES + 1):
        redactor.know(f"team-{number}", {"token": LONG})
    assert redactor.clean_for("team-0", LONG) == LONG
    assert redactor.clean_for("team-1", LONG) == BLOT


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """With a redactor at the root: what comes out of logs and standard error. In the test itself, as the one who runs
    it sets standard error anew for each part."""
    out, redactor = io.StringIO(), Redactor()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(where)s: %(message)s", defaults={"where": "-"}))
    with (
        mock.patch.object(sys, "stderr", out),
        mock.patch.multiple(logging.getLogger(), handlers=[handler], level=logging.DEBUG),
        mock.patch.object(logging, "lastResort", logging.StreamHandler(out)),
    ):
        install(redactor)
        redactor.know("team", {"token": LONG})
        yield out


def fail() -> None:
    try:
        int(f"https://board.test/?token={LONG}")
    except ValueError as cause:
        raise CredentialsRefused("Trello", "look", f"bad token {LONG}") from cause


def raised() -> Exception:
    with pytest.raises(CredentialsRefused) as caught:
        fail()
    return caught.value


@pytest.mark.parametrize("name", ["boardhand_operator.reconcile", "kopf.objects", "kopf", "aiohttp.server", None])
def test_a_log_line_holds_no_secret_whichever_logger_wrote_it(name: str | None) -> None:
    with logged() as out:
        log = logging.getLogger(name)
        log.error("message %s", LONG)
        log.error("message %(key)s", {"key": LONG})
        log.error("extra", extra={"where": LONG})
        log.error("traceback", exc_info=raised())
        log.error("%r and %s", ValueError("x", LONG), {"token": [LONG]}, stack_info=True)
        log.error(LONG)
    said = out.getvalue()
    assert LONG not in said
    assert said.count("Traceback (most recent call last)") == 2
    assert said.count(BLOT) >= 7


def test_a_broken_log_call_tells_no_secret() -> None:
    with logged() as out:
        logging.getLogger("any").error("%d items", LONG)
    assert "Logging error" in out.getvalue()
    assert LONG not in out.getvalue()


def test_what_is_written_beside_the_log_holds_none_either() -> None:
    error = raised()
    with logged() as out:
        sys.excepthook(type(error), error, error.__traceback__)
        print(f"printed {LONG}", file=sys.stderr)
        sys.stderr.flush()
    said = out.getvalue()
    assert "CredentialsRefused" in said
    assert f"printed {BLOT}" in said
    assert LONG not in said


class Writing(Answering):
    """An API server that keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    async def _raw(self, *args: Any, **kwargs: Any) -> bytes:
        self.sent.append((args, kwargs))
        return b"{}"


async def test_the_session_with_the_api_server_writes_none() -> None:
    redactor, kube = Redactor(), Writing()
    redactor.know("team", {"token": LONG})
    kube.outgoing = redactor.outgoing
    await kube.patch(Resource.RUNS, "team", "run-1", {"status": {"failure": {"message": f"no {LONG}"}}}, "status")
    await kube.create(Resource.EVENTS, "team", {"metadata": {"name": "e"}, "message": f"no {LONG}"})
    await kube.patch(Resource.POOLS, "team", "shop", {"status": {"conditions": [{"message": LONG}]}}, "status")
    assert len(kube.sent) == 3
    assert LONG not in str(kube.sent)
    secret = {"metadata": {"name": "run-1-git"}, "data": {"token": LONG}}
    await kube.create(Resource.SECRETS, "team", secret)
    assert LONG in str(kube.sent[3])


class Service:
    """A board and a forge that keep what they are told."""

    limit = 5

    def __init__(self) -> None:
        self.told: list[Any] = []

    async def comment(self, ticket: str, text: str) -> str:
        self.told.append((ticket, text))
        return "id"

    async def edit_comment(self, ticket: str, comment: str, text: str) -> None:
        self.told.append((ticket, comment, text))

    async def open_pull_request(self, *args: Any, **kwargs: Any) -> None:
        self.told.append((args, kwargs))

    async def review(self, number: int, text: str, judgement: Judgement, lines: tuple[LineComment, ...]) -> None:
        self.told.append((number, text, judgement, lines))

    async def read(self, ticket: str) -> str:
        return ticket


async def test_boards_and_forges_are_told_none() -> None:
    redactor, inner = Redactor(), Service()
    redactor.know("team", {"token": LONG})
    service = redactor.telling("team", inner)
    assert await service.comment("c1", f"see {LONG}") == "id"
    await service.edit_comment("c1", "2", text=f"see {LONG}")
    await service.open_pull_request("boardhand/1", "main", f"T {LONG}", f"B {LONG}", True, ["label"], labels=[LONG])
    await service.review(3, LONG, Judgement.COMMENTED, (LineComment("a.py", 3, LONG),))
    assert LONG not in str(inner.told)
    assert inner.told[0] == ("c1", f"see {BLOT}")
    assert inner.told[3] == (3, BLOT, Judgement.COMMENTED, [LineComment("a.py", 3, BLOT)])
    assert service.limit == 5
    assert await service.read("c1") == "c1"


def test_kube_writes_what_it_is_given_where_nothing_is_known() -> None:
    body = {"status": {"message": LONG}}
    assert Kube.outgoing(Resource.RUNS, "team", body) is body


class Changing:
    """Credentials that change with each request."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self) -> dict[str, str]:
        self.count += 1
        return {"authorization": f"Bearer {LONG}{self.count}"}

    def refused(self) -> None:
        return


@pytest.mark.parametrize("status", [200, 401, 403, 422, 500])
async def test_credentials_that_change_are_taken_out_of_what_a_vendor_says(status: int) -> None:
    """GraphQL's errors come with status 200. Cut to 300 characters, with the credentials where the cut is."""

    def echo(request: httpx.Request) -> httpx.Response:
        said = "x" * 280 + request.headers["authorization"]
        return httpx.Response(status, json={"message": said, "errors": [{"message": said}]})

    changing, connection = Changing(), Connection(transport=httpx.MockTransport(echo))
    vendor = Vendor("Vendor", "Renew it.", "It needs more.")
    http = Client(vendor, "http://api.test", {}, [], connection, authorize=changing)
    with pytest.raises(Remote) as failed:
        await Graph(http, "Vendor", "/graphql", lambda _: None).mutate("write", "mutation", {})
    await http.aclose()
    assert changing.count == (2 if status == 401 else 1)
    assert LONG[:6] not in f"{failed.value} {failed.value.args} {failed.value.message}"
    assert BLOT in failed.value.message


def test_what_is_wrong_in_an_object_is_not_quoted() -> None:
    with pytest.raises(ValidationError) as wrong:
        SecretRef.model_validate({"name": ["x"], "token": LONG})
    assert LONG not in str(wrong.value)


@pytest.mark.slow
def test_hundreds_of_pools_in_a_namespace_and_in_the_cluster_have_none_of_their_secrets_told() -> None:
    redactor, told = Redactor(), dict[str, list[str]]()
    for namespace in ("team-a", "team-b", "team-c"):
        told[namespace] = [f"token-{namespace}-{number}-{LONG}" for number in range(800)]
        for value in told[namespace]:
            redactor.know(namespace, {"token": value})
    for namespace, values in told.items():
        assert not [value for value in values if redactor.clean_for(namespace, value) != BLOT]
        assert not [value for value in values if redactor.clean(value) != BLOT]
