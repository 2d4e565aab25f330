"""Pure: what a model or a stranger wrote, where people read it under our account: shown, and without any effect.

Boards and forges act on what they are sent: they call people by name, close issues, fetch pictures, carry out orders.
Wherever a sign would begin one of these, an invisible space takes the effect from it; no Markdown is parsed for that,
since each vendor parses another way. Sources:
https://docs.github.com/issues/tracking-your-work-with-issues/linking-a-pull-request-to-an-issue
https://docs.gitlab.com/user/project/issues/managing_issues/#default-closing-pattern
https://docs.gitlab.com/user/project/quick_actions/
"""

from __future__ import annotations

import re

from boardhand_api.counts import printable

GAP = "\u200b"
"""A space of no width."""
_CLOSING = (
    r"\b(?:clos(?:e|es|ed|ing)|fix(?:es|ed|ing)?|resolv(?:e|es|ed|ing)|implement(?:s|ed|ing)?)"
    r"(?=[ \t]{0,4}:?[ \t]{1,4}\[?(?:https?:|[\w.-]{1,100}/[\w./-]{1,100}[#!]|[A-Z][A-Z0-9_]{1,20}-[0-9]))"
)
_AFTER = re.compile(
    "|".join(
        (
            r"@(?=[\w*])",  # people and teams
            r"[#!](?=[0-9])",  # issues and merge requests
            r"\bGH-(?=[0-9])",
            _CLOSING,
            r"!(?=\[)",  # pictures: whoever serves them learns who reads
            r"<(?=[A-Za-z/!?])",  # HTML
            r"&(?=[#A-Za-z])",  # entities, which may stand for any of these signs
            r"\b(?:javascript|vbscript|data|file)(?=[ \t]{0,4}:)",
            r"`boardhand(?=:)",  # our own marks
        )
    ),
    re.IGNORECASE,
)
_ORDER = re.compile(r"^([ \t>]{0,20})/(?=\w)", re.MULTILINE)
_SKIP = re.compile(r"\[(?=(?:skip[ -]|no[ -]|ci |actions )[a-z -]{1,12}\])|\*\*\*(?=NO_CI)", re.IGNORECASE)
_REASON = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")


def tamed(text: str) -> str:
    """The text as Markdown that calls nobody, closes nothing, fetches nothing and orders nothing.

    Characters that only steer a terminal or the eye are gone (see `printable`).
    """
    plain = printable(text.replace("\r\n", "\n").replace("\r", "\n"))
    plain = _AFTER.sub(lambda found: found[0] + GAP, plain)
    return _SKIP.sub(lambda found: found[0] + GAP, _ORDER.sub(rf"\1{GAP}/", plain))


def one_line(text: str) -> str:
    """The text, tamed, on one line."""
    return on_one_line(tamed(text))


def on_one_line(text: str) -> str:
    """The text on one line, without what only steers; as code it has no other effect."""
    return " ".join(word for word in map(_seen, text.split()) if word)


def _seen(word: str) -> str:
    return "".join(letter for letter in word if letter == GAP or printable(letter))


def reason_of(said: str, otherwise: str) -> str:
    """One CamelCase word for a condition: what a stage said where it is one."""
    return said if _REASON.fullmatch(said) else otherwise
