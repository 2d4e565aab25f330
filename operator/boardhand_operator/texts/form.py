"""Pure: a repository's pull-request template, filled in with what is known of a run.

Of its headings the first about the change gets the why, the first about tests the proof; everything else stays as its
owners wrote it, boxes to tick among it: they are for people.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(.*)$")
_FENCE = re.compile(r" {0,3}(```|~~~)")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TESTS = re.compile(r"\b(test|tests|tested|testing|verif\w*|validat\w*|proof|qa)\b", re.IGNORECASE)
_WHY = re.compile(
    r"\b(why|what|describe|description|summary|overview|motivation|context|purpose|changes?|about)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Section:
    """A heading, as it stands there, and what is below it up to the next one."""

    heading: str
    """Empty for what comes before the first one."""
    text: str


@dataclass(frozen=True)
class Filled:
    """The template with what had a place in it."""

    text: str
    why: bool
    """Whether the why is in it."""
    proof: bool


def filled(template: str, why: str, proof: str) -> Filled:
    """The template with both below the headings that ask for them; the hints there, HTML comments, are gone.

    The why comes from a model: it is quoted, so that nothing in it (an open code block, a comment) hides what follows.
    """
    sections = list(sections_of(template.replace("\r\n", "\n")))
    at_proof = _first(sections, _TESTS)
    at_why = _first(sections, _WHY, at_proof)
    for at, text in ((at_proof, proof), (at_why, quoted(why))):
        if at is not None:
            sections[at] = _with(sections[at], text)
    parts = (part.strip("\n") for section in sections for part in (section.heading, section.text))
    return Filled("\n\n".join(part for part in parts if part.strip()), at_why is not None, at_proof is not None)


def sections_of(template: str) -> Iterator[Section]:
    """The template cut at its headings; one in a code block or in a comment is none."""
    heading, lines = "", list[str]()
    fenced, hidden = "", False
    for line in template.split("\n"):
        if not fenced and not hidden and _HEADING.match(line):
            yield Section(heading, "\n".join(lines))
            heading, lines = line, []
            continue
        fence = _FENCE.match(line)
        if not hidden and fence:
            fenced = "" if fenced == fence[1] else fenced or fence[1]
        elif not fenced:
            hidden = _comment_goes_on(line, hidden)
        lines.append(line)
    yield Section(heading, "\n".join(lines))


def quoted(text: str) -> str:
    """The text as a Markdown quotation, out of which nothing leads."""
    return "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines())


def _comment_goes_on(line: str, hidden: bool) -> bool:
    """Whether an HTML comment is open at the end of the line; hidden: whether one was at its begin."""
    return line.rfind("<!--") > line.rfind("-->") or (hidden and "-->" not in line)


def _first(sections: list[Section], words: re.Pattern[str], but: int | None = None) -> int | None:
    for at, section in enumerate(sections):
        heading = _HEADING.match(section.heading)
        if at != but and heading and words.search(heading[1]):
            return at
    return None


def _with(section: Section, text: str) -> Section:
    left = _COMMENT.sub("", section.text).strip()
    return replace(section, text=f"{text}\n\n{left}" if left else text)
