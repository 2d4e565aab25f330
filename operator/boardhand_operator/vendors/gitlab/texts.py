"""Pure: texts that GitLab must not take for orders."""

from __future__ import annotations

import re

_ORDER = re.compile(r"^/(?=\w+(?:\s|$))", re.MULTILINE)


def harmless(text: str) -> str:
    """The text with no line that GitLab would carry out as a quick action, such as /merge; it is shown the same.

    What a model or a person wrote must not act with our account. Carriage returns and the spaces at the end go, as
    GitLab itself has it: it looks for orders in what is left, and what we read back must be what we sent.
    Source: https://docs.gitlab.com/user/project/quick_actions/ and GitLab's lib/gitlab/quick_actions/extractor.rb
    """
    return _ORDER.sub(r"\\/", text.replace("\r\n", "\n").replace("\r", "\n")).rstrip()
