"""What the API server says no to, as sentences for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from boardhand_api.taming import on_one_line

_MOST = 600


class SessionError(Exception):
    """A sentence that says what was asked for, what came of it and what to do; never a credential."""

    def __init__(self, text: str) -> None:
        super().__init__(on_one_line(text)[:_MOST])


class Unauthenticated(SessionError):
    """401: the credential is not, or no longer, good."""


class Refused(SessionError):
    """403: this identity may not do that."""


class Unreachable(SessionError):
    """The API server does not answer, or not as one."""


class NotThere(SessionError):
    """404: there is no such object, or no such kind."""


class Rejected(SessionError):
    """The API server takes the request for wrong, or cannot carry it out."""


class Busy(Rejected):
    """429 or 5xx: the API server cannot carry it out now; asked again it may."""


class Changed(Rejected):
    """409: somebody changed the object meanwhile."""


class Invalid(Rejected):
    """422: the object is not as it may be."""

    def __init__(self, text: str, status: Mapping[str, Any]) -> None:
        """status: the API server's Status, with its causes by field."""
        super().__init__(text)
        self.status = status


class Expired(SessionError):
    """410: a watch, or a list of many pages, cannot go on from there; begin again."""
