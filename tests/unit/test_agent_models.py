"""Models: what failures mean, how long they are waited for, what answers cost, and what the clients send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage
from langchain_core.messages.ai import UsageMetadata
from openai import APIError

from boardhand_api.failures import FailureClass
from boardhand_api.model import Model, Price, Profile, Provider
from boardhand_api.result import Usage
from boardhand_runner.errors import Budget, Configuration, Deadline, RunnerError
from boardhand_runner.models import build, patience
from boardhand_runner.models.calling import with_tools
from boardhand_runner.models.patience import patiently
from boardhand_runner.models.trouble import Transient, diagnose, of_answer, retry_after
from boardhand_runner.usage import Ledger, cost, price_of, reported, usage_of
from tests.support.benches import LIMITS
from tests.support.canned import Canned, Server, serving
from tests.support.streams import streamed

COMPLETION = {
    "id": "c", "object": "chat.completion", "created": 1, "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hello"}}],
    "usage": {
        "prompt_tokens": 1000, "completion_tokens": 10, "total_tokens": 1010,
        "prompt_tokens_details": {"cached_tokens": 800},
    },
}  # fmt: skip
GOOGLES = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "hello"}]}, "finishReason": "STOP", "index": 0}],
    "usageMetadata": {
        "promptTokenCount": 1000, "candidatesTokenCount": 10, "totalTokenCount": 1010, "cachedContentTokenCount": 800,
    },
    "modelVersion": "m",
}  # fmt: skip
ANTHROPICS = {
    "id": "m1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn", "stop_sequence": None,
    "content": [{"type": "text", "text": "hello"}],
    "usage": {
        "input_tokens": 150, "output_tokens": 10, "cache_read_input_tokens": 800, "cache_creation_input_tokens": 50,
    },
}  # fmt: skip


WHOLE: dict[Provider, Canned] = {
    Provider.OPENAI: (200, {}, json.dumps(COMPLETION)),
    Provider.MISTRAL: (200, {}, json.dumps(COMPLETION)),
    Provider.GOOGLE: (200, {}, json.dumps(GOOGLES)),
    Provider.ANTHROPIC: (200, {}, json.dumps(ANTHROPICS)),
}
OK: dict[Provider, Canned] = {provider: (200, {}, streamed(provider, "hello")) for provider in Provider}
PATHS = {Provider.GOOGLE: "/v1/models/m:", Provider.ANTHROPIC: "/v1/messages"}
BROKEN: Canned = (500, {}, '{"error": {"message": "boom"}}')
PROVIDERS = list(Provider)


@pytest.fixture
def serve() -> Iterator[Any]:
    with ExitStack() as stack:
        yield lambda *answers: stack.enter_context(serving(*answers))


async def ask(
    server: Server, provider: Provider, secret: Path, seconds: float = 5, streaming: bool | None = None
) -> tuple[AIMessage, list[float]]:
    told = Profile(streaming=streaming)
    mind = build(Model(provider=provider, name="m", base_url=server.url, profile=told), secret)
    pauses: list[float] = []
    answer = await patiently(lambda: mind.chat.ainvoke("hi"), mind, seconds, lambda _, pause: pauses.append(pause))
    assert isinstance(answer, AIMessage)
    return answer, pauses


@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_client_sends_key_and_model_and_reads_usage(
    serve: Any, provider: Provider, streaming: bool, tmp_path: Path
) -> None:
    (tmp_path / "apiKey").write_text("sk-1\n")
    server = serve(OK[provider] if streaming else WHOLE[provider])
    answer, _ = await ask(server, provider, tmp_path, streaming=streaming)

    assert answer.text == "hello"
    assert server.seen[0]["path"].startswith(PATHS.get(provider, "/v1/chat/completions"))
    assert server.seen[0]["key"] == "sk-1"
    assert (
        "streamGenerateContent" in server.seen[0]["path"] or bool(server.seen[0]["body"].get("stream"))
    ) is streaming
    assert provider is Provider.GOOGLE or server.seen[0]["body"]["model"] == "m"
    usage = usage_of(reported(answer), None)
    assert (usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens) == (1000, 800, 10)


@pytest.mark.parametrize(
    ("name", "told"),
    [("claude-any", {"type": "ephemeral"}), ("other", None)],
)
async def test_anthropic_is_told_to_cache_where_the_profile_says_so(
    serve: Any, name: str, told: dict[str, str] | None, tmp_path: Path
) -> None:
    server = serve(OK[Provider.ANTHROPIC])
    mind = build(Model(provider=Provider.ANTHROPIC, name=name, base_url=server.url), tmp_path)
    answer = await with_tools(mind, []).ainvoke("hi")

    assert server.seen[0]["body"].get("cache_control") == told
    assert server.seen[0]["body"]["max_tokens"] >= 4096
    price = Price(prompt=Decimal(1000), cached=Decimal(100), completion=Decimal(0), cache_write=Decimal(2000))
    # 150 tokens at the price, 800 at a tenth of it, 50 written to the cache at the double.
    assert usage_of(reported(answer), price).money == Decimal("0.33")


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_server_without_key_is_given_a_word(serve: Any, provider: Provider, tmp_path: Path) -> None:
    server = serve(OK[provider])
    await ask(server, provider, tmp_path / "absent")

    assert server.seen[0]["key"] == "none"


@pytest.mark.slow
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_it_asks_again_after_what_passes(
    serve: Any, provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.01)
    server = serve(BROKEN, (429, {"Retry-After": "1.5"}, "{}"), OK[provider])
    answer, pauses = await ask(server, provider, tmp_path, seconds=30)

    assert answer.text == "hello"
    assert len(server.seen) == 3
    assert 0 < pauses[0] < 1.5 <= pauses[1]


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_patience_ends_as_infrastructure(serve: Any, provider: Provider, tmp_path: Path) -> None:
    with pytest.raises(RunnerError) as error:
        await ask(serve(BROKEN), provider, tmp_path, seconds=0.5)

    assert (error.value.failure_class, error.value.reason) == (FailureClass.INFRASTRUCTURE, "ModelUnavailable")
    assert "500" in error.value.message


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_server_that_is_not_there_is_infrastructure(serve: Any, provider: Provider, tmp_path: Path) -> None:
    server = serve(OK[provider])
    server.shutdown()
    server.server_close()
    with pytest.raises(RunnerError, match=r"ModelUnavailable.*cannot be reached"):
        await ask(server, provider, tmp_path, seconds=0.5)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("status", "text", "reason"),
    [
        (401, "no", "ModelCredentials"),
        (403, "no", "ModelCredentials"),
        (404, "no", "ModelNotFound"),
        (429, '{"error": {"code": "insufficient_quota", "message": "You exceeded your current quota"}}', "ModelQuota"),
        (400, '{"error": {"code": "context_length_exceeded", "message": "maximum context length"}}', "ContextOverflow"),
        (400, "no", "ModelRefused"),
    ],
)
async def test_what_asking_again_cannot_help_ends_at_once(
    serve: Any, provider: Provider, tmp_path: Path, status: int, text: str, reason: str
) -> None:
    server = serve((status, {}, text))
    with pytest.raises(RunnerError) as error:
        await ask(server, provider, tmp_path)

    assert error.value.reason == reason
    assert len(server.seen) == 1


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    "answer",
    [
        (200, {}, "{}"),
        (200, {}, "<html>"),
        (200, {"Content-Type": "text/html"}, "<html>"),
        (200, {}, '{"choices": null}'),
        (200, {}, '{"choices": []}'),
    ],
)
async def test_an_answer_that_is_none_is_never_taken_for_one(
    serve: Any, provider: Provider, tmp_path: Path, answer: tuple[int, dict[str, str], str]
) -> None:
    with pytest.raises(RunnerError, match=r"ModelUnavailable.*no chat completion"):
        await ask(serve(answer), provider, tmp_path, seconds=0.5)


@pytest.mark.parametrize("key", ["sk-\ufeffa", "sk-a\nsk-b", "\u201csk-a\u201d", "\ufeffsk-a", b"sk-\xff"])
def test_a_key_that_no_request_can_carry_is_told_at_once(tmp_path: Path, key: str | bytes) -> None:
    (tmp_path / "apiKey").write_bytes(key if isinstance(key, bytes) else key.encode())

    with pytest.raises(Configuration, match="ModelCredentials") as error:
        build(Model(name="m"), tmp_path)
    assert "sk-" not in str(error.value)


def test_a_bundle_of_own_authorities_replaces_the_systems(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    empty = tmp_path / "ca.crt"
    empty.write_text("nothing")
    monkeypatch.setenv("SSL_CERT_FILE", str(empty))

    with pytest.raises(Configuration, match="CertificatesUnreadable"):
        build(Model(name="m"), tmp_path)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"code": 402, "message": "m"}, "ModelQuota"),
        ({"code": "insufficient_quota"}, "ModelQuota"),
        ({"code": "context_length_exceeded"}, "ContextOverflow"),
        ({"code": "content_filter"}, "ModelDeclined"),
        ({"code": 502}, ""),
        ({"code": "server_error"}, ""),
        ({"code": 7}, ""),
        (None, ""),
    ],
)
def test_what_is_said_in_the_middle_of_a_stream_counts_as_a_status(body: object, reason: str) -> None:
    meaning = diagnose(APIError("Oh.", httpx2.Request("POST", "http://model"), body=body), "m")

    assert (meaning.reason if isinstance(meaning, RunnerError) else "") == reason


GOOGLES_LIMIT = """429 RESOURCE_EXHAUSTED. {'error': {'message': 'You exceeded your current quota, please check your
plan and billing details.', 'details': [{'quotaId': 'GenerateRequestsPer%sPerProject'}, {'retryDelay': '43s'}]}}"""


def test_googles_limit_of_a_minute_is_waited_for_and_that_of_a_day_is_not() -> None:
    minute, day = (of_answer(429, {}, GOOGLES_LIMIT % span, "m") for span in ("Minute", "Day"))

    assert isinstance(minute, Transient) and minute.retry_after == 43
    assert isinstance(day, Configuration) and day.reason == "ModelQuota"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("API key not valid. Please pass a valid API key.", "ModelCredentials"),
        ("Your credit balance is too low to access the Anthropic API.", "ModelQuota"),
        ("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", "ContextOverflow"),
        ("the request exceeds the available context size, try increasing it", "ContextOverflow"),
        ("input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000", "ContextOverflow"),
        ("The decoder prompt (length 8357) is longer than the maximum model length of 8192.", "ContextOverflow"),
        ("This model's maximum prompt length is 131072 but the request contains 150000 tokens.", "ContextOverflow"),
        ("Your request exceeded model token limit: 262144 (requested: 300000)", "ContextOverflow"),
        ("Input is too long for requested model.", "ContextOverflow"),
        ("`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens", "ContextOverflow"),
        ("The prompt triggered Azure OpenAI's content management policy.", "ModelDeclined"),
        ("Output blocked by content filtering policy", "ModelDeclined"),
        ("Your prompt was flagged as potentially violating our usage policy.", "ModelDeclined"),
        ("Unknown parameter: 'tools'.", "ModelRefused"),
    ],
)
def test_what_a_bad_request_means_is_told_by_its_words(text: str, reason: str) -> None:
    meaning = of_answer(400, {}, text, "m")

    assert isinstance(meaning, RunnerError) and meaning.reason == reason


