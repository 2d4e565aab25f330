"""How a review of ours is told from a comment at forges that have no reviews as such: by its first line."""

from __future__ import annotations

from boardhand_operator.reviews import Judgement

_HEADINGS = {
    Judgement.APPROVED: "**Review: approved**",
    Judgement.CHANGES_WANTED: "**Review: changes wanted**",
    Judgement.COMMENTED: "**Review: comments**",
}


def headed(judgement: Judgement, text: str) -> str:
    """The text below the heading of this judgement."""
    return f"{_HEADINGS[judgement]}\n\n{text}"


def unheaded(text: str) -> tuple[Judgement, str] | None:
    """Judgement and text of what `headed` made; None for any other text."""
    first, _, rest = text.partition("\n")
    for judgement, heading in _HEADINGS.items():
        if first.rstrip() == heading:
            return judgement, rest.lstrip("\r\n")
    return None
