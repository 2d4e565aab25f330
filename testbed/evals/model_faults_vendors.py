"""What other vendors tell in another shape, and models that write their calls as text."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from boardhand_api.model import CallFormat, Profile, Provider
from testbed.evals.faulty_model import Damage, Damaged, How, Http, Reply
from testbed.evals.faulty_run import EDIT, FINISH, KEY, Fault, call, calls
from testbed.evals.faulty_wire import Mark, Said
from testbed.evals.model_faults_answers import BAD_JSON, EMPTY, TALK, UNKNOWN
from testbed.evals.model_faults_http import IMPATIENT, PORTAL, UNAVAILABLE, asked_once, waited
from testbed.evals.model_faults_streams import LONG_FINISH
from testbed.model import wire

STREAM = {"Content-Type": "text/event-stream"}
CUT = replace(LONG_FINISH, finish="length")
FILTERED = Said(text="", finish="content_filter")
OVERFLOW = ("ContextOverflow",)


def once(vendor: Provider, name: str, wrong: Reply, *nudges: str, **more: Any) -> Fault:
    """The fault strikes once, between the edit and the end."""
    large: tuple[Reply, ...] = (EDIT, wrong, FINISH)
    return Fault(f"{vendor}-{name}", "Succeeded", large=large, provider=vendor, nudges=nudges, **more)


def ended(vendor: Provider, name: str, wrong: Reply, expected: str) -> Fault:
    """The run ends at once."""
    return Fault(
        f"{vendor}-{name}", expected, large=(wrong,), describe=(), provider=vendor, holds=asked_once, limits=IMPATIENT
    )


def forever(vendor: Provider, name: str, wrong: Reply, expected: str = UNAVAILABLE, *nudges: str) -> Fault:
    """The fault never ends."""
    return Fault(
        f"{vendor}-{name}-for-ever",
        expected,
        large=(wrong,),
        describe=(),
        provider=vendor,
        nudges=nudges,
        limits=IMPATIENT,
    )


def broken(how: How, at: Mark, **more: Any) -> Damaged:
    """An answer that breaks on its way."""
    return Damaged(LONG_FINISH, Damage(how, at, **more))


def mistrals(status: int, text: str, **more: object) -> Http:
    """An error of Mistral's."""
    return Http(status, json.dumps({"object": "error", "message": text, "type": "error", "param": None} | more))


def googles(status: int, word: str, text: str, *details: dict[str, Any]) -> Http:
    """An error of Google's."""
    return Http(status, json.dumps({"error": {"code": status, "message": text, "status": word, "details": details}}))


