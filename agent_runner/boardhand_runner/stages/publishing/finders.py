"""Finders of secrets: the run's own by their values or fingerprints, everybody's by their forms."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from itertools import chain

from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
from detect_secrets.plugins.base import BasePlugin
from detect_secrets.plugins.discord import DiscordBotTokenDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
from detect_secrets.plugins.mailchimp import MailchimpDetector
from detect_secrets.plugins.openai import OpenAIDetector
from detect_secrets.plugins.pypi_token import PypiTokenDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.square_oauth import SquareOAuthDetector
from detect_secrets.plugins.stripe import StripeDetector
from detect_secrets.plugins.telegram_token import TelegramBotTokenDetector
from detect_secrets.plugins.twilio import TwilioKeyDetector

from boardhand_api.fingerprints import Fingerprints, Known
from boardhand_runner.leaks import Finder, by_pattern

LITERAL_BYTES = 8
"""A shorter value would be found everywhere."""
OF_THIS_POOL = "a secret of this pool"
_PLUGINS: tuple[BasePlugin, ...] = (
    AWSKeyDetector(),
    AzureStorageKeyDetector(),
    DiscordBotTokenDetector(),
    GitHubTokenDetector(),
    GitLabTokenDetector(),
    MailchimpDetector(),
    OpenAIDetector(),
    PypiTokenDetector(),
    SendGridDetector(),
    SlackDetector(),
    SquareOAuthDetector(),
    StripeDetector(),
    TelegramBotTokenDetector(),
    TwilioKeyDetector(),
)
"""Those of fixed forms. Words like `password = "…"`, entropy, JWTs and addresses stand in every test."""
_PIECE, _OVERLAP = 1_000, 250
"""Characters a plugin is given at a time, since some of them take the square of it; no token is longer than the
overlap."""
_DOCUMENTED = "EXAMPLE"
"""Stands in the keys of AWS's own documentation."""
_ENCODED = re.compile(rb"[A-Za-z0-9+/_-]{22,}")
"""What may be 16 bytes in base64."""
_STANDARD = bytes.maketrans(b"-_", b"+/")


def finders(literals: Sequence[bytes], told: Fingerprints) -> list[Finder]:
    """All of them: `literals` are values, `told` the fingerprints of others."""
    return [_deep(by_value(literals), by_fingerprint(told)), by_pattern, by_plugin]


def by_value(literals: Sequence[bytes]) -> Finder:
    """These values, wherever they stand."""
    values = [value for value in literals if len(value) >= LITERAL_BYTES]
    return lambda data: OF_THIS_POOL if any(value in data for value in values) else None


def by_fingerprint(told: Fingerprints) -> Finder:
    """Secrets that nothing is known of but these."""
    known = Known(told)
    return lambda data: OF_THIS_POOL if known.is_in(data) else None


def by_plugin(data: bytes) -> str | None:
    """Secrets by their form, as detect-secrets knows them. Its plugins are asked as they are: no filter, of which one
    obeys comments in the text, and none of its requests to whoever gave a token out."""
    text = data.decode("latin-1")
    for at in range(0, max(len(text) - _OVERLAP, 1), _PIECE - _OVERLAP):
        piece = text[at : at + _PIECE]
        for plugin in _PLUGINS:
            if any(_is_telling(found, piece) for found in plugin.analyze_string(piece)):
                return f"a secret ({plugin.secret_type})"
    return None


def _is_telling(found: str, text: str) -> bool:
    """Not a documented key, and no part of a longer word or number, such as an ARN's or a genome's."""
    return _DOCUMENTED not in found and bool(re.search(rf"(?<![A-Za-z0-9]){re.escape(found)}(?![A-Za-z0-9])", text))


def _deep(*finders: Finder) -> Finder:
    """Looks into what is encoded, too."""

    def found(data: bytes) -> str | None:
        forms = chain((data,), _forms(data))
        return next((what for form in forms for find in finders if (what := find(form))), None)

    return found


def _forms(data: bytes) -> Iterator[bytes]:
    """The data as ASCII where it is UTF-16, and what stands in it as base64, wherever that begins."""
    if b"\0" in data:
        yield data.replace(b"\0", b"")
    for run in _ENCODED.findall(data):
        text = run.translate(_STANDARD)
        for start in range(4):
            whole = (len(text) - start) // 4 * 4
            rest = text[start + whole :]
            # Two or three characters at the end are a byte or two; one is none.
            padded = text[start : start + whole] + (rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b"")
            yield base64.b64decode(padded)
