"""Pure: what is wrong, and beside which control it is said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from boardhand_api.pool import CodingAgentSpec
from boardhand_dashboard.form import schema
from boardhand_dashboard.form.fields import SECTIONS, all_fields, all_secrets

REST = "rest"
NAME = "name"
"""Controls that are no fields of the spec."""
_PATH = re.compile(r"\bspec\.([A-Za-z][A-Za-z.]*[A-Za-z])")


@dataclass(frozen=True)
class Problem:
    """One sentence, and where it belongs."""

    path: str
    """A field's path, a control of a secret, REST, NAME; of a part that has no control, or empty: to the whole."""
    said: str


def of_validation(spec: Mapping[str, Any]) -> list[Problem]:
    """What the models say of a spec; nothing of what was typed is quoted.

    Fields that are not known here are left to the API server: its models may be newer.
    """
    try:
        CodingAgentSpec.model_validate(spec)
    except ValidationError as wrong:
        found = wrong.errors(include_url=False, include_input=False, include_context=False)
        return [problem for one in found if one["type"] != "extra_forbidden" for problem in _of_error(one)]
    return []


def _of_error(error: ErrorDetails) -> Iterator[Problem]:
    path = _dotted(error["loc"])
    for one in _required(path) if error["type"] == "missing" else [path]:
        yield Problem(one, _sentence(error["msg"]))


def _required(path: str) -> list[str]:
    """Of a part that is missing the fields that it must have."""
    try:
        part = schema.at(path)
    except KeyError:
        return [path]
    return [inner for name in part.get("required", ()) for inner in _required(f"{path}.{name}")] or [path]


def _dotted(where: Iterable[int | str]) -> str:
    return ".".join(str(part) for part in where)


def _sentence(text: str) -> str:
    plain = text.removeprefix("Value error, ")
    return "is required" if plain == "Field required" else plain[:1].lower() + plain[1:]


def of_status(status: Mapping[str, Any]) -> list[Problem]:
    """What the API server says in a Status that refuses an object; at least one, for the whole."""
    details = status.get("details")
    causes = (details.get("causes") if isinstance(details, dict) else None) or ()
    found = [_of_cause(cause) for cause in causes if isinstance(cause, dict)]
    return found or [of_sentence(str(status.get("message") or status.get("reason") or "the API server refuses it"))]


def of_sentence(said: str) -> Problem:
    """A refusal without causes, beside the field that it names, where it names one."""
    named = _PATH.search(said)
    return Problem(named[1] if named else "", said)


def _of_cause(cause: Mapping[str, Any]) -> Problem:
    field, said = str(cause.get("field") or ""), str(cause.get("message") or cause.get("reason") or "is refused")
    if field == "metadata.name":
        return Problem(NAME, said)
    path = re.sub(r"\[(\w+)\]", r".\1", field).removeprefix("spec").lstrip(".")
    named = _PATH.search(said)
    # A rule of the whole spec names the field it is about.
    return Problem(path or (named[1] if named else ""), said)


def control_of(path: str) -> str:
    """The control beside which a problem is said: that of the field, else of the YAML; empty for none.

    What concerns a part (such as `board`, with one source of credentials too many) goes to its credentials.
    """
    if path in _controls():
        return path
    for one in all_secrets():
        if path in (one.reference, one.sealed) or path.startswith((f"{one.sealed}.", f"{one.reference}.")):
            return f"{one.reference}.name"
    about = next((one for one in all_secrets() if one.reference.rpartition(".")[0] == path), None)
    if about:
        return f"{about.reference}.name"
    first = next((one.path for one in all_fields() if path and one.path.startswith(f"{path}.")), "")
    return first or (REST if path else "")


def _controls() -> set[str]:
    typed = {one.control(key) for one in all_secrets() for key in (*one.keys, *one.further)}
    return {one.path for one in all_fields()} | typed | {REST, NAME}


def by_control(problems: Iterable[Problem]) -> dict[str, list[str]]:
    """Sentences by control, each once."""
    out: dict[str, list[str]] = {}
    for problem in problems:
        control = control_of(problem.path)
        said = problem.said if control == problem.path or not problem.path else f"{problem.path}: {problem.said}"
        if said not in out.setdefault(control, []):
            out[control].append(said)
    return out


def in_order(found: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    """(control, sentence) in the order of the form, those of the whole first."""
    order = ["", NAME]
    for section in SECTIONS:
        order += [one.path for one in section.fields]
        order += [one.control(key) for one in section.secrets for key in (*one.keys, *one.further)]
    for control in (*order, REST):
        for said in found.get(control, ()):
            yield control, said