def test_what_a_provider_declines_is_the_conversations_trouble_and_not_the_pools() -> None:
    flagged = of_answer(403, {}, "Your chosen model requires moderation and your input was flagged", "m")

    assert isinstance(flagged, RunnerError) and flagged.failure_class is FailureClass.REFUSED


OPENAIS_LIMIT = """Error code: 429 - {'error': {'message': 'Rate limit reached for m. Limit: 3 / min. Try again in
20s. Visit the account/billing page to add a payment method.', 'code': 'rate_limit_exceeded'}}"""


def test_a_limit_that_passes_may_speak_of_billing() -> None:
    assert isinstance(of_answer(429, {}, OPENAIS_LIMIT, "m"), Transient)


def test_a_request_that_no_minute_takes_is_too_long() -> None:
    said = "Request too large for m on tokens per min (TPM): Limit 30000, Requested 50000. ('rate_limit_exceeded')"
    meaning = of_answer(429, {}, said, "m")

    assert isinstance(meaning, RunnerError) and meaning.reason == "ContextOverflow"


@given(st.integers(400, 599), st.text(max_size=50))
def test_every_error_status_has_one_meaning(status: int, text: str) -> None:
    meaning = of_answer(status, {}, text, "m")

    assert isinstance(meaning, Transient | RunnerError)
    assert isinstance(meaning, Transient) or status < 500
    assert str(status) in str(meaning) or "context" in str(meaning)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("soon", None),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0),
        ("Thu, 01 Jan 99999999999999999999 00:00:00 GMT", None),
    ],
)
def test_retry_after_as_seconds_or_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, 10.0) == seconds


