"""References of images: whether they are ones, and name a version. Pure.

https://github.com/distribution/reference has the grammar.
"""

from __future__ import annotations

import re

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_REFERENCE = re.compile(
    rf"(?:(?P<host>{_HOST})/)?(?P<path>{_PART}(?:/{_PART})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?P<digest>[a-z0-9+._-]+:[0-9a-fA-F]{32,}))?"
)


def wrong_with(image: str) -> str | None:
    """What is wrong with the reference of an image, or None."""
    found = _REFERENCE.fullmatch(image)
    if found is None:
        return f"{image!r} is no reference of an image: HOST/PATH:VERSION, the path in lower case"
    if found["digest"]:
        return None
    if found["tag"] in (None, "latest"):
        return f"{image!r} names no version, so two pods may run two images"
    return None
