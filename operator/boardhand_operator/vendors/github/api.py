"""What GitHub's boards and its forge share: where its API is, and how it words a refusal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

GITHUB = "https://github.com"
HEADERS = {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}


@dataclass(frozen=True)
class Api:
    """Where the API of a GitHub is."""

    base_url: str
    rest: str
    """What stands before the REST API's paths; GraphQL is at /graphql beside it."""

    @classmethod
    def of(cls, url: str | None) -> Api:
        """Of github.com, of a company's GHE.com, or of a GitHub Enterprise Server; None: github.com."""
        parts = urlsplit((url or GITHUB).rstrip("/"))
        host = (parts.hostname or "").lower()
        if host in ("github.com", "www.github.com", "api.github.com"):
            return cls("https://api.github.com", "")
        if host.endswith(".ghe.com"):
            return cls(f"https://api.{host.removeprefix('api.')}", "")
        return cls(f"{parts.scheme}://{parts.netloc}/api", "/v3")


def read_error(parsed: Any) -> str | None:
    """GitHub's sentence with what it says of single fields: by itself it is but "Validation Failed".

    Source: https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api#validation-failed
    """
    if not isinstance(parsed, dict) or not isinstance(parsed.get("message"), str):
        return None
    errors = parsed.get("errors")
    said = [_of_field(error) for error in errors] if isinstance(errors, list) else [errors or ""]
    return ": ".join([parsed["message"], *([", ".join(filter(None, said))] if any(said) else [])])


def _of_field(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    return str(error.get("message") or f"{error.get('field')} {error.get('code')}")
