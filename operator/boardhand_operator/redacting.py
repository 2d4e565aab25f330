"""No secret in any output: those that are in use are taken out of logs, statuses, Events, comments and pull requests.

Secrets are made known where they are read (`services`, `sealed`, `minted`). A log line loses all that are known. What
is written for a namespace loses those of that namespace, so that nobody can black out words of somebody else's pools.
"""

from __future__ import annotations

import logging
import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import StrEnum
from typing import Any, TextIO, TypeVar, cast

from boardhand_api.redaction import PUBLIC_KEYS, CleanStream, Redaction
from boardhand_operator.kube import Json, Resource

T = TypeVar("T")
NAMESPACES, OF_NAMESPACE, ALL = 1_000, 2_000, 8_000
"""So many namespaces are remembered, so many values of each, and of all together, which lines of the log lose: a pool
has half a dozen, and one takes 2 kB."""
LEAST = 8
"""Shorter credentials are left in texts: they would take words out of them."""
_TELLING = ("comment", "edit_comment", "open_pull_request", "review")
"""Methods of boards and forges whose texts people read."""


class Redactor:
    """The secrets that this process knows."""

    def __init__(self) -> None:
        self._all, self._own = Redaction(ALL), Redaction()
        self._of: OrderedDict[str, Redaction] = OrderedDict()

    def know(self, namespace: str, values: Mapping[str, str]) -> None:
        """Credentials of a namespace, by their keys: those that are public by their key are left."""
        secret = [value for key, value in values.items() if key not in PUBLIC_KEYS and len(value.strip()) >= LEAST]
        if namespace not in self._of:
            self._of[namespace] = Redaction(OF_NAMESPACE)
        self._of.move_to_end(namespace)
        while len(self._of) > NAMESPACES:
            self._of.popitem(last=False)
        self._of[namespace].know(secret)
        self._all.know(secret)

    def know_own(self, values: Mapping[str, str]) -> None:
        """The operator's own secrets, which nobody is told."""
        self._own.know(values.values())

    def clean(self, text: str) -> str:
        """The text without any secret that is known."""
        return self._own.clean(self._all.clean(text))

    def clean_for(self, namespace: str, text: str) -> str:
        """The text without the secrets of this namespace and the operator's own."""
        known = self._of.get(namespace)
        return self._own.clean(known.clean(text) if known else text)

    def outgoing(self, resource: Resource, namespace: str, body: Json) -> Json:
        """What may be written: of Events all, of other objects the status. Secrets themselves pass."""
        if resource is Resource.EVENTS:
            return cast(Json, self.cleaned(namespace, body))
        return {**body, "status": self.cleaned(namespace, body["status"])} if "status" in body else body

    def telling(self, namespace: str, service: T) -> T:
        """The board or forge, told nothing that holds a secret."""
        return cast(T, _Telling(service, lambda text: self.clean_for(namespace, text)))

    def cleaned(self, namespace: str, value: Any) -> Any:
        """What JSON has, with all its texts cleaned as `clean_for` does."""
        match value:
            case str():
                return self.clean_for(namespace, value)
            case dict():
                return {key: self.cleaned(namespace, inner) for key, inner in value.items()}
            case list():
                return [self.cleaned(namespace, inner) for inner in value]
        return value


class _Telling:
    """A board or a forge whose texts are cleaned first."""

    def __init__(self, inner: Any, clean: Callable[[str], str]) -> None:
        self._inner, self._clean = inner, clean

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._inner, name)
        if name not in _TELLING:
            return member
        return lambda *args, **kwargs: member(
            *map(self._text, args), **{key: self._text(value) for key, value in kwargs.items()}
        )

    def _text(self, value: Any) -> Any:
        match value:
            case StrEnum():
                return value
            case str():
                return self._clean(value)
            case list() | tuple():
                return [self._text(inner) for inner in value]
        if is_dataclass(value) and not isinstance(value, type):
            return replace(value, **{one.name: self._text(getattr(value, one.name)) for one in fields(value)})
        return value


class _Formatter(logging.Formatter):
    """Whatever another formatter makes of a record, its traceback with it, cleaned."""

    def __init__(self, inner: logging.Formatter, clean: Callable[[str], str]) -> None:
        super().__init__()
        self._inner, self._clean = inner, clean

    def format(self, record: logging.LogRecord) -> str:
        return self._clean(self._inner.format(record))


def install(redactor: Redactor) -> None:
    """Clean what this process logs and what it writes to standard error. Call it once the root's handlers are there.

    Loggers of libraries reach the root's handlers, whatever filters they have of their own.
    """
    for handler in (*logging.getLogger().handlers, logging.lastResort):
        if handler is not None:
            handler.setFormatter(_Formatter(handler.formatter or logging.Formatter(), redactor.clean))
    sys.stderr = cast(TextIO, CleanStream(sys.stderr, redactor.clean))