def anthropics(status: int, kind: str, text: str, **headers: str) -> Http:
    """An error of Anthropic's."""
    body = json.dumps({"type": "error", "error": {"type": kind, "message": text}, "request_id": "req_1"})
    return Http(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


EXHAUSTED = "You exceeded your current quota, please check your plan and billing details."
BY_MINUTE = googles(
    429,
    "RESOURCE_EXHAUSTED",
    EXHAUSTED,
    {
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [{"quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "quotaValue": "5"}],
    },
    {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3s"},
)
BY_DAY = googles(
    429,
    "RESOURCE_EXHAUSTED",
    EXHAUSTED,
    {
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "quotaValue": "20"}],
    },
    {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3s"},
)
GOOGLE_KEY = googles(
    400,
    "INVALID_ARGUMENT",
    "API key not valid. Please pass a valid API key.",
    {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"},
)
GOOGLE_LONG = googles(
    400,
    "INVALID_ARGUMENT",
    "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
)
BUSY = googles(503, "UNAVAILABLE", "The model is overloaded. Please try again later.")
BLOCKED = Http(
    200,
    wire.sse({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 100}}),
    STREAM,
)
NO_CANDIDATES = Http(200, wire.sse({"modelVersion": "gemini-test"}), STREAM)
OVERLOADED = anthropics(529, "overloaded_error", "Overloaded")
LATE_OVERLOAD = (
    f"event: error\n{wire.sse({'type': 'error', 'error': {'type': 'overloaded_error', 'message': 'Overloaded'}})}"
)
CREDIT = anthropics(400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API.")
TOO_LONG = anthropics(400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum")
ANTHROPIC_KEY = anthropics(401, "authentication_error", f"invalid x-api-key {KEY}")

MISTRAL = (
    once(Provider.MISTRAL, "bad-json", BAD_JSON, "BadArguments"),
    once(Provider.MISTRAL, "empty-answer", EMPTY, "EmptyAnswer"),
    once(Provider.MISTRAL, "cut-off", replace(CUT, finish="model_length"), "CutOff"),
    once(Provider.MISTRAL, "cut-in-call", broken(How.CUT, Mark.CALL)),
    once(Provider.MISTRAL, "ended-before-end", broken(How.ENDED, Mark.END)),
    once(Provider.MISTRAL, "error-event", broken(How.SAYS, Mark.CALL, text=wire.sse({"error": {"message": "Oh."}}))),
    once(Provider.MISTRAL, "hums", broken(How.HUMS, Mark.CALL, seconds=30)),
    once(Provider.MISTRAL, "garbage", broken(How.SAYS, Mark.CALL, text='data: {"choices": [{"ind\n\n')),
    once(Provider.MISTRAL, "stalled-in-text", broken(How.STALLED, Mark.TEXT, seconds=30)),
    once(Provider.MISTRAL, "rate-limit", mistrals(429, "Requests rate limit exceeded", code="1300")),
    once(Provider.MISTRAL, "html-with-200", PORTAL),
    forever(Provider.MISTRAL, "html-with-200", PORTAL),
    once(Provider.MISTRAL, "error-body-cut", Damaged(mistrals(500, "Error"), Damage(How.CUT, Mark.TEXT))),
    once(
        Provider.MISTRAL,
        "context-overflow",
        mistrals(400, "Prompt contains 40000 tokens, too large for model with 32768 maximum context length"),
        *OVERFLOW,
    ),
    ended(
        Provider.MISTRAL,
        "key-invalid",
        Http(401, json.dumps({"detail": "Unauthorized"})),
        "Configuration/ModelCredentials",
    ),
    ended(
        Provider.MISTRAL, "field-refused", Http(422, '{"detail": [{"type": "extra"}]}'), "Configuration/ModelRefused"
    ),
)
GOOGLE = (
    once(Provider.GOOGLE, "empty-answer", EMPTY, "EmptyAnswer"),
    once(Provider.GOOGLE, "cut-off", replace(TALK, finish="length"), "CutOff"),
    once(Provider.GOOGLE, "safety", FILTERED, "EmptyAnswer"),
    once(Provider.GOOGLE, "malformed-call", Said(text="", finish="MALFORMED_FUNCTION_CALL"), "EmptyAnswer"),
    once(Provider.GOOGLE, "prompt-blocked", BLOCKED, "EmptyAnswer"),
    once(Provider.GOOGLE, "no-candidates", NO_CANDIDATES),
    once(Provider.GOOGLE, "unknown-tool", UNKNOWN, "UnknownTool"),
    once(Provider.GOOGLE, "cut-in-text", broken(How.CUT, Mark.TEXT)),
    once(Provider.GOOGLE, "ended-in-text", broken(How.ENDED, Mark.TEXT)),
    once(Provider.GOOGLE, "stalled-in-call", broken(How.STALLED, Mark.CALL, seconds=30)),
    once(Provider.GOOGLE, "error-event", broken(How.SAYS, Mark.CALL, text=wire.sse(json.loads(BUSY.body)))),
    once(Provider.GOOGLE, "hums", broken(How.HUMS, Mark.CALL, seconds=30)),
    once(Provider.GOOGLE, "garbage", broken(How.SAYS, Mark.CALL, text='data: {"candidates": [{"con\n\n')),
    once(Provider.GOOGLE, "rate-limit-by-minute", BY_MINUTE, holds=waited(3)),
    ended(Provider.GOOGLE, "quota-by-day", BY_DAY, "Configuration/ModelQuota"),
    once(Provider.GOOGLE, "error-503", BUSY),
    once(Provider.GOOGLE, "html-with-200", PORTAL),
    once(Provider.GOOGLE, "error-body-cut", Damaged(BY_MINUTE, Damage(How.CUT, Mark.TEXT))),
    once(Provider.GOOGLE, "context-overflow", GOOGLE_LONG, *OVERFLOW),
    ended(Provider.GOOGLE, "key-invalid", GOOGLE_KEY, "Configuration/ModelCredentials"),
)
ANTHROPIC = (
    once(Provider.ANTHROPIC, "empty-answer", EMPTY, "EmptyAnswer"),
    once(Provider.ANTHROPIC, "cut-off", CUT, "CutOff"),
    once(Provider.ANTHROPIC, "refusal", FILTERED, "EmptyAnswer"),
    once(Provider.ANTHROPIC, "bad-json", BAD_JSON, "BadArguments"),
    once(Provider.ANTHROPIC, "two-unknown-tools", calls(call("grep", pattern="x"), call("git", x=1)), "UnknownTool"),
    once(Provider.ANTHROPIC, "overloaded", OVERLOADED),
    forever(Provider.ANTHROPIC, "overloaded", OVERLOADED),
    once(Provider.ANTHROPIC, "overloaded-in-stream", broken(How.SAYS, Mark.CALL, text=LATE_OVERLOAD)),
    once(
        Provider.ANTHROPIC, "rate-limit", anthropics(429, "rate_limit_error", "Slow.", retry_after="3"), holds=waited(3)
    ),
    once(Provider.ANTHROPIC, "cut-in-call", broken(How.CUT, Mark.CALL)),
    once(Provider.ANTHROPIC, "ended-in-call", broken(How.ENDED, Mark.CALL)),
    once(Provider.ANTHROPIC, "reset-in-text", broken(How.RESET, Mark.TEXT)),
    once(Provider.ANTHROPIC, "stalled-in-text", broken(How.STALLED, Mark.TEXT, seconds=30)),
    once(Provider.ANTHROPIC, "hums", broken(How.HUMS, Mark.CALL, seconds=30)),
    once(Provider.ANTHROPIC, "garbage", broken(How.SAYS, Mark.CALL, text='event: message_delta\ndata: {"typ\n\n')),
    once(Provider.ANTHROPIC, "html-with-200", PORTAL),
    once(Provider.ANTHROPIC, "error-body-cut", Damaged(OVERLOADED, Damage(How.CUT, Mark.TEXT))),
    once(Provider.ANTHROPIC, "context-overflow", TOO_LONG, *OVERFLOW),
    ended(Provider.ANTHROPIC, "credit-used-up", CREDIT, "Configuration/ModelQuota"),
    ended(Provider.ANTHROPIC, "key-invalid", ANTHROPIC_KEY, "Configuration/ModelCredentials"),
)


def written(text: str) -> Said:
    """An answer of a model that has no calls of its own."""
    return Said(text=text)


TEXTS = Profile(calls=CallFormat.TEXT)
EDITS = written("[[call edit_file]]\npath: total.sh\nold: echo $1\nnew: echo $(($1 * 2))\n[[end]]")
FINISHES = written("[[call finish]]\nsummary: It doubles.\n[[end]]")
ROUTES = written("[[call Route]]\nspecialist: coder\nreason: A change.\n[[end]]")
DESCRIBES = written("[[call PullRequestText]]\ntitle: Double the total\nwhy: It was single.\n[[end]]")


def texts(name: str, wrong: Said, *nudges: str, expected: str = "Succeeded") -> Fault:
    """A model that writes its calls, and once does it wrong."""
    large = (EDITS, wrong, FINISHES)
    return Fault(f"text-{name}", expected, large, route=(ROUTES,), describe=(DESCRIBES,), nudges=nudges, profile=TEXTS)


TEXT = (
    texts("call-without-end", written("[[call read_file]]\npath: total.sh")),
    texts("call-in-json", written('<tool_call>{"name": "read_file", "arguments": {"path": "total.sh"}}</tool_call>')),
    texts(
        "call-in-broken-json",
        written('<tool_call>{"name": "read_file", "arguments": {"path"</tool_call>'),
        "BadArguments",
    ),
    texts("unknown-tool", written("[[call grep]]\npattern: total\n[[end]]"), "UnknownTool"),
    texts("line-astray", written("[[call read_file]]\nthe file total.sh, please\n[[end]]"), "BadArguments"),
    texts("no-call", TALK, "NoToolCall"),
    texts("cut-off", replace(written("[[call write_file]]\npath: total.sh\ncontent:\ntot"), finish="length"), "CutOff"),
)
FAULTS: tuple[Fault, ...] = (*MISTRAL, *GOOGLE, *ANTHROPIC, *TEXT)
