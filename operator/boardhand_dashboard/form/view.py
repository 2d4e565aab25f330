"""Pure: the form as its template shows it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from boardhand_client.trials import UNTRIED, Trial
from boardhand_dashboard.form.fields import LONG_KEYS, SECTIONS, Field, Kind, Secrets, Section
from boardhand_dashboard.form.filling import Filled
from boardhand_dashboard.form.problems import NAME, REST, Problem, by_control, in_order
from boardhand_dashboard.form.trying import EMPTY

WORDS = {
    "key": "Key",
    "email": "E-mail address",
    "token": "Token",
    "username": "User name",
    "apiKey": "API key",
    "appId": "GitHub App's id",
    "privateKey": "GitHub App's private key",
    "webhookSecret": "Webhook's secret",
    "sshKey": "SSH key",
    "knownHosts": "Known hosts",
}
PLACES = {
    "board": "Board's credentials",
    "forge": "Forge's credentials",
    "repository.read": "Credentials for cloning",
    "repository.push": "Credentials for pushing",
    "models.large": "Model's credentials",
    "models.small": "Model's credentials",
}
_REST_HELP = "Fields of the spec that have no place above, sealed credentials among them. See `kubectl explain"
_NAME_HELP = "What the pool is called: lower-case letters, digits and `-`. Sealed texts open only under this name."
_BOOLEANS = {"true": "yes", "false": "no"}


@dataclass(frozen=True)
class Control:
    """One control with its label, its help and what is wrong with it."""

    name: str
    id: str
    label: str
    help: Markup
    kind: str
    value: str = ""
    placeholder: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    """(value, text) of a choice."""
    errors: tuple[str, ...] = ()
    offers: str = ""
    """Id of the list of offers that belongs to it."""
    required: bool = False


@dataclass(frozen=True)
class Credentials:
    """Where credentials of one place are typed."""

    id: str
    title: str
    help: Markup
    there: str
    """What the pool has now, in a sentence."""
    named: Control
    """Where a Secret is named instead."""
    controls: tuple[Control, ...]
    further: tuple[Control, ...]
    opened: bool
    """Whether the further ones are shown at once."""


@dataclass(frozen=True)
class Part:
    """A section as it is shown."""

    id: str
    title: str
    controls: tuple[Control, ...]
    credentials: tuple[Credentials, ...]
    tried: bool


@dataclass(frozen=True)
class View:
    """The whole form."""

    name: Control
    parts: tuple[Part, ...]
    rest: Control
    summary: tuple[tuple[str, str, str], ...]
    """(id of the control, its label, what is wrong), in the form's order; an empty id: the whole."""

    @property
    def error_ids(self) -> list[str]:
        """Of all places where an error may stand."""
        return [f"error-{one.id}" for one in self.controls]

    @property
    def controls(self) -> list[Control]:
        found = [self.name]
        for part in self.parts:
            found += part.controls
            for one in part.credentials:
                found += [one.named, *one.controls, *one.further]
        return [*found, self.rest]


def view(name: str, filled: Filled, spec: Mapping[str, Any], problems: Sequence[Problem] = ()) -> View:
    """What is shown. spec: as the form says it, for what credentials there are."""
    errors = by_control(problems)
    parts = tuple(_part(section, filled, spec, errors) for section in SECTIONS)
    named = Control(NAME, NAME, "Name", inline(_NAME_HELP), "text", name, "", (), _of(errors, NAME), required=True)
    help_text = inline(f"{_REST_HELP} codingagent.spec`.")
    rest = Control(REST, REST, "All other fields, as YAML", help_text, "yaml", filled.rest, "", (), _of(errors, REST))
    whole = View(named, parts, rest, ())
    labels = {one.name: one for one in whole.controls}
    return View(named, parts, rest, tuple(_said(labels, control, said) for control, said in in_order(errors)))


def _said(labels: Mapping[str, Control], control: str, said: str) -> tuple[str, str, str]:
    found = labels.get(control)
    return (found.id, found.label, said) if found else ("", "", said)


