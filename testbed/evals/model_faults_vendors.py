"""What other vendors tell in another shape, and models that write their calls as text."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from boardhand_api.model import CallFormat, Profile, Provider
from testbed.evals.faulty_cases import LONG_FINISH, broken, final, forever, once, waited
from testbed.evals.faulty_reply import Damage, Damaged, How, Http
from testbed.evals.faulty_run import KEY, Fault, call, calls
from testbed.evals.faulty_wire import Mark, Said
from testbed.evals.model_faults_answers import BAD_JSON, EMPTY, TALK, UNKNOWN
from testbed.evals.model_faults_http import PORTAL
from testbed.model import wire

STREAM = {"Content-Type": "text/event-stream"}
CUT = replace(LONG_FINISH, finish="length")
FILTERED = Said(text="", finish="content_filter")
OVERFLOW = ("ContextOverflow",)


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


def exhausted(span: str) -> Http:
    """Google's limits of a minute and of a day have the same words."""
    violated = {"violations": [{"quotaId": f"GenerateRequestsPer{span}PerProjectPerModel-FreeTier"}]}
    failed = {"@type": "type.googleapis.com/google.rpc.QuotaFailure"} | violated
    again = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3s"}
    return googles(429, "RESOURCE_EXHAUSTED", EXHAUSTED, failed, again)


BY_MINUTE, BY_DAY = exhausted("Minute"), exhausted("Day")
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
    once("mistral-bad-json", BAD_JSON, "BadArguments"),
    once("mistral-empty-answer", EMPTY, "EmptyAnswer"),
    once("mistral-cut-off", replace(CUT, finish="model_length"), "CutOff"),
    once("mistral-cut-in-call", broken(How.CUT, Mark.CALL)),
    once("mistral-ended-before-end", broken(How.ENDED, Mark.END)),
    once("mistral-error-event", broken(How.SAYS, Mark.CALL, text=wire.sse({"error": {"message": "Oh."}}))),
    once("mistral-hums", broken(How.HUMS, Mark.CALL, seconds=30)),
    once("mistral-garbage", broken(How.SAYS, Mark.CALL, text='data: {"choices": [{"ind\n\n')),
    once("mistral-stalled-in-text", broken(How.STALLED, Mark.TEXT, seconds=30)),
    once("mistral-rate-limit", mistrals(429, "Requests rate limit exceeded", code="1300")),
    once("mistral-html-with-200", PORTAL),
    forever("mistral-html-with-200", PORTAL),
    once("mistral-error-body-cut", Damaged(mistrals(500, "Error"), Damage(How.CUT, Mark.TEXT))),
    once(
        "mistral-context-overflow",
        mistrals(400, "Prompt contains 40000 tokens, too large for model with 32768 maximum context length"),
        *OVERFLOW,
    ),
    final(
        "mistral-key-invalid",
        Http(401, json.dumps({"detail": "Unauthorized"})),
        "Configuration/ModelCredentials",
    ),
    final("mistral-field-refused", Http(422, '{"detail": [{"type": "extra"}]}'), "Configuration/ModelRefused"),
)
GOOGLE = (
    once("google-empty-answer", EMPTY, "EmptyAnswer"),
    once("google-cut-off", replace(TALK, finish="length"), "CutOff"),
    once("google-safety", FILTERED, "EmptyAnswer"),
    once("google-malformed-call", Said(text="", finish="MALFORMED_FUNCTION_CALL"), "EmptyAnswer"),
    once("google-prompt-blocked", BLOCKED, "EmptyAnswer"),
    once("google-no-candidates", NO_CANDIDATES),
    once("google-unknown-tool", UNKNOWN, "UnknownTool"),
    once("google-cut-in-text", broken(How.CUT, Mark.TEXT)),
    once("google-ended-in-text", broken(How.ENDED, Mark.TEXT)),
    once("google-stalled-in-call", broken(How.STALLED, Mark.CALL, seconds=30)),
    once("google-error-event", broken(How.SAYS, Mark.CALL, text=wire.sse(json.loads(BUSY.body)))),
    once("google-hums", broken(How.HUMS, Mark.CALL, seconds=30)),
    once("google-garbage", broken(How.SAYS, Mark.CALL, text='data: {"candidates": [{"con\n\n')),
    once("google-rate-limit-by-minute", BY_MINUTE, holds=waited(3)),
    final("google-quota-by-day", BY_DAY, "Configuration/ModelQuota"),
    once("google-error-503", BUSY),
    once("google-html-with-200", PORTAL),
    once("google-error-body-cut", Damaged(BY_MINUTE, Damage(How.CUT, Mark.TEXT))),
    once("google-context-overflow", GOOGLE_LONG, *OVERFLOW),
    final("google-key-invalid", GOOGLE_KEY, "Configuration/ModelCredentials"),
)
ANTHROPIC = (
    once("anthropic-empty-answer", EMPTY, "EmptyAnswer"),
    once("anthropic-cut-off", CUT, "CutOff"),
    once("anthropic-refusal", FILTERED, "EmptyAnswer"),
    once("anthropic-bad-json", BAD_JSON, "BadArguments"),
    once("anthropic-two-unknown-tools", calls(call("grep", pattern="x"), call("git", x=1)), "UnknownTool"),
    once("anthropic-overloaded", OVERLOADED),
    forever("anthropic-overloaded", OVERLOADED),
    once("anthropic-overloaded-in-stream", broken(How.SAYS, Mark.CALL, text=LATE_OVERLOAD)),
    once("anthropic-rate-limit", anthropics(429, "rate_limit_error", "Slow.", retry_after="3"), holds=waited(3)),
    once("anthropic-cut-in-call", broken(How.CUT, Mark.CALL)),
    once("anthropic-ended-in-call", broken(How.ENDED, Mark.CALL)),
    once("anthropic-reset-in-text", broken(How.RESET, Mark.TEXT)),
    once("anthropic-stalled-in-text", broken(How.STALLED, Mark.TEXT, seconds=30)),
    once("anthropic-hums", broken(How.HUMS, Mark.CALL, seconds=30)),
    once("anthropic-garbage", broken(How.SAYS, Mark.CALL, text='event: message_delta\ndata: {"typ\n\n')),
    once("anthropic-html-with-200", PORTAL),
    once("anthropic-error-body-cut", Damaged(OVERLOADED, Damage(How.CUT, Mark.TEXT))),
    once("anthropic-context-overflow", TOO_LONG, *OVERFLOW),
    final("anthropic-credit-used-up", CREDIT, "Configuration/ModelQuota"),
    final("anthropic-key-invalid", ANTHROPIC_KEY, "Configuration/ModelCredentials"),
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
FAULTS: tuple[Fault, ...] = (
    *(replace(fault, provider=Provider.MISTRAL) for fault in MISTRAL),
    *(replace(fault, provider=Provider.GOOGLE) for fault in GOOGLE),
    *(replace(fault, provider=Provider.ANTHROPIC) for fault in ANTHROPIC),
    *TEXT,
)
