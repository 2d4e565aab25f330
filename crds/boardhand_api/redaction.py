"""Takes known secrets out of texts, in every form in which programs quote them. Pure; for both programs."""

from __future__ import annotations

import base64
import html
import json
from bisect import bisect_left, insort
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


class _Forms:
    """Forms with the same first characters; tokens of one vendor are, by the hundred."""

    def __init__(self) -> None:
        self._sorted: list[str] = []
        self._count: Counter[str] = Counter()
        """How many values have each."""
        self._most = 0

    def __len__(self) -> int:
        return len(self._sorted)

    def add(self, form: str) -> None:
        if form not in self._count:
            insort(self._sorted, form)
            self._most = max(self._most, len(form))
        self._count[form] += 1

    def drop(self, form: str) -> None:
        self._count[form] -= 1
        if not self._count[form]:
            del self._count[form]
            del self._sorted[bisect_left(self._sorted, form)]

    def found(self, text: str, at: int) -> int:
        """How many characters there are of a secret: all of it, its beginning where the text ends, or CUT at least."""
        there = text[at : at + self._most]
        # Of all forms, one of those between which the text would stand has most of it.
        place = bisect_left(self._sorted, there)
        shared = max(_shared(form, there) for form in self._sorted[max(0, place - 1) : place + 1])
        if shared >= CUT or at + shared == len(text):
            return shared
        return next((length for length in range(shared, LEAST - 1, -1) if there[:length] in self._count), 0)


def _shared(one: str, other: str) -> int:
    """How many first characters are the same."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


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
        self._index: dict[str, _Forms] = {}
        """By their first characters."""

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
            length = found.found(text, at) if found else 0
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
            self._index.setdefault(form[:LEAST], _Forms()).add(form)
        while len(self._known) > self._most:
            _, gone = self._known.popitem(last=False)
            for form in gone:
                self._drop(form)

    def _drop(self, form: str) -> None:
        there = self._index[form[:LEAST]]
        there.drop(form)
        if not there:
            del self._index[form[:LEAST]]
