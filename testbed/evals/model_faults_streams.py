"""Answers that break on their way: cut, reset, stalled, garbled. Over OpenAI's API, streamed or not as it is asked."""

from __future__ import annotations

import json
from typing import Any

from testbed.evals.faulty_cases import broken, final, forever, once
from testbed.evals.faulty_reply import Damage, Damaged, How, Http
from testbed.evals.faulty_wire import Called, Mark, Said
from testbed.model import wire


def event(text: str, code: Any = None) -> Damaged:
    """An error in place of a chunk."""
    return broken(How.SAYS, Mark.TEXT, text=wire.sse(wire.error(text, "server_error", code)))


FAILED = event("The server had an error.")
OVERFLOW = event("Too many tokens.", "context_length_exceeded")
NO_CREDIT = event("You have no credits left.", 402)
NO_KEY = event("No such key.", "invalid_api_key")
GARBAGE = broken(How.SAYS, Mark.CALL, text='data: {"choices": [{"ind\n\ndata: <html>\n\n\x00\x01 no event\n\n')
LATE_ERROR = Http(500, json.dumps(wire.error("The server had an error.", "server_error")))

FAULTS = (
    once("stream-cut-in-text", broken(How.CUT, Mark.TEXT)),
    once("stream-cut-in-call", broken(How.CUT, Mark.CALL), short=True),
    forever("stream-cut-in-call", broken(How.CUT, Mark.CALL)),
    once("stream-cut-before-end", broken(How.CUT, Mark.END)),
    once("stream-cut-after-usage", broken(How.CUT, Mark.DONE)),
    once("stream-ended-in-text", broken(How.ENDED, Mark.TEXT)),
    once("stream-ended-in-call", broken(How.ENDED, Mark.CALL)),
    once("stream-ended-before-end", broken(How.ENDED, Mark.END)),
    forever("stream-ended-in-call", broken(How.ENDED, Mark.CALL)),
    once("stream-reset-in-text", broken(How.RESET, Mark.TEXT)),
    once("stream-reset-in-call", broken(How.RESET, Mark.CALL)),
    once("stream-stalled-in-call", broken(How.STALLED, Mark.CALL, seconds=30)),
    forever("stream-stalled-in-text", broken(How.STALLED, Mark.TEXT, seconds=30)),
    once("stream-hums-in-call", broken(How.HUMS, Mark.CALL, seconds=30)),
    forever("stream-hums-before-text", broken(How.HUMS, Mark.HEAD, seconds=30)),
    once("stream-error-event", FAILED),
    forever("stream-error-event", FAILED),
    once("stream-rate-limit-event", event("Slow down.", "rate_limit_exceeded")),
    once("stream-error-event-502", event("Provider returned an error.", 502)),
    once("stream-overflow-event", OVERFLOW, "ContextOverflow"),
    final("stream-quota-event", NO_CREDIT, "Configuration/ModelQuota"),
    final("stream-key-event", NO_KEY, "Configuration/ModelCredentials"),
    once("stream-garbage", GARBAGE),
    forever("stream-garbage", GARBAGE),
    once("error-body-cut", Damaged(LATE_ERROR, Damage(How.CUT, Mark.TEXT))),
    once("call-cut-and-called-whole", Said(calls=(Called("finish", '{"summary": "It doub'),)), "BadArguments"),
)
