"""Pure: what a browser posted, taken apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from boardhand_dashboard.form.applying import Opened
from boardhand_dashboard.form.credentials import Typed, typed
from boardhand_dashboard.form.fields import all_fields
from boardhand_dashboard.form.filling import Filled
from boardhand_dashboard.form.problems import NAME, REST, Problem

NAME_CHARACTERS = 63
"""A longer name would be cut in labels."""
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


@dataclass(frozen=True)
class Posted:
    """The form as it was sent. What was typed as a secret lives no longer than the request."""

    name: str
    filled: Filled
    typed: list[Typed] = field(repr=False)
    wish: str
    """What is to be done: look, apply, yaml, or try:SECTION."""
    opened: Opened | None
    """The pool as the form was opened with it; None: a new one."""

    @classmethod
    def of(cls, form: Mapping[str, str], name: str | None) -> Posted:
        """name: of a pool that is there; None: a new one, whose name was typed."""
        texts = {one.path: form.get(one.path, "") for one in all_fields()}
        return cls(
            name=form.get(NAME, "").strip() if name is None else name,
            filled=Filled(texts, form.get(REST, "")),
            typed=typed(form),
            wish=form.get("do", "look"),
            opened=None if name is None else _opened(form),
        )


def _opened(form: Mapping[str, str]) -> Opened:
    """As the form carries it; what it does not is of no pool."""
    generation = form.get("generation", "")
    return Opened(form.get("uid", ""), int(generation) if re.fullmatch(r"[0-9]{1,12}", generation) else -1)


def name_problem(name: str) -> list[Problem]:
    """What is wrong with a new pool's name."""
    if len(name) <= NAME_CHARACTERS and _NAME.fullmatch(name):
        return []
    said = f"must have lower-case letters, digits and `-`, and {NAME_CHARACTERS} characters at most"
    return [Problem(NAME, "is required" if not name else said)]
