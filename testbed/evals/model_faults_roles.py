"""The same at the small model's two questions: who takes the ticket, and what the pull request says."""

from __future__ import annotations

from collections.abc import Iterable

from testbed.evals.faulty_cases import IMPATIENT, UNAVAILABLE
from testbed.evals.faulty_reply import Damage, Damaged, How, Reply
from testbed.evals.faulty_run import FINISH, ROUTED, TEXT, Fault, Played, call, calls
from testbed.evals.faulty_wire import Called, Mark, Said
from testbed.evals.model_faults_answers import CUT, EMPTY, REASONING, REFUSAL, TALK
from testbed.evals.model_faults_http import GATEWAY, PORTAL, SILENT, TOO_LONG, error

INVALID = "InvalidAnswer"
NOBODY = calls(call("Route", specialist="plumber", reason="Water."))
BROKEN = calls(Called("Route", '{"specialist": "cod'))
OTHER = calls(call("grep", pattern="x"))
TITLELESS = calls(call("PullRequestText", why="It was single."))
BOTH = Said(calls=(*NOBODY.calls, *ROUTED.calls))
TITLE = "Double the total"
UNTOLD = "It doubles."
"""What the specialist itself said."""


def routed(name: str, *wrong: Reply, nudges: int = 0) -> Fault:
    """The router is asked again, and says it at last."""
    return Fault(f"route-{name}", "Succeeded", route=(*wrong, ROUTED), nudges=(INVALID,) * nudges)


def lost(name: str, wrong: Reply, expected: str, nudges: int = 0) -> Fault:
    """Nobody is found to take the ticket."""
    return Fault(
        f"route-{name}",
        expected,
        route=(wrong,),
        large=(),
        describe=(),
        nudges=(INVALID,) * nudges,
        limits=IMPATIENT,
    )


def described(name: str, *wrong: Reply, nudges: int = 0) -> Fault:
    """The text is asked for again."""
    return Fault(f"describe-{name}", "Succeeded", describe=(*wrong, TEXT), nudges=(INVALID,) * nudges)


def untold(name: str, wrong: Reply, nudges: int = 0) -> Fault:
    """The work is handed over with the words there are."""
    return Fault(
        f"describe-{name}",
        "Succeeded",
        describe=(wrong,),
        nudges=(*(INVALID,) * nudges, "DescribeFailed"),
        limits=IMPATIENT,
        holds=_words_there_are,
    )


def _words_there_are(played: Played) -> Iterable[str]:
    told = (played.result.title, played.result.summary)
    if told != (TITLE, UNTOLD):
        yield f"the words are {told}"


FAULTS = (
    routed("empty", EMPTY, nudges=1),
    lost("empty-for-ever", EMPTY, "Stuck/RouteFailed", nudges=3),
    routed("text", TALK, nudges=1),
    routed("unknown-specialist", NOBODY, nudges=1),
    lost("unknown-specialist-for-ever", NOBODY, "Stuck/RouteFailed", nudges=3),
    routed("bad-json", BROKEN, nudges=1),
    routed("other-function", OTHER, nudges=1),
    routed("cut-off", CUT, nudges=1),
    routed("refusal-and-reasoning", REFUSAL, REASONING, nudges=2),
    routed("error-502", GATEWAY),
    routed("html", PORTAL),
    routed("cut-in-call", Damaged(ROUTED, Damage(How.CUT, Mark.CALL))),
    lost("error-500-for-ever", error(500, "The server had an error."), UNAVAILABLE),
    lost("key-invalid", error(401, "Incorrect API key."), "Configuration/ModelCredentials"),
    lost("context-overflow", TOO_LONG, "Stuck/ContextOverflow"),
    described("empty", EMPTY, nudges=1),
    described("title-missing", TITLELESS, nudges=1),
    described("error-503", error(503, "Overloaded.")),
    untold("empty-for-ever", EMPTY, nudges=3),
    untold("refusal-for-ever", REFUSAL, nudges=3),
    untold("error-500-for-ever", error(500, "The server had an error.")),
    untold("key-invalid", error(401, "Incorrect API key.")),
    untold("context-overflow", TOO_LONG),
    untold("silence-for-ever", SILENT),
    untold("calls-finish", FINISH, nudges=3),
)
