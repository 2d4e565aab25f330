"""How a webhook's call is proved, whoever makes it: what the vendors' ways have in common. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from boardhand_operator.errors import Misconfigured

SECRET = "webhookSecret"  # noqa: S105 (the key's name)
"""The key of the Secret with what proves a call: any text of your own, unless the vendor gives it."""


def header(headers: Mapping[str, str], name: str) -> str:
    """A header by its name in lower case, in whichever case it came; empty where there is none."""
    return next((value for key, value in headers.items() if key.lower() == name), "")


def same(wanted: str, given: str) -> bool:
    """Whether a proof is the one that is wanted; compared in constant time."""
    return hmac.compare_digest(wanted.encode(), given.encode("utf-8", "surrogatepass"))


def digest(secret: str, body: bytes) -> str:
    """HMAC with SHA-256 of a body, in hexadecimal digits."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def required(secret: str, secret_name: str, field: str, what_for: str) -> str:
    """The secret. Raises Misconfigured where it is empty.

    secret_name: the Secret it is of. field: the webhook's, such as spec.forge.webhook. what_for: ends the sentence,
    such as "with which GitHub is to sign its calls".
    """
    if secret:
        return secret
    raise Misconfigured(
        "SecretKeyMissing",
        f"{field}: Secret {secret_name} lacks the key {SECRET!r}: put a long random text there, {what_for}.",
    )
