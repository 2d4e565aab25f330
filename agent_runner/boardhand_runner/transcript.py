"""The agent's log: one event a line, heads and digests instead of payloads, known secrets blotted out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from boardhand_api.events import EVENT_BYTES, Anew, Ended, FellBack, Nudged, Resumed, Routed, Started, Step
from boardhand_api.redaction import PUBLIC_KEYS, Redaction
from boardhand_api.result import Result, Usage
from boardhand_runner.texts import encodable

TEXT, ARGUMENTS, ANSWER, CALLS = 1000, 300, 200, 16
"""Bounds in characters, and of calls in one step: 1,000 steps stay below 5 MB."""


def secrets_below(folder: Path) -> list[str]:
    """Every value mounted below this folder; no user names."""
    files = [file for file in folder.rglob("*") if file.is_file() and file.name not in PUBLIC_KEYS]
    return sorted({file.read_text("utf-8", "replace").strip() for file in files})


class Transcript:
    """Writes events to `out` as they happen."""

    def __init__(self, out: TextIO, secrets: Iterable[str] = ()) -> None:
        self._out = out
        self._secrets = Redaction()
        self._secrets.know(secrets)

    def clean(self, text: str) -> str:
        """The text without the secrets that are known, fit for JSON."""
        return self._secrets.clean(encodable(text))

    def started(self, run: str) -> None:
        self._write(Started(at=_now(), run=run))

    def routed(self, specialist: str, reason: str) -> None:
        self._write(Routed(at=_now(), specialist=specialist, reason=self._head(reason, TEXT)))

    def step(
        self,
        number: int,
        role: str,
        text: str,
        usage: Usage,
        calls: Sequence[tuple[str, str]] = (),
        answers: Sequence[str] = (),
        outcomes: Sequence[str] = (),
        tool_seconds: Sequence[float] = (),
        seconds: float = 0,
    ) -> None:
        """One answer of a model: `calls` are names and arguments, the rest what came of them, in their order."""
        self._write(
            Step(
                at=_now(),
                number=number,
                role=role,
                text=self._head(text, TEXT),
                calls=[self._head(f"{name} {arguments}", ARGUMENTS) for name, arguments in calls[:CALLS]],
                results=[self._answer(answer) for answer in answers[:CALLS]],
                outcomes=list(outcomes[:CALLS]),
                tool_seconds=[round(took, 3) for took in tool_seconds[:CALLS]],
                usage=usage,
                seconds=seconds,
            )
        )

    def nudged(self, by: str, reason: str, text: str) -> None:
        self._write(Nudged(at=_now(), by=by, reason=reason, text=self._head(text, TEXT)))

    def fell_back(self, model: str, fallback: str, reason: str, text: str) -> None:
        """From here on `fallback` answers for `model`."""
        head = self._head(text, TEXT)
        self._write(FellBack(at=_now(), model=model, fallback=fallback, reason=reason, text=head))

    def resumed(self, step: int, node: str) -> None:
        """The run goes on at this step, in this node of the graph."""
        self._write(Resumed(at=_now(), step=step, node=node))

    def anew(self, text: str) -> None:
        """The run cannot go on from what its earlier pod left."""
        self._write(Anew(at=_now(), text=self._head(text, TEXT)))

    def ended(self, result: Result) -> None:
        """The last event; a summary that makes the line too long is shortened."""
        event = Ended(at=_now(), result=result)
        while len(event.model_dump_json(by_alias=True).encode()) >= EVENT_BYTES:
            shorter = event.result.summary[: len(event.result.summary) * 3 // 4]
            event = Ended(at=event.at, result=event.result.model_copy(update={"summary": shorter}))
        self._write(event)

    def _write(self, event: Started | Routed | Step | Nudged | FellBack | Resumed | Anew | Ended) -> None:
        # Again, for what is no text of a model's or a program's own, such as names of files.
        self._out.write(self._secrets.clean(event.model_dump_json(by_alias=True, exclude_none=True)) + "\n")
        self._out.flush()

    def _head(self, text: str, length: int) -> str:
        # Cleaned before it is cut: half a secret would no longer be found.
        text = self.clean(text)
        return text if len(text) <= length else f"{text[:length]}… ({len(text)} characters)"

    def _answer(self, text: str) -> str:
        digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
        return f"{digest} {self._head(text, ANSWER)}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
