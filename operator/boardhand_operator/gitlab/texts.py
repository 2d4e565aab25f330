"""Pure: texts that GitLab must not take for orders."""

from __future__ import annotations

import re

_ORDER = re.compile(r"^/(?=\w+(?:\s|$))", re.MULTILINE)


def harmless(text: str) -> str:
    """The text with no line that GitLab would carry out as a quick action, such as /merge; it is shown the same.

    What a model or a person wrote must not act with our account.
    Source: https://docs.gitlab.com/user/project/quick_actions/
    """
    return _ORDER.sub(r"\\/", text)
