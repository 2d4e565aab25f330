"""Pure: which lines the difference of a merge request shows, and how a note is put on one.

Sources: https://docs.gitlab.com/api/discussions/#create-a-merge-request-thread and
https://docs.gitlab.com/api/merge_requests/#list-merge-request-diffs
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from boardhand_operator.reviews import LineComment
from boardhand_operator.vendors.gitlab.client import Json

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")


def shown(diff: str) -> Iterator[tuple[int | None, int]]:
    """Old number (None where the line is new) and new number of each line that the file has now and the diff shows."""
    old = new = 0
    # At line feeds alone: a form feed or the like is a part of its line.
    for line in diff.removesuffix("\n").split("\n"):
        if hunk := _HUNK.match(line):
            old, new = int(hunk[1]), int(hunk[2])
        elif line.startswith("+"):
            yield None, new
            new += 1
        elif line.startswith("-"):
            old += 1
        elif new and (line.startswith(" ") or not line):
            yield old, new
            old, new = old + 1, new + 1


def position(diffs: Iterable[Json], refs: Json, said: LineComment) -> Json | None:
    """Where GitLab is to put the remark, or None where the difference does not show the line.

    refs: the merge request's commits. Of a line that was there before, GitLab wants the old number too.
    """
    file = next((diff for diff in diffs if diff["new_path"] == said.path), None)
    if file is None:
        return None
    at = {name: refs[name] for name in ("base_sha", "start_sha", "head_sha")}
    at |= {"old_path": file["old_path"], "new_path": file["new_path"]}
    if said.line == 0:
        return at | {"position_type": "file"}
    for old, new in shown(file["diff"]):
        if new == said.line:
            return at | {"position_type": "text", "new_line": new} | ({} if old is None else {"old_line": old})
    return None


def remark(note: Json) -> LineComment:
    """A note on the difference as a remark on a line; 0 where it is on the whole file or on a line that is gone."""
    at = note["position"]
    path = at.get("new_path") or at.get("old_path") or ""
    return LineComment(path, int(at.get("new_line") or 0), note["body"])
