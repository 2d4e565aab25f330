"""Scenes about texts: what an edit must keep, and what it must say when it does not fit."""

from __future__ import annotations

from testbed.evals.scenes import Act, Scene, act, run

NFC, NFD = "caf\u00e9", "cafe\u0301"
FOUR = "one\ntwo\nthree\ntwo\n"


def edit(path: str, old: str, new: str, tells: str = " is changed at line ") -> Act:
    """An edit that is to succeed unless `tells` says otherwise."""
    return act("edit_file", tells, path=path, old=old, new=new)


def scenes() -> list[Scene]:
    """Endings, marks, characters, sizes, and edits that do not fit."""
    return [*_endings(), *_characters(), *_misses(), *_sizes()]


def _endings() -> list[Scene]:
    return [
        Scene(
            "crlf-is-kept",
            [
                act("read_file", "1\tone\n2\ttwo$", path="a.txt"),
                edit("a.txt", "one\ntwo\n", "one\nsecond\nthird\n"),
                act("insert_lines", "1 new lines", path="a.txt", line=0, text="zero\n"),
            ],
            {"a.txt": "one\r\ntwo\r\n"},
            leaves={"a.txt": "zero\r\none\r\nsecond\r\nthird\r\n"},
            short=True,
        ),
        Scene(
            "byte-order-mark-is-kept",
            [
                act("read_file", "^1\tone", path="a.txt"),
                edit("a.txt", "one", "1"),
                act("insert_lines", "new lines after line 0", path="a.txt", line=0, text="zero"),
            ],
            {"a.txt": "\ufeffone\r\ntwo\r\n"},
            leaves={"a.txt": "\ufeffzero\r\n1\r\ntwo\r\n"},
        ),
        Scene(
            "no-final-newline-is-kept",
            [edit("a.txt", "two", "second"), act("insert_lines", "new lines", path="a.txt", line=2, text="three\n")],
            {"a.txt": "one\ntwo"},
            leaves={"a.txt": "one\nsecond\nthree"},
        ),
        Scene(
            "mixed-endings-are-kept",
            [edit("a.txt", "two", "second"), edit("a.txt", "three\nfour", "3\n4")],
            {"a.txt": "one\r\ntwo\nthree\r\nfour\r\nfive\n"},
            leaves={"a.txt": "one\r\nsecond\n3\r\n4\r\nfive\n"},
        ),
        Scene(
            "lone-carriage-returns-are-kept",
            [edit("a.txt", "two", "second")],
            {"a.txt": "one\rtwo\rthree\n"},
            leaves={"a.txt": "one\rsecond\rthree\n"},
        ),
        Scene(
            "form-feed-is-no-line",
            [act("read_file", "2\tthree$", path="a.txt"), edit("a.txt", "three", "3")],
            {"a.txt": "one\ftwo\u2028and\nthree\n"},
            leaves={"a.txt": "one\ftwo\u2028and\n3\n"},
        ),
    ]


def _characters() -> list[Scene]:
    return [
        Scene(
            "tabs",
            [
                edit(
                    "Makefile", "all:\n    cc main.c", "all:\n    cc -O2 main.c", r"not in the file.*\n2\t\tcc main\.c"
                ),
                edit("Makefile", "all:\n\tcc main.c", "all:\n\tcc -O2 main.c"),
            ],
            {"Makefile": "all:\n\tcc main.c\n"},
            leaves={"Makefile": "all:\n\tcc -O2 main.c\n"},
        ),
        Scene(
            "unicode-content",
            [
                act("search", r"a\.txt:1:naïve 日本 🙂", pattern="日本", path="a.txt"),
                edit("a.txt", "日本 🙂", "Ελλάδα 🏳️\u200d🌈"),
                act("read_file", "1\tnaïve Ελλάδα 🏳️\u200d🌈", path="a.txt"),
            ],
            {"a.txt": "naïve 日本 🙂\n"},
            leaves={"a.txt": "naïve Ελλάδα 🏳️\u200d🌈\n"},
        ),
        Scene(
            "unicode-names",
            [
                act("list_files", "žluťoučký kůň/日本.md", pattern="docs/**"),
                act("search", "docs/žluťoučký kůň/日本.md:1:old", pattern="old", path="docs"),
                edit("docs/žluťoučký kůň/日本.md", "old", "new"),
                act("write_file", "is created", path="docs/🙂/x.md", content="x"),
            ],
            {"docs/žluťoučký kůň/日本.md": "old\n"},
            leaves={"docs/žluťoučký kůň/日本.md": "new\n", "docs/🙂/x.md": "x"},
            short=True,
        ),
        Scene(
            "composed-and-decomposed-names",
            [
                act("read_file", "1\tcomposed", path=f"{NFC}.txt"),
                act("read_file", "1\tdecomposed", path=f"{NFD}.txt"),
                edit(f"{NFD}.txt", "decomposed", "changed"),
            ],
            {f"{NFC}.txt": "composed\n", f"{NFD}.txt": "decomposed\n"},
            leaves={f"{NFC}.txt": "composed\n", f"{NFD}.txt": "changed\n"},
        ),
        Scene(
            "composed-text-misses-decomposed",
            [
                edit("a.txt", f"the {NFC} there", "the bar there", "not in the file.*nearest"),
                act("write_file", "is overwritten", path="a.txt", content="the bar there\n"),
            ],
            {"a.txt": f"the {NFD} there\n"},
            leaves={"a.txt": "the bar there\n"},
        ),
        Scene(
            "not-utf-8",
            [
                act("read_file", "Error: latin.txt is not UTF-8", path="latin.txt"),
                edit("latin.txt", "caf", "bar", "Error: latin.txt is not UTF-8"),
                run("sed -i s/caf/bar/ latin.txt"),
            ],
            {"latin.txt": "caf\u00e9\n".encode("latin-1")},
            leaves={"latin.txt": b"bar\xe9\n"},
        ),
    ]


