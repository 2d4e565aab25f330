"""Pure: the two ways in which Azure DevOps stores text: HTML, and Markdown since 2025.

Source: https://learn.microsoft.com/en-us/azure/devops/boards/work-items/markdown-work-items ; descriptions of before
stay HTML, and so does everything on a server of one's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from markdown_it import MarkdownIt
from markdownify import markdownify

DESCRIPTION = "System.Description"
STEPS = "Microsoft.VSTS.TCM.ReproSteps"
CRITERIA = "Microsoft.VSTS.Common.AcceptanceCriteria"
TEXTS = (DESCRIPTION, STEPS, CRITERIA)
_TAG = re.compile(r"</?(p|div|br|span|ul|ol|li|h[1-6]|b|i|u|strong|em|a|img|table|pre|code|blockquote)\b[^>]*>", re.I)
_LANGUAGE = re.compile(r"(?:language|lang)-(\w+)")


def to_markdown(html: str) -> str:
    """HTML of Azure's editor as Markdown."""
    return markdownify(html, heading_style="ATX", bullets="-", code_language_callback=_language).strip()


def to_html(markdown: str) -> str:
    """Markdown as HTML; HTML in it is shown, not taken."""
    made: str = MarkdownIt("commonmark", {"html": False}).render(markdown)
    return made.strip()


def read(text: str, form: str | int | None) -> str:
    """A stored text as Markdown. form: what Azure says of it, where it does (its CommentFormat, by name or by number);
    else HTML is told by its tags."""
    if form is None:
        return to_markdown(text) if _TAG.search(text) else text
    return text if str(form).lower() in ("markdown", "0") else to_markdown(text)


def body_of(item: Mapping[str, Any]) -> str:
    """What a work item asks for: its description, or a bug's steps, and its acceptance criteria below."""
    told = {name: _field(item, name) for name in TEXTS}
    said = told[DESCRIPTION] or told[STEPS]
    if not told[CRITERIA].strip():
        return said
    return f"{said}\n\n## Acceptance criteria\n\n{told[CRITERIA]}".lstrip()


def _field(item: Mapping[str, Any], name: str) -> str:
    text = str(item["fields"].get(name) or "")
    formats = item.get("multilineFieldsFormat") or {}
    return read(text, formats.get(name)) if text else ""


def _language(block: Any) -> str:
    """The language of a code block, which may be named by its first child."""
    code = block.find("code") or block
    names = [*(block.get("class") or ()), *(code.get("class") or ())]
    return next((found[1] for name in names if (found := _LANGUAGE.match(name))), "")
