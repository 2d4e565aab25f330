"""The tool calls of the answer that is being carried out, noted one by one: a resumed run carries none out twice.

Without it an edit that quotes what stays, or a second insertion at the same line, would be made again. A call that was
under way is repeated, unless it is an edit and its file is no longer what it was.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

from boardhand_runner.errors import ToolError
from boardhand_runner.history import Outcome
from boardhand_runner.settings import Settings
from boardhand_runner.tools.catalog import WRITING, Answer
from boardhand_runner.tools.files import FILE_BYTES
from boardhand_runner.tools.worktree import Confined

FILE = "calls.jsonl"
Do = Callable[[], Awaitable[Answer]]


class Journal:
    """Of one run. Notes are on the disk before the call that they are about is carried out."""

    def __init__(self, settings: Settings) -> None:
        self._file = settings.state / FILE
        self._work = Confined(settings.work)
        self._notes = self._read()

    async def once(self, answer: str, place: int, name: str, arguments: dict[str, Any], do: Do) -> Answer:
        """What the call at `place` of the model's `answer` came to; carried out by `do` unless it is known already."""
        if self._notes and self._notes[0]["answer"] != answer:
            self._notes = []
            self._file.unlink()
        noted = [note for note in self._notes if note["place"] == place]
        if noted and "text" in noted[-1]:
            return Answer(noted[-1]["text"], Outcome(noted[-1]["outcome"]))
        before = self._digest(name, arguments)
        if noted and noted[-1]["file"] != before:
            return Answer(f"{arguments['path']}: this edit was made before the run was interrupted.", Outcome.DONE)
        call = {"answer": answer, "place": place}
        self._note(call | {"file": before})
        came = await do()
        self._note(call | {"text": came.text, "outcome": came.outcome.value})
        return came

    def _note(self, note: dict[str, Any]) -> None:
        self._notes.append(note)
        with self._file.open("a", encoding="utf-8", errors="replace") as stream:
            stream.write(json.dumps(note) + "\n")
            stream.flush()
            os.fsync(stream.fileno())

    def _digest(self, name: str, arguments: dict[str, Any]) -> str:
        """Of the file that an edit is about; empty for other calls, and where there is no such file."""
        path = arguments.get("path")
        if name not in WRITING or not isinstance(path, str):
            return ""
        try:
            return hashlib.sha256(self._work.read(path, FILE_BYTES)).hexdigest()
        except ToolError:
            return ""

    def _read(self) -> list[dict[str, Any]]:
        """All whole lines: the last one may be half written."""
        try:
            text = self._file.read_text("utf-8")
        except FileNotFoundError:
            return []
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            self._file.write_text(whole, "utf-8")
        return [json.loads(line) for line in whole.splitlines()]
