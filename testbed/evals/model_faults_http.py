"""What a model's server says wrong: error statuses, bodies that are no completion, silence. Over OpenAI's API."""

from __future__ import annotations

import json
from dataclasses import replace

from boardhand_api.model import Profile
from testbed.evals.faulty_cases import (
    IMPATIENT,
    PATIENT,
    UNAVAILABLE,
    asked_again,
    asked_once,
    fell_back,
    final,
    forever,
    once,
    waited,
)
from testbed.evals.faulty_reply import Damage, Damaged, How, Http
from testbed.evals.faulty_run import EDIT, FINISH, KEY, WORK, Fault
from testbed.model import wire

PAUSE = 3
"""Longer than the runner's own first pauses."""


def error(status: int, text: str, code: str | None = None, **headers: str) -> Http:
    """An error in OpenAI's shape."""
    body = json.dumps(wire.error(text, "server_error", code))
    return Http(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


RATE = error(429, "Rate limit reached for requests.", "rate_limit_exceeded")
QUOTA = error(429, "You exceeded your current quota, please check your plan.", "insufficient_quota")
HTML = "<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"
GATEWAY = Http(502, HTML, {"Content-Type": "text/html"})
PORTAL = Http(200, "<html><body>Please log in to the network.</body></html>", {"Content-Type": "text/html"})
TRUNCATED = Http(200, '{"id": "chatcmpl-1", "object": "chat.completion", "choices": [{"index": 0, "mess')
NULL_CHOICES = Http(200, json.dumps({"id": "c", "object": "chat.completion", "model": "m", "choices": None}))
NO_CHOICES = Http(200, json.dumps({"id": "c", "object": "chat.completion", "model": "m", "choices": []}))
ERROR_AS_200 = Http(200, json.dumps(wire.error("The engine is overloaded.", "server_error")))
NOTHING = Http(200, "", {"Content-Type": "text/event-stream"})
TOO_LONG = error(400, "This model's maximum context length is 8192 tokens.", "context_length_exceeded")
LARGE_BODY = Http(413, HTML, {"Content-Type": "text/html"})
SILENT = Damaged(EDIT, Damage(How.STALLED, seconds=30))
RESET = Damaged(EDIT, Damage(How.RESET))
CLOSED = Damaged(EDIT, Damage(How.CUT))
WIDE = Profile(context_tokens=1_000_000)


FAULTS = (
    once("rate-limit-with-seconds", error(429, "Slow down.", retry_after=str(PAUSE)), holds=waited(PAUSE), short=True),
    once("rate-limit-with-date", replace(RATE, retry_at=PAUSE + 1), holds=waited(PAUSE - 0.5)),
    once("rate-limit", RATE, holds=waited(0.5)),
    once("rate-limit-with-nonsense", error(429, "Slow down.", retry_after="soon")),
    forever("rate-limit", RATE, limits=PATIENT, holds=asked_again),
    Fault(
        "rate-limit-beyond-patience",
        UNAVAILABLE,
        large=(error(429, "Slow down.", retry_after="3600"),),
        describe=(),
        holds=asked_once,
    ),
    final("quota-used-up", QUOTA, "Configuration/ModelQuota", short=True),
    final("payment-required", error(402, "Insufficient balance."), "Configuration/ModelQuota"),
    once("error-500", error(500, "The server had an error.")),
    forever("error-500", error(500, "The server had an error."), limits=PATIENT, holds=asked_again),
    once("error-502-html", GATEWAY),
    once("error-503-with-seconds", error(503, "Overloaded.", retry_after=str(PAUSE)), holds=waited(PAUSE)),
    once("error-504", Http(504, "upstream request timeout", {"Content-Type": "text/plain"})),
    once("error-529", error(529, "Overloaded.")),
    once("error-408", error(408, "Timed out.")),
    final("key-invalid", error(401, f"Incorrect API key provided: {KEY}."), "Configuration/ModelCredentials"),
    final("key-forbidden", error(403, "No access to this model."), "Configuration/ModelCredentials"),
    final("model-not-found", error(404, "No such model.", "model_not_found"), "Configuration/ModelNotFound"),
    final("unknown-parameter", error(400, "Unknown parameter: 'tools'."), "Configuration/ModelRefused"),
    once("context-overflow", TOO_LONG, "ContextOverflow", short=True),
    Fault("context-overflow-for-ever", "Stuck/ContextOverflow", (TOO_LONG,), describe=(), nudges=("ContextOverflow",)),
    once("request-too-large", LARGE_BODY, "ContextOverflow"),
    once("silence", SILENT),
    forever("silence", SILENT),
    once("reset", RESET),
    forever("reset", RESET),
    once("closed-without-a-word", CLOSED),
    Fault("nobody-there", UNAVAILABLE, route=(), large=(), describe=(), unheard=True, limits=IMPATIENT),
    once("html-with-200", PORTAL),
    forever("html-with-200", PORTAL),
    once("truncated-json", TRUNCATED),
    forever("truncated-json", TRUNCATED),
    once("null-choices", NULL_CHOICES),
    forever("null-choices", NULL_CHOICES),
    once("no-choices", NO_CHOICES),
    forever("no-choices", NO_CHOICES),
    once("error-with-200", ERROR_AS_200),
    once("nothing-with-200", NOTHING),
    forever("nothing-with-200", NOTHING),
    Fault(
        "unavailable-with-fallback",
        "Succeeded",
        large=(EDIT, error(503, "Overloaded.")),
        spare=(FINISH,),
        limits=IMPATIENT,
        holds=fell_back,
        short=True,
    ),
    Fault(
        "unavailable-and-fallback-too",
        UNAVAILABLE,
        large=(error(503, "Overloaded."),),
        spare=(RATE,),
        describe=(),
        limits=IMPATIENT,
        holds=fell_back,
    ),
    Fault(
        "fallback-with-wrong-key",
        "Configuration/ModelCredentials",
        large=(error(503, "Overloaded."),),
        spare=(error(401, "Incorrect API key."),),
        describe=(),
        limits=IMPATIENT,
    ),
    Fault(
        "context-overflow-with-larger-fallback",
        "Succeeded",
        large=(TOO_LONG,),
        spare=WORK,
        spare_profile=WIDE,
        holds=fell_back,
    ),
)
