"""Scenes about names: long, strange, no text, and many."""

from __future__ import annotations

from collections.abc import Iterable

from testbed.evals.file_paths import refused
from testbed.evals.run import Run
from testbed.evals.scenes import Scene, act, blob, run

LONG = "/".join(f"{'long-' * 9}{number:03}" for number in range(60)) + "/end.txt"
"""2,900 characters."""
TOO_DEEP = "/".join(["d" * 200] * 25) + "/end.txt"
"""More than a path may have in one piece."""
BATCH = 5000
HALF = "\ud83d"


def scenes() -> list[Scene]:
    """Names of files and folders."""
    return [
        Scene(
            "long-path",
            [
                act("write_file", "is created", path=LONG, content="old\n"),
                act("edit_file", "is changed", path=LONG, old="old", new="new"),
                act("list_files", "end.txt", pattern="**/end.txt"),
            ],
            leaves={LONG: "new\n"},
        ),
        Scene("path-that-is-too-long", [act("write_file", "^Error: .*too long", path=TOO_DEEP, content="x\n")]),
        Scene("name-that-is-too-long", [act("write_file", "^Error: .*too long", path="n" * 300, content="x\n")]),
        Scene(
            "name-that-begins-with-a-dash",
            [
                act("write_file", "is created", path="-rf", content="needle\n"),
                act("edit_file", "is changed", path="--help", old="old", new="new"),
                act("search", "-rf:1:needle", pattern="needle", path="-rf"),
                act("list_files", "--help", pattern="--help"),
                act("search", "--help:1:-new", pattern="-new"),
            ],
            {"--help": "-old\n"},
            leaves={"--help": "-new\n", "-rf": "needle\n"},
        ),
        Scene(
            "name-with-a-newline",
            [
                run("printf 'needle\\n' >\"$(printf 'a\\nb.txt')\""),
                act("search", "needle", pattern="needle"),
                act("read_file", "1\tneedle", path="a\nb.txt"),
                act("edit_file", "is changed", path="a\nb.txt", old="needle", new="pin"),
            ],
            leaves={"a\nb.txt": "pin\n"},
        ),
        Scene(
            "name-that-is-a-glob",
            [
                act("read_file", "1\tglob", path="[a]*.txt"),
                act("edit_file", "is changed", path="[a]*.txt", old="glob", new="name"),
            ],
            {"[a]*.txt": "glob\n", "a1.txt": "plain\n"},
            leaves={"[a]*.txt": "name\n", "a1.txt": "plain\n"},
            setup=("touch '[b]?.log' 'b x.log'",),
            holds=lambda run: _absent(run, "[b]?.log", "b x.log"),
        ),
        Scene(
            "name-that-is-no-text",
            [
                run("printf needle >\"$(printf 'caf\\351.txt')\""),
                act("list_files", "caf", pattern="*"),
                act("search", "caf.*needle", pattern="needle"),
            ],
        ),
        Scene(
            "half-a-surrogate-pair",
            [
                act("read_file", "Not carried out: .*half of a surrogate pair", path=f"{HALF}.txt"),
                act("write_file", "Not carried out: .*half of a surrogate pair", path="a.txt", content=HALF),
                act("todo", r"\[ \] Go on", items=[{"text": "Go on"}]),
                act("search", "Not carried out: .*half of a surrogate pair", pattern=HALF),
            ],
        ),
        Scene(
            "nul-in-arguments",
            [
                *refused("a\0.txt", "holds a NUL"),
                act("search", "holds a NUL", pattern="a\0"),
                act("list_files", "holds a NUL", pattern="a\0"),
            ],
        ),
        Scene(
            "many-files",
            [
                run(f'i=0; mkdir many; while [ $i -lt {BATCH} ]; do echo "file $i" >many/$i.txt; i=$((i+1)); done'),
                act("list_files", r"\[4500 more; narrow the pattern\]", pattern="many/**"),
                act("search", r"many/4999.txt:1:file 4999$", pattern="file 4999"),
                act("search", "more hits; narrow", pattern="file"),
            ],
            leaves={f"many/{BATCH - 1}.txt": f"file {BATCH - 1}\n"},
        ),
    ]


def _absent(run: Run, *paths: str) -> Iterable[str]:
    return [f"{path} is in the commit" for path in paths if blob(run, path) is not None]
