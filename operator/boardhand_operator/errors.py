"""What can go wrong outside the cluster, and what the operator does about it.

    BoardhandError
    ├── Misconfigured            pool not Ready, its sentence in the condition; no ticket touched
    └── Remote                   a board or a forge said no, or nothing
        ├── RemoteUnavailable    retry with back-off
        │   └── Contested        of `boards.claims`: a rival claim of the same moment, waited for
        ├── RateLimited          retry after `retry_after` seconds
        ├── CredentialsRefused   pool not Ready until the Secret changes
        ├── PermissionMissing    pool not Ready until the account may
        ├── NotFound             the thing is gone: what depends on it ends
        └── Rejected             the request is wrong: no retry of the same request

No message holds a secret: the transport takes them out of what a vendor answers.
"""

from __future__ import annotations

from collections.abc import Iterable


class BoardhandError(Exception):
    """Root of every error the operator raises on purpose. Never caught as such, except at a handler's edge."""


class Misconfigured(BoardhandError):
    """The pool is wrong: it goes not Ready with this reason and message, until its spec or Secret changes."""

    def __init__(self, reason: str, message: str, there: Iterable[str] = ()) -> None:
        """reason: one CamelCase word for the condition. message: what is wrong, what is allowed, what to do. there: the
        names to choose from, where a name was not among them."""
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.there = tuple(there)


class Remote(BoardhandError):
    """A board or a forge did not do what it was asked."""

    reason = "Remote"
    """One CamelCase word for the condition of a pool or a run."""

    def __init__(self, service: str, operation: str, message: str, request_id: str | None = None) -> None:
        """service: who, such as "Trello". operation: what was asked, such as "read the lists of board b".

        message: the vendor's sentence, or ours. request_id: by which the vendor's support finds the request.
        """
        self.service = service
        self.operation = operation
        self.message = message
        self.request_id = request_id
        suffix = f" (request {request_id})" if request_id else ""
        super().__init__(f"{service}, asked to {operation}: {message}{suffix}")


class RemoteUnavailable(Remote):
    """No network, a time-out, a 5xx or an answer that is none. Retry with back-off; a write may have happened.

    retry_after: seconds that the vendor asked to wait, where it did.
    """

    reason = "Unavailable"

    def __init__(
        self,
        service: str,
        operation: str,
        message: str,
        request_id: str | None = None,
        *,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(service, operation, message, request_id)
        self.retry_after = retry_after


class RateLimited(Remote):
    """Too many requests (429). Retry after `retry_after` seconds, and not before."""

    reason = "RateLimited"

    def __init__(
        self, service: str, operation: str, message: str, request_id: str | None = None, *, retry_after: float
    ) -> None:
        super().__init__(service, operation, message, request_id)
        self.retry_after = retry_after


class CredentialsRefused(Remote):
    """The credentials are wrong or expired (401). The pool goes not Ready until its Secret changes."""

    reason = "CredentialsRefused"


class PermissionMissing(Remote):
    """The credentials are good, but may not do this (403): pool not Ready. The message names what is missing."""

    reason = "PermissionMissing"


class NotFound(Remote):
    """It is not there, or the account may not see it (404, 410). No retry: a deleted ticket ends its run."""

    reason = "NotFound"


class Rejected(Remote):
    """The request itself is refused (400, 409, 422 and other 4xx), in the vendor's words. No retry of the same."""

    reason = "Rejected"

    def __init__(
        self, service: str, operation: str, message: str, request_id: str | None = None, *, status: int
    ) -> None:
        super().__init__(service, operation, message, request_id)
        self.status = status
