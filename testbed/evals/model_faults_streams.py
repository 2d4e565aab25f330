"""Answers that break on their way: cut, reset, stalled, garbled. Over OpenAI's API, streamed or not as it is asked."""

from __future__ import annotations

import json
from typing import Any

from testbed.evals.faulty_model import Damage, Damaged, How, Http, Reply
from testbed.evals.faulty_run import EDIT, FINISH, Fault
from testbed.evals.faulty_wire import Called, Mark, Said
from testbed.evals.model_faults_http import UNAVAILABLE, asked_once
from testbed.model import wire

LONG_FINISH = Said(text="The total is doubled, as the ticket asks, and the check passes now.", calls=FINISH.calls)


def event(text: str, code: Any = None) -> str:
    """An error in place of a chunk."""
    return wire.sse(wire.error(text, "server_error", code))


def once(name: str, damage: Damage, said: Said | Http = LONG_FINISH, **more: object) -> Fault:
    """The last answer breaks once, and comes whole when it is asked for again."""
    large: tuple[Reply, ...] = (EDIT, Damaged(said, damage), FINISH)
    return Fault(name, "Succeeded", large=large, **more)  # type: ignore[arg-type]


def forever(name: str, damage: Damage) -> Fault:
    return Fault(
        name,
        UNAVAILABLE,
        large=(Damaged(LONG_FINISH, damage),),
        describe=(),
        limits={"model_patience_seconds": 1},
    )


def told(name: str, text: str, expected: str) -> Fault:
    """What asking again cannot help is not asked again, though the answer began well."""
    broken = Damaged(LONG_FINISH, Damage(How.SAYS, Mark.TEXT, text=text))
    return Fault(name, expected, large=(broken,), describe=(), holds=asked_once)


GARBAGE = 'data: {"choices": [{"ind\n\ndata: <html>\n\n\x00\x01 no event\n\n'
LATE_ERROR = Http(500, json.dumps(wire.error("The server had an error.", "server_error")))
BROKEN_CALL = Said(calls=(Called("finish", '{"summary": "It doub'),))

FAULTS = (
    once("stream-cut-in-text", Damage(How.CUT, Mark.TEXT)),
    once("stream-cut-in-call", Damage(How.CUT, Mark.CALL), short=True),
    forever("stream-cut-in-call-for-ever", Damage(How.CUT, Mark.CALL)),
    once("stream-cut-before-end", Damage(How.CUT, Mark.END)),
    once("stream-cut-after-usage", Damage(How.CUT, Mark.DONE)),
    once("stream-ended-in-text", Damage(How.ENDED, Mark.TEXT)),
    once("stream-ended-in-call", Damage(How.ENDED, Mark.CALL)),
    once("stream-ended-before-end", Damage(How.ENDED, Mark.END)),
    forever("stream-ended-in-call-for-ever", Damage(How.ENDED, Mark.CALL)),
    once("stream-reset-in-text", Damage(How.RESET, Mark.TEXT)),
    once("stream-reset-in-call", Damage(How.RESET, Mark.CALL)),
    once("stream-stalled-in-call", Damage(How.STALLED, Mark.CALL, seconds=30)),
    forever("stream-stalled-in-text-for-ever", Damage(How.STALLED, Mark.TEXT, seconds=30)),
    once("stream-hums-in-call", Damage(How.HUMS, Mark.CALL, seconds=30)),
    forever("stream-hums-before-text-for-ever", Damage(How.HUMS, Mark.HEAD, seconds=30)),
    once("stream-error-event", Damage(How.SAYS, Mark.CALL, text=event("The server had an error."))),
    forever("stream-error-event-for-ever", Damage(How.SAYS, Mark.CALL, text=event("The server had an error."))),
    once("stream-rate-limit-event", Damage(How.SAYS, Mark.TEXT, text=event("Slow down.", "rate_limit_exceeded"))),
    once("stream-error-event-502", Damage(How.SAYS, Mark.TEXT, text=event("Provider returned an error.", 502))),
    once(
        "stream-overflow-event",
        Damage(How.SAYS, Mark.TEXT, text=event("Too many tokens.", "context_length_exceeded")),
        nudges=("ContextOverflow",),
    ),
    told("stream-quota-event", event("You have no credits left.", 402), "Configuration/ModelQuota"),
    told("stream-key-event", event("No such key.", "invalid_api_key"), "Configuration/ModelCredentials"),
    once("stream-garbage", Damage(How.SAYS, Mark.CALL, text=GARBAGE)),
    forever("stream-garbage-for-ever", Damage(How.SAYS, Mark.TEXT, text=GARBAGE)),
    once("error-body-cut", Damage(How.CUT, Mark.TEXT), LATE_ERROR),
    Fault(
        "call-cut-and-called-whole",
        "Succeeded",
        large=(EDIT, BROKEN_CALL, FINISH),
        nudges=("BadArguments",),
    ),
)