def _misses() -> list[Scene]:
    return [
        Scene(
            "edit-that-matches-twice",
            [edit("a.txt", "two", "2", r"2 times \(lines 2, 4\)"), edit("a.txt", "three\ntwo", "three\n2")],
            {"a.txt": FOUR},
            leaves={"a.txt": "one\ntwo\nthree\n2\n"},
            short=True,
        ),
        Scene(
            "edit-that-matches-nothing",
            [edit("a.txt", "thrice", "3", "nearest lines are:.*3\tthree"), edit("a.txt", "three", "3")],
            {"a.txt": FOUR},
            leaves={"a.txt": "one\ntwo\n3\ntwo\n"},
        ),
        Scene(
            "edit-that-is-made-already",
            [edit("a.txt", "three", "drei"), edit("a.txt", "three", "drei", r"already is \(line 3\)")],
            {"a.txt": FOUR},
            leaves={"a.txt": "one\ntwo\ndrei\ntwo\n"},
        ),
        Scene(
            "edit-that-changes-nothing",
            [edit("a.txt", "one", "one", "are the same"), edit("a.txt", "", "one", "`old` is empty")],
            {"a.txt": FOUR},
            leaves={"a.txt": FOUR},
        ),
        Scene(
            "lines-that-are-not-there",
            [
                act("insert_lines", r"0 \(before the first\) to 4", path="a.txt", line=9, text="x"),
                act("insert_lines", r"0 \(before the first\) to 4", path="a.txt", line=-1, text="x"),
                act("read_file", "has the lines 1 to 4", path="a.txt", start_line=5),
            ],
            {"a.txt": FOUR},
            leaves={"a.txt": FOUR},
        ),
    ]


def _sizes() -> list[Scene]:
    return [
        Scene(
            "empty-file",
            [
                act("read_file", "a.txt is empty", path="a.txt"),
                edit("a.txt", "x", "y", "`old` is not in the file"),
                act("insert_lines", "1 new lines", path="a.txt", line=0, text="one"),
                act("write_file", "0 lines", path="b.txt", content=""),
            ],
            {"a.txt": "", "b.txt": "two\n"},
            leaves={"a.txt": "one\n", "b.txt": ""},
        ),
        Scene(
            "very-long-line",
            [
                act("read_file", r"^1\tx{1000}\[\d+ more characters\]\n2\tend$", path="a.txt"),
                act("search", "a.txt:2:end", pattern="^end", path="a.txt"),
                edit("a.txt", "end", "last"),
            ],
            {"a.txt": "x" * 1_000_000 + "\nend\n"},
            leaves={"a.txt": "x" * 1_000_000 + "\nlast\n"},
        ),
        Scene(
            "file-of-100-megabytes",
            [
                run("truncate -s 100M big.bin"),
                act("read_file", "larger than 2000000 bytes", path="big.bin"),
                edit("big.bin", "x", "y", "larger than 2000000 bytes"),
                act("search", "No line matches", pattern="needle"),
                run("rm big.bin"),
            ],
            leaves={"big.bin": None},
            short=True,
        ),
        Scene(
            "binary-file",
            [
                act("read_file", "a binary file", path="a.bin"),
                edit("a.bin", "PNG", "GIF", "a binary file"),
                act("search", "No line matches", pattern="IHDR", path="a.bin"),
                run("printf '\\000\\001' >b.bin"),
            ],
            {"a.bin": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"},
            leaves={"a.bin": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "b.bin": b"\0\1"},
        ),
    ]
