"""Asking a person, or taking what flags say. Questions go to standard error: standard output is the result."""

from __future__ import annotations

import getpass
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from boardhand_api.sealed import VALUE_BYTES
from boardhand_cli import session
from boardhand_cli.printing import plain
from boardhand_cli.problems import Exit, Problem
from boardhand_client.trials import Trial
from boardhand_operator.vendors.github.app import APP_ID

_SHOWN = 20
_OF_FILES = frozenset({"sshKey", "knownHosts", "privateKey"})
"""Credentials of several lines, which no prompt takes."""
_PLAIN = frozenset({"username", "email", "appId"})


class Questions:
    """given: the flags' values, by flag. files: credentials' files by PLACE.KEY. quiet: nobody is asked."""

    def __init__(self, given: Mapping[str, str | None], files: Sequence[str], *, quiet: bool) -> None:
        self._given = {flag: value for flag, value in given.items() if value is not None}
        self._files = dict(_pair(one) for one in files)
        self._quiet = quiet

    def has(self, flag: str) -> bool:
        """Whether the flag was given, or somebody can be asked for it."""
        return flag in self._given or not self._quiet

    def ask(self, flag: str, text: str, default: str | None = None, offers: Sequence[str] = ()) -> str:
        """The flag's value, else the answer, else the default. Raises Problem where nobody is asked and there is none.

        offers: what there is; another answer is asked for again.
        """
        value = self._given.pop(flag, None)
        if value is None and self._quiet:
            value = default
            if value is None:
                raise Problem(Exit.USAGE, f"--yes asks nothing, so {flag} is required{_choice(offers)}")
        while value is None or (offers and value not in offers):
            if value is not None:
                self.say(f"{value!r} is none of them")
                self._must_ask(f"{flag} {value!r} is none of: {', '.join(offers[:_SHOWN])}")
            value = _line(f"{text}{_choice(offers)}{f' [{default}]' if default else ''}: ") or default
        return value

    def credentials(self, place: str, keys: Sequence[str]) -> dict[str, str]:
        """A value for each key, and for what else files give at this place, from files or typed without echo.

        Where a file gives a GitHub App's id, that takes the place of the keys.
        """
        named = [field.rpartition(".")[2] for field in self._files if field.rpartition(".")[0] == place]
        wanted = named if APP_ID in named else [*keys, *named]
        return {key: self._credential(place, key) for key in dict.fromkeys(wanted)}

    def done(self) -> None:
        """Raise Problem for files that nothing was asked of."""
        if self._files:
            raise Problem(Exit.USAGE, f"--credential {next(iter(self._files))} is for no place of this pool")

    def _credential(self, place: str, key: str) -> str:
        field, flag = f"{place}.{key}", "--credential"
        file = self._files.pop(field, None)
        if file is None:
            self._must_ask(f"--yes asks nothing, so {flag} {field}=FILE is required", Exit.USAGE)
            if key not in _OF_FILES:
                asked = f"{field}: " if key in _PLAIN else f"{field} (not shown): "
                return self._known(key, _line(asked, hidden=key not in _PLAIN))
            file = _line(f"File with {field}: ")
        try:
            text = Path(file).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as wrong:
            raise Problem(Exit.INPUT, f"{flag} {field}: {file} cannot be read: {type(wrong).__name__}") from None
        if not text.strip() or len(text.encode()) > VALUE_BYTES:
            raise Problem(Exit.INPUT, f"{flag} {field}: {file} has no value of 1 to {VALUE_BYTES} bytes")
        line = text.removesuffix("\n").removesuffix("\r")
        return self._known(key, line if "\n" not in line else text)

    def _known(self, key: str, value: str) -> str:
        session.redactor.know_own({key: value})
        return value

    def wrong(self, found: Trial) -> None:
        """Say what is wrong, before it is asked anew. Raises Problem where nobody is asked."""
        self._must_ask(f"{found.said} (fix: {found.fix})" if found.fix != found.said else found.said)
        self.say(f"✗ {found.said}")

    def say(self, text: str) -> None:
        """To the person."""
        session.console().print(plain(text), markup=False)

    def _must_ask(self, otherwise: str, code: Exit = Exit.INPUT) -> None:
        if self._quiet:
            raise Problem(code, otherwise)


def typed(prompt: str) -> str:
    """What is typed at the terminal, without echo. Raises Problem where the terminal would show it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(prompt)
        except getpass.GetPassWarning:
            raise Problem(Exit.INPUT, "this terminal would show the value: give it by a pipe or a file") from None


def _line(prompt: str, *, hidden: bool = False) -> str:
    """One line of standard input. Not by `input`, which writes to standard output where that is a pipe."""
    if hidden and sys.stdin.isatty():
        return typed(prompt)
    session.console().print(plain(prompt), end="", markup=False)
    line = sys.stdin.readline()
    if not line:
        raise Problem(Exit.USAGE, f"the input ended before an answer to: {prompt.strip()}")
    return line.rstrip("\r\n")


def _choice(offers: Sequence[str]) -> str:
    if not offers:
        return ""
    more = f", and {len(offers) - _SHOWN} more" if len(offers) > _SHOWN else ""
    return f" ({' | '.join(offers[:_SHOWN])}{more})"


def _pair(text: str) -> tuple[str, str]:
    field, _, file = text.partition("=")
    if not file or "." not in field:
        raise Problem(Exit.USAGE, "--credential is PLACE.KEY=FILE, such as board.token=token.txt")
    return field, file
