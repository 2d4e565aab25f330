"""Pure: which fields of a pool the form shows, in which sections. All else of a spec stands in its YAML."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property
from importlib.metadata import entry_points
from typing import Any

from boardhand_dashboard.form import schema
from boardhand_operator import boards, forges


class Kind(StrEnum):
    """How a field is shown."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    LINES = "lines"
    CHOICE = "choice"


_KINDS = {"integer": Kind.WHOLE, "number": Kind.NUMBER, "array": Kind.LINES, "boolean": Kind.CHOICE}
_INSTALLED = {"board.type": boards.ENTRY_POINTS, "forge.type": forges.ENTRY_POINTS}


@cache
def _installed(group: str) -> tuple[str, ...]:
    """Names of what is installed, which stays so while the program runs."""
    return tuple(sorted({entry.name for entry in entry_points(group=group)}))


@dataclass(frozen=True)
class Field:
    """One field of the spec, with a control of its own."""

    path: str
    """Its wire names from the spec on, such as board.columns.ready; the control's name, too."""
    label: str
    offered: str = ""
    """Which of the offers of a trial fit, such as columns."""

    @cached_property
    def schema(self) -> dict[str, Any]:
        return schema.at(self.path)

    @cached_property
    def kind(self) -> Kind:
        if self.path in _INSTALLED or "enum" in self.schema:
            return Kind.CHOICE
        return _KINDS.get(self.schema["type"], Kind.TEXT)

    @property
    def help(self) -> str:
        """What the vocabulary says of it."""
        return str(self.schema.get("description", ""))

    @property
    def default(self) -> str:
        """What counts where it is empty; empty: nothing does."""
        found = self.schema.get("default")
        if isinstance(found, bool):
            return "true" if found else "false"
        return "" if found is None or isinstance(found, (list, dict)) else str(found)

    @property
    def choices(self) -> tuple[str, ...]:
        """Of a choice, what there is."""
        if group := _INSTALLED.get(self.path):
            return _installed(group)
        if self.schema["type"] == "boolean":
            return ("true", "false")
        return tuple(self.schema.get("enum", ()))

    @property
    def id(self) -> str:
        """Of its control in the page."""
        return self.path.replace(".", "-")


@dataclass(frozen=True)
class Secrets:
    """A place of the pool where credentials are given."""

    place: str
    """As `boardhand seal --field` has it, such as repository.push."""
    reference: str
    """The field that names a Secret, such as repository.pushSecretRef."""
    sealed: str
    """The field with sealed texts, such as repository.pushSealed."""
    keys: tuple[str, ...]
    """Those that most need."""
    further: tuple[str, ...] = ()
    """Those that some need."""

    @property
    def help(self) -> str:
        """Which keys are needed when, as the vocabulary says it."""
        return str(schema.at(self.reference).get("description", ""))

    @property
    def id(self) -> str:
        return self.place.replace(".", "-") + "-secrets"

    def control(self, key: str) -> str:
        """The name of the control in which a key is typed."""
        return f"secret:{self.place}.{key}"


@dataclass(frozen=True)
class Section:
    """A part of the form."""

    id: str
    title: str
    fields: tuple[Field, ...]
    secrets: tuple[Secrets, ...] = ()
    tried: bool = False
    """Whether what stands in it can be tried."""


_APP = ("appId", "privateKey")
_GIT = ("sshKey", "knownHosts", *_APP)
LONG_KEYS = frozenset({"privateKey", "sshKey", "knownHosts"})
"""Of several lines."""

SECTIONS = (
    Section(
        "board",
        "Board",
        (
            Field("board.type", "Kind of board"),
            Field("board.url", "Address"),
            Field("board.board", "Board"),
            Field("board.columns.ready", "Column of ready tickets", "columns"),
            Field("board.columns.inProgress", "Column in progress", "columns"),
            Field("board.columns.review", "Column in review", "columns"),
            Field("board.columns.failed", "Column of failed tickets", "columns"),
            Field("board.label", "Only with this label"),
            Field("board.pollSeconds", "Seconds between polls"),
            Field("board.secretRef.name", "Or the name of a Secret"),
        ),
        (Secrets("board", "board.secretRef", "board.sealed", ("key", "email", "token"), (*_APP, "webhookSecret")),),
        tried=True,
    ),
    Section(
        "forge",
        "Repository and forge",
        (
            Field("repository.url", "Clone address"),
            Field("repository.branch", "Base branch", "branches"),
            Field("repository.workdir", "Work folder"),
            Field("repository.readSecretRef.name", "Or the name of a Secret"),
            Field("repository.pushSecretRef.name", "Or the name of a Secret"),
            Field("forge.type", "Kind of forge"),
            Field("forge.url", "Forge's address"),
            Field("forge.secretRef.name", "Or the name of a Secret"),
        ),
        (
            Secrets(
                "repository.read", "repository.readSecretRef", "repository.readSealed", ("username", "token"), _GIT
            ),
            Secrets(
                "repository.push", "repository.pushSecretRef", "repository.pushSealed", ("username", "token"), _GIT
            ),
            Secrets("forge", "forge.secretRef", "forge.sealed", ("token", "email"), (*_APP, "webhookSecret")),
        ),
        tried=True,
    ),
    Section(
        "large",
        "Large model",
        (
            Field("models.large.provider", "Provider"),
            Field("models.large.name", "Model", "models"),
            Field("models.large.baseURL", "Address"),
            Field("models.large.secretRef.name", "Or the name of a Secret"),
        ),
        (Secrets("models.large", "models.large.secretRef", "models.large.sealed", ("apiKey",)),),
        tried=True,
    ),
    Section(
        "small",
        "Small model",
        (
            Field("models.small.provider", "Provider"),
            Field("models.small.name", "Model", "models"),
            Field("models.small.baseURL", "Address"),
            Field("models.small.secretRef.name", "Or the name of a Secret"),
        ),
        (Secrets("models.small", "models.small.secretRef", "models.small.sealed", ("apiKey",)),),
        tried=True,
    ),
    Section(
        "workbench",
        "Workbench",
        (
            Field("workbench.image", "Image"),
            Field("workbench.setup", "Set-up commands"),
            Field("workbench.verify", "Verify commands"),
            Field("workbench.commandTimeoutSeconds", "Seconds a command"),
        ),
    ),
    Section(
        "limits",
        "Limits",
        (
            Field("limits.money", "Dollars a run"),
            Field("budget.day", "Dollars a day"),
            Field("budget.month", "Dollars a month"),
            Field("limits.concurrency", "Runs at the same time"),
            Field("limits.attempts", "Attempts a ticket"),
            Field("limits.deadlineSeconds", "Seconds a try"),
            Field("limits.steps", "Steps a run"),
        ),
    ),
    Section(
        "policy",
        "Policy",
        (
            Field("policy.approval", "Approval"),
            Field("policy.onRed", "When verify fails"),
            Field("policy.onLimit", "When a limit ends a run"),
            Field("policy.protectedPaths", "Protected paths"),
            Field("policy.allowProtected", "Allowed all the same"),
        ),
    ),
)


def all_fields() -> Iterator[Field]:
    """Of all sections."""
    for section in SECTIONS:
        yield from section.fields


def all_secrets() -> Iterator[Secrets]:
    """Of all sections."""
    for section in SECTIONS:
        yield from section.secrets


def section_of(name: str) -> Section | None:
    """The section of this id, where it can be tried."""
    return next((one for one in SECTIONS if one.id == name and one.tried), None)