def test_prices_of_the_order_come_first_and_dated_names_are_known() -> None:
    own = Price(prompt=Decimal(3), completion=Decimal(4))

    assert price_of(Model(name="gpt-5", price=own)) == own
    assert price_of(Model(name="gpt-5-mini-2025-08-07")) == price_of(Model(name="gpt-5-mini"))
    assert price_of(Model(name="gpt-5-mini")) is not None
    assert price_of(Model(provider=Provider.MISTRAL, name="codestral-2508")) is not None
    assert price_of(Model(name="boardhand-scripted")) is None


def test_every_row_of_the_price_table_is_a_price() -> None:
    table = yaml.safe_load(resources.files("boardhand_runner").joinpath("prices.yaml").read_text("utf-8"))

    assert set(table) == {"as_of", *Provider}
    for provider in Provider:
        for name in table[provider]:
            price = price_of(Model(provider=provider, name=name))
            assert price is not None
            assert 0 < (price.cached or 0) <= price.prompt < price.completion
            assert price.cache_write is None or price.prompt < price.cache_write < price.completion


def test_cached_tokens_cost_less() -> None:
    price = Price(prompt=Decimal(2), cached=Decimal("0.5"), completion=Decimal(8))

    assert cost(price, prompt=1_000_000, cached=400_000, completion=500_000) == Decimal("5.4")


