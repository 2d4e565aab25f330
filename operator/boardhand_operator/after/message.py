"""What is sent where a run ends: text as Slack, and what is like it, shows it, and the same for programs. Pure.

Sources: https://docs.slack.dev/messaging/formatting-message-text/ (escaping, links) and
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from boardhand_api.counts import printable
from boardhand_api.run_status import Phase
from boardhand_api.taming import GAP, one_line
from boardhand_operator.views import Run

TITLE, SENTENCE = 200, 500
"""Characters of a ticket's title and of a failure's sentence that are shown."""
VERSION = 1
"""Of what is for programs; a reader ignores fields that it does not know."""
_KEPT = "%/:?#@!$'()*+,;=~"
"""Of an address, beside letters and digits; what ends a link in Slack is not among it."""
_LINKS = re.compile(r":(?=//)|\](?=\()|\bwww(?=\.)", re.IGNORECASE)
"""What chats make links of."""

Json = dict[str, Any]


def message(run: Run) -> Json:
    """The whole of it, for a run that has ended."""
    return {"text": text_of(run), "unfurl_links": False, "unfurl_media": False, "boardhand": data_of(run)}


def escaped(text: str, most: int) -> str:
    """Text of a model or a stranger on one line: it calls nobody, links to nothing, and ends nothing early."""
    plain = _LINKS.sub(lambda found: found[0] + GAP, one_line(text))
    plain = plain if len(plain) <= most else plain[: most - 1] + "…"
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def link(label: str, url: str) -> str:
    """An escaped label as a link, or as it is where the address is none of the web."""
    if not url.startswith(("https://", "http://")):
        return label
    # In Slack's links nothing ends the label but `>`, which is escaped.
    return f"<{quote(url, safe=_KEPT)}|{label}>"


def text_of(run: Run) -> str:
    """Two or three lines for people."""
    status, ticket = run.status, run.spec.ticket
    failure, pull = status.failure, status.pull_request
    ended = status.phase.value
    if failure and status.phase is Phase.FAILED:
        ended += f" ({failure.failure_class.value})"
    name = escaped(f"{ticket.key} {ticket.title}", TITLE)
    # Of a run that was written by hand the address is whatever somebody wrote.
    shown = link(name, ticket.url) if run.on_board else name
    lines = [f"*{ended}*: {shown} (pool {escaped(f'{run.namespace}/{run.spec.pool}', TITLE)})"]
    if failure:
        lines.append(escaped(failure.message, SENTENCE))
    if pull:
        lines.append(link(f"{'Draft pull request' if pull.draft else 'Pull request'} {pull.number}", pull.url))
    elif status.branch:
        lines.append(f"Branch {escaped(status.branch, TITLE)}")
    return "\n".join(line for line in lines if line)


def data_of(run: Run) -> Json:
    """The same for programs. Texts in it are as they were written: data, not to be shown as they are."""
    status, ticket = run.status, run.spec.ticket
    failure, pull, usage = status.failure, status.pull_request, status.usage
    about: Json = {
        "version": VERSION,
        "namespace": run.namespace,
        "pool": run.spec.pool,
        "run": run.name,
        "uid": run.uid,
        "attempt": run.spec.attempt,
        "ended": status.phase.value,
        "finishedAt": status.finished_at,
        "ticket": {"id": ticket.id, "key": ticket.key, "title": printable(ticket.title), "url": ticket.url},
        "branch": status.branch,
        "commit": status.commit,
    }
    if failure:
        about |= {"class": failure.failure_class.value, "reason": failure.reason, "message": printable(failure.message)}
    if pull:
        about["pullRequest"] = {"url": pull.url, "number": pull.number, "draft": pull.draft}
    if usage:
        about["tokens"] = usage.prompt_tokens + usage.completion_tokens
        about["money"] = None if usage.money is None else str(usage.money)
    return {name: value for name, value in about.items() if value is not None}
