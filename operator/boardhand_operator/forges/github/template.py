"""The repository's pull-request template.

Source: https://docs.github.com/communities/using-templates-to-encourage-useful-issues-and-pull-requests
"""

from __future__ import annotations

import base64
import re
from urllib.parse import quote

from boardhand_operator.errors import NotFound
from boardhand_operator.forges.github.at import At

FOLDERS = (".github", "", "docs")
"""Where it may be, in this order: hidden, at the root, with the documentation."""
BYTES = 16_384
"""Of a longer one the rest is left out."""
_NAME = re.compile(r"pull_request_template(\.(md|markdown|txt))?", re.IGNORECASE)


async def read(at: At) -> str | None:
    """The first one on the pool's branch, or None."""
    for folder in FOLDERS:
        for name in await _names(at, folder):
            path = f"{folder}/{name}".lstrip("/")
            found = await at.http.get(f"read {path}", f"{at.root}/contents/{quote(path)}", {"ref": at.branch})
            return base64.b64decode(found["content"])[:BYTES].decode(errors="ignore")
    return None


async def _names(at: At, folder: str) -> list[str]:
    """Templates in the folder; the first 1,000 files of one are listed."""
    try:
        found = await at.http.get(f"list /{folder}", f"{at.root}/contents/{folder}", {"ref": at.branch})
    except NotFound:
        return []
    if not isinstance(found, list):
        return []
    return sorted(one["name"] for one in found if one["type"] == "file" and _NAME.fullmatch(one["name"]))