def test_usage_without_figures_or_price_knows_no_money() -> None:
    metadata = {"input_tokens": 10, "output_tokens": 2, "input_token_details": {"cache_read": 4}}

    assert usage_of(None, Price(prompt=Decimal(1), completion=Decimal(1))) == Usage()
    assert usage_of(metadata, None) == Usage(prompt_tokens=10, cached_tokens=4, completion_tokens=2)


ODD_FIGURES: list[Any] = [{"prompt_tokens_details": {"cached_tokens": "5"}}, {"prompt_tokens_details": [5]}, [5], "5"]
ODD_FIGURES += [{"num_cached_tokens": 2.5}, {"num_cached_tokens": {"a": 5}}]


@pytest.mark.parametrize("figures", ODD_FIGURES)
def test_a_servers_own_figures_may_be_of_any_form(figures: Any) -> None:
    used = UsageMetadata(input_tokens=10, output_tokens=2, total_tokens=12)
    answer = AIMessage("x", usage_metadata=used, response_metadata={"token_usage": figures})

    assert usage_of(reported(answer), None) == Usage(prompt_tokens=10, completion_tokens=2)


@pytest.mark.parametrize(("prompt", "completion"), [(-1, 2), (10, -2), (10**18, 2), (10, 10**9)])
def test_figures_that_cannot_be_are_no_usage(prompt: int, completion: int) -> None:
    price = Price(prompt=Decimal(1), completion=Decimal(1))
    details = {"cache_read": -5, "cache_creation": -5}

    assert usage_of({"input_tokens": prompt, "output_tokens": completion}, price) == Usage()
    assert usage_of({"input_tokens": 10, "output_tokens": 2, "input_token_details": details}, price).cached_tokens == 0


def test_money_that_is_limited_must_be_known() -> None:
    with pytest.raises(Configuration, match="PriceUnknown"):
        Ledger(LIMITS.model_copy(update={"money": Decimal(1)})).add(Usage(prompt_tokens=1), step=True)


@given(st.lists(st.integers(1, 500), max_size=30))
def test_a_ledger_stops_at_the_first_limit_and_loses_nothing(answers: list[int]) -> None:
    ledger = Ledger(LIMITS.model_copy(update={"steps": 10, "tokens": 2000}))
    taken = 0
    for tokens in answers:
        try:
            ledger.check()
        except Budget:
            assert ledger.steps == 10 or taken >= 2000
            break
        ledger.add(Usage(prompt_tokens=tokens, money=Decimal(tokens)), step=True)
        taken += tokens

    assert ledger.total().prompt_tokens == taken
    assert ledger.total().money == taken
    assert ledger.steps <= 10


def test_a_ledger_keeps_the_time() -> None:
    now = [0.0]
    ledger = Ledger(LIMITS, clock=lambda: now[0])
    now[0] = 119.0
    ledger.check()
    assert ledger.seconds_left == 1
    now[0] = 120.0
    with pytest.raises(Deadline):
        ledger.check()
    assert ledger.total().seconds == 120