def _part(section: Section, filled: Filled, spec: Mapping[str, Any], errors: Mapping[str, list[str]]) -> Part:
    found = {one.path: _control(section, one, filled.texts.get(one.path, ""), errors) for one in section.fields}
    named = {one: found.pop(f"{one.reference}.name") for one in section.secrets}
    credentials = tuple(_credentials(one, control, spec, errors) for one, control in named.items())
    return Part(section.id, section.title, tuple(found.values()), credentials, section.tried)


def _control(section: Section, one: Field, value: str, errors: Mapping[str, list[str]]) -> Control:
    return Control(
        name=one.path,
        id=one.id,
        label=one.label,
        help=inline(one.help),
        kind=one.kind.value,
        value=value,
        placeholder=one.default,
        choices=_choices(one, value) if one.kind is Kind.CHOICE else (),
        errors=_of(errors, one.path),
        offers=f"offers-{section.id}-{one.offered}" if one.offered else "",
    )


def _choices(one: Field, value: str) -> tuple[tuple[str, str], ...]:
    """What there is, and what is chosen though it is not installed here."""
    usual = _BOOLEANS.get(one.default, one.default)
    found = [("", f"as usual: {usual}" if usual else "choose")]
    found += [(choice, _BOOLEANS.get(choice, choice)) for choice in one.choices]
    if value and value not in one.choices:
        found.append((value, f"{value} (not known here)"))
    return tuple(found)


def _credentials(one: Secrets, named: Control, spec: Mapping[str, Any], errors: Mapping[str, list[str]]) -> Credentials:
    def shown(key: str) -> Control:
        name, kind = one.control(key), "long" if key in LONG_KEYS else "secret"
        empty = Markup("")
        return Control(name, f"{one.id}-{key}", WORDS[key], empty, kind, errors=_of(errors, name))

    further = tuple(shown(key) for key in one.further)
    help_text = inline(one.help)
    opened = any(control.errors for control in further)
    controls = tuple(shown(key) for key in one.keys)
    return Credentials(one.id, PLACES[one.place], help_text, there(one, spec), named, controls, further, opened)


def there(one: Secrets, spec: Mapping[str, Any]) -> str:
    """What the pool has at this place, without a word of it."""
    if sealed := _at(spec, one.sealed):
        return f"Sealed in the pool: {', '.join(sorted(sealed))}. They stay unless you type new ones."
    if name := (_at(spec, one.reference) or {}).get("name"):
        return f"In Secret {name}. What you type replaces its values there."
    return ""


def _at(spec: Mapping[str, Any], path: str) -> Mapping[str, Any] | None:
    found: Any = spec
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None


def _of(errors: Mapping[str, list[str]], control: str) -> tuple[str, ...]:
    return tuple(errors.get(control, ()))


def inline(text: str) -> Markup:
    """A sentence of the vocabulary, with what stands in back quotes as code."""
    parts = re.split(r"`([^`]+)`", text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if at % 2 else escape(part) for at, part in enumerate(parts)
    )


@dataclass(frozen=True)
class Told:
    """What came of a trial, as it is shown."""

    kind: str
    """good, bad, or nothing where it says neither."""
    said: str
    fix: str
    offers: Mapping[str, tuple[str, ...]]
    """Id of a list of offers to what is in it."""


_NEITHER = frozenset({EMPTY, "Incomplete", "TooMany", UNTRIED})
_LISTS = {"board": "The lists on this board are", "forge": "The branches are"}


def told(section: Section, trials: Sequence[Trial]) -> list[Told]:
    """The trials of a section."""
    return [_told(section, one) for one in trials]


def _told(section: Section, trial: Trial) -> Told:
    kind = "good" if trial.ok else "" if trial.reason in _NEITHER else "bad"
    offered = _offers(section, trial)
    said = trial.said if trial.said.endswith(".") else f"{trial.said}."
    if offered:
        said += f" {_LISTS.get(section.id, 'The models there are')}: {', '.join(trial.offers[:20])}."
    fix = trial.fix if trial.fix != trial.said else ""
    return Told(kind, f"Tried: {said}" if trial.ok else said, fix, offered)


def _offers(section: Section, trial: Trial) -> Mapping[str, tuple[str, ...]]:
    if not trial.offers or (section.id == "forge" and trial.reason != "BranchMissing"):
        return {}
    kinds = {one.offered for one in section.fields if one.offered}
    return {f"offers-{section.id}-{kind}": trial.offers for kind in sorted(kinds)}
