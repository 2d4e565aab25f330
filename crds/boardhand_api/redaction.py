"""Takes known secrets out of texts, in every form in which programs quote them. Pure; for both programs."""

from __future__ import annotations

import base64
import html
import json
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TextIO
from urllib.parse import quote, quote_plus

PUBLIC_KEYS = frozenset({"username", "email", "appId", "installationId", "knownHosts"})
"""Keys of credentials whose values are no secrets."""
BLOT = "***"
LEAST = 6
"""A shorter value is left: it would tear holes into ordinary words."""
CUT = 16
"""So many first characters of a secret are taken out where the rest was cut off."""
LINE = 16
"""Of a value of several lines, such as a key, each line so long is looked for by itself."""
MOST = 2_000
"""So many values are known at most; the one that was named longest ago is forgotten first."""
FEW = 4
"""So many beginnings for each character of a text are looked for one by one first: mostly that is faster."""
_CUT = (0, 2, 3)
"""Characters of base64 that also hold bits of what stands before: none, one or two bytes."""


def forms(value: str) -> frozenset[str]:
    """The value as it stands in texts: bare, quoted for a URL, for JSON, Python and HTML, and in base64.

    Of base64 the part that does not depend on what stands around the value, so that a user's name before it does not
    hide it.
    """
    found = {value, html.escape(value), repr(value)[1:-1]}
    found |= {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    found |= {json.dumps(one)[1:-1] for one in list(found)}
    quoted = {quote(value, safe=""), quote(value), quote_plus(value)}
    found |= quoted | {_lower(one) for one in quoted}
    for cut in range(3):
        plain = base64.b64encode(b"\0" * cut + value.encode("utf-8", "surrogatepass")).decode()
        inner = plain[_CUT[cut] : (cut + len(value.encode("utf-8", "surrogatepass"))) * 8 // 6]
        found |= {inner, inner.replace("+", "-").replace("/", "_"), quote(inner, safe="")}
    return frozenset(one for one in found if len(one) >= LEAST)


def _longest(found: Iterable[str], text: str, at: int) -> int:
    """How many characters there are of a secret: all of it, its beginning where the text ends, or CUT at least."""
    return max((_shared(form, text, at) for form in found), default=0)


def _shared(form: str, text: str, at: int) -> int:
    there = text[at : at + len(form)]
    if form.startswith(there):
        return len(there)
    same = next((at for at, (one, other) in enumerate(zip(form, there, strict=False)) if one != other), 0)
    return same if same >= CUT else 0


def _lower(quoted: str) -> str:
    """With lower-case digits, as some programs quote."""
    head, *rest = quoted.split("%")
    return head + "".join(f"%{part[:2].lower()}{part[2:]}" for part in rest)


def parts(value: str) -> Iterator[str]:
    """What is looked for: the whole value, what follows a word like Bearer, and the lines of a key."""
    whole = value.strip()
    yield whole
    if "\n" in whole:
        yield from (line.strip() for line in whole.splitlines() if len(line) >= LINE and not line.startswith("-----"))
    else:
        yield from whole.split()[-1:]


class CleanStream:
    """A text stream on which everything is cleaned: standard error, where Python writes tracebacks."""

    def __init__(self, inner: TextIO, clean: Callable[[str], str]) -> None:
        self._inner, self._clean = inner, clean

    def write(self, text: str) -> int:
        self._inner.write(self._clean(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class Redaction:
    """Known secrets. Finding them takes a time that depends on the text alone, however many they are."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: OrderedDict[str, frozenset[str]] = OrderedDict()
        self._index: dict[str, Counter[str]] = {}
        """Forms by their first characters, with how many values have each."""

    def know(self, values: Iterable[str]) -> None:
        """Take these out of texts from now on."""
        for value in values:
            if value in self._known:
                self._known.move_to_end(value)
            elif len(value.strip()) >= LEAST:
                self._add(value)

    def clean(self, text: str) -> str:
        """The text with a blot in place of each secret."""
        few = len(self._index) < FEW * len(text)
        if len(text) < LEAST or (few and not any(map(text.__contains__, self._index))):
            return text
        out, start, at = [], 0, 0
        while at <= len(text) - LEAST:
            found = self._index.get(text[at : at + LEAST])
            length = _longest(found, text, at) if found else 0
            if length:
                out += [text[start:at], BLOT]
                start = at = at + length
            else:
                at += 1
        return "".join([*out, text[start:]]) if out else text

    def stream(self, inner: TextIO) -> CleanStream:
        """The stream, on which no secret is written."""
        return CleanStream(inner, self.clean)

    def _add(self, value: str) -> None:
        mine = frozenset(form for part in parts(value) if len(part) >= LEAST for form in forms(part))
        self._known[value] = mine
        for form in mine:
            self._index.setdefault(form[:LEAST], Counter())[form] += 1
        while len(self._known) > self._most:
            _, gone = self._known.popitem(last=False)
            for form in gone:
                self._drop(form)

    def _drop(self, form: str) -> None:
        there = self._index[form[:LEAST]]
        there[form] -= 1
        if not there[form]:
            del there[form]
        if not there:
            del self._index[form[:LEAST]]
