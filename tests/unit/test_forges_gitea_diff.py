"""Which lines a unified diff shows."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_operator.forges.gitea.diff import lines_shown

DIFF = """diff --git a/src/a.py b/src/a.py
index 1..2 100644
--- a/src/a.py
+++ b/src/a.py
@@ -1,3 +1,4 @@ def f():
 one
+++ not a file
-two
+two and a half
 three
@@ -10 +11 @@
-ten
+eleven
diff --git a/new b/new
--- /dev/null
+++ b/new
@@ -0,0 +1,2 @@
+x
+y
\\ No newline at end of file
diff --git a/gone b/gone
--- a/gone
+++ /dev/null
@@ -1 +0,0 @@
-x
"""


def test_lines_of_every_file() -> None:
    found = lines_shown(DIFF)
    assert found["src/a.py"] == {1, 2, 3, 4, 11}
    assert found["new"] == {1, 2}
    assert not found.get("gone")
    assert lines_shown("") == {}


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("b/with space.md\t", "with space.md"),
        ('"b/\\303\\274.md"', "ü.md"),
        ("b/ünï.md", "ünï.md"),
        ('"b/a\\"b.md"', 'a"b.md'),
    ],
)
def test_paths_as_git_writes_them(written: str, path: str) -> None:
    assert set(lines_shown(f"--- a/x\n+++ {written}\n@@ -0,0 +1 @@\n+x\n")) == {path}


LINES = st.lists(st.sampled_from(["a", "b", "", "++ b/x", "-- y", "@@ -1 +1 @@"]), max_size=12)


@given(LINES, LINES, st.integers(0, 3))
def test_every_changed_line_is_shown(old: list[str], new: list[str], around: int) -> None:
    diff = list(difflib.unified_diff(old, new, "a/f", "b/f", lineterm="", n=around))
    shown = lines_shown("\n".join([*diff, ""])).get("f", set())
    matched = {
        block.b + at
        for block in difflib.SequenceMatcher(None, old, new).get_matching_blocks()
        for at in range(block.size)
    }
    changed = {at + 1 for at in range(len(new)) if at not in matched}
    assert changed <= shown <= set(range(1, len(new) + 1))
