"""What a failed request to a model means: ask again, or end the run, and as which class."""

from __future__ import annotations

import contextlib
import email.utils
import re
import time
from typing import Any

from langchain_core.exceptions import ContextOverflowError

from boardhand_runner.errors import Configuration, Refused, RunnerError, Stuck

FIRST_ERROR = 400
_AGAIN = {408, 409, 425, 429}
_OVERFLOW = (
    "context_length",
    "context length",
    "context size",
    "maximum context",
    "context window",
    "context limit",
    "maximum model length",
    "maximum prompt length",
    "model token limit",
    "prompt is too long",
    "input is too long",
    "exceeds the maximum number of tokens",
    "`max_new_tokens` must be",
)
"""Of OpenAI, Anthropic, Google, Mistral, xAI, Moonshot, Bedrock, llama.cpp, vLLM and TGI."""
_TOO_LARGE = "request too large"
"""One request is more than a minute may have: no minute will take it."""
_DECLINED = (
    "content management policy",
    "content filtering policy",
    "content_policy_violation",
    "violating our usage policy",
    "input was flagged",
    "content_filter",
    "invalid_prompt",
)
"""Of Azure, Anthropic, OpenAI and OpenRouter, about what a conversation holds: no word about the pool."""
_QUOTA = ("insufficient_quota", "exceeded your current quota", "billing")
_PASSING = "rate_limit_exceeded"
"""OpenAI's code of a limit that passes; its words may speak of billing, too."""
_STATUSES = {
    "insufficient_quota": 402,
    "context_length_exceeded": 413,
    "invalid_api_key": 401,
    "model_not_found": 404,
    "content_filter": 400,
    "invalid_prompt": 400,
}
"""OpenAI's codes for what asking again cannot help."""
_CREDIT = "credit balance is too low"
_KEY = "api key not valid"
_BY_DAY = "perday"
_RETRY_DELAY = re.compile(r"\bretrydelay\W+(\d+(?:\.\d+)?)s\b")
"""Google says in the body when to ask again, and has the same words for a minute's limit and an account's."""
UNREADABLE = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)
"""What the providers' libraries raise where a 200 does not hold a chat completion."""


class BrokenOff(Exception):
    """A stream ended before its answer did."""


class Transient(Exception):
    """Worth asking again, after `retry_after` seconds where the server said so."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def diagnose(error: Exception, model: str) -> RunnerError | Transient:
    """What this error of a provider's library means."""
    if isinstance(error, ContextOverflowError):
        return _overflow(model)
    response = _response(error)
    if response is not None and response.status_code >= FIRST_ERROR:
        headers = {name.lower(): value for name, value in response.headers.items()}
        return of_answer(response.status_code, headers, str(error), model)
    if told := _told(error):
        return of_answer(*told, model)
    kind = type(error).__name__
    if isinstance(error, UNREADABLE):
        return Transient(f"{model} answered something that is no chat completion ({kind}); see its baseURL")
    if response is not None or isinstance(error, BrokenOff):
        return Transient(f"{model} broke off its answer ({kind}): {_head(str(error))}")
    cause = error.__cause__ or error
    return Transient(f"{model} cannot be reached, or broke off: {_head(str(cause) or type(cause).__name__)}")


def _response(error: Exception) -> Any:
    """The HTTP answer behind the error: some libraries leave it in the error they began with."""
    return getattr(error, "response", None) or getattr(error.__cause__, "response", None)


def _told(error: Exception) -> tuple[int, dict[str, str], str] | None:
    """What a server says in the middle of a stream that began well, as if it were the answer's status."""
    body = getattr(error, "body", None)
    code = body.get("code") if isinstance(body, dict) else None
    said = str(error)
    if not isinstance(code, int):
        code, said = _STATUSES.get(str(code)), f"{code}: {said}"
    return (code, {}, said) if code and code >= FIRST_ERROR else None


def of_answer(status: int, headers: dict[str, str], text: str, model: str) -> RunnerError | Transient:
    """What an HTTP error status means. `headers` by lower-case name."""
    said = f"{model} answered {status}: {_head(text)}"
    low = text.lower()
    if status in (400, 403, 422) and any(word in low for word in _DECLINED):
        return Refused("ModelDeclined", f"{said}. Its provider's policy takes no such conversation.")
    if status in (401, 403) or (status == 400 and _KEY in low):
        return Configuration("ModelCredentials", f"{said}. Mend the key `apiKey` in the model's Secret.")
    if status == 404:
        return Configuration("ModelNotFound", f"{said}. See the model's name and baseURL.")
    delay = _RETRY_DELAY.search(low)
    if status == 429 and delay and _BY_DAY not in low:
        return Transient(said, float(delay[1]))
    spent = any(word in low for word in _QUOTA) and _PASSING not in low
    if status == 402 or (status == 429 and spent) or (status == 400 and _CREDIT in low):
        return Configuration("ModelQuota", f"{said}. The account's quota is used up.")
    too_long = status in (400, 422) and any(word in low for word in _OVERFLOW)
    if status == 413 or too_long or (status == 429 and _TOO_LARGE in low):
        return _overflow(model)
    if status in _AGAIN or status >= 500:
        return Transient(said, retry_after(headers.get("retry-after"), time.time()))
    return Configuration("ModelRefused", f"{said}. The server does not take the request as the runner makes it.")


def retry_after(header: str | None, now: float) -> float | None:
    """Seconds to wait by a Retry-After header: a number or an HTTP date (RFC 9110, section 10.2.3)."""
    if header is None:
        return None
    with contextlib.suppress(ValueError):
        return max(0.0, float(header))
    # OverflowError: of a year of twenty digits.
    with contextlib.suppress(ValueError, OverflowError):
        return max(0.0, email.utils.parsedate_to_datetime(header).timestamp() - now)
    return None


def _overflow(model: str) -> Stuck:
    return Stuck("ContextOverflow", f"The conversation no longer fits into the context of {model}.")


def _head(text: str) -> str:
    return " ".join(text.split())[:300]
