"""Scenes about paths: ways out of the tree, and what is no regular file."""

from __future__ import annotations

from collections.abc import Iterable

from testbed.evals.case import ROOT
from testbed.evals.run import Run
from testbed.evals.scenes import Act, Scene, act, names, run


def refused(path: str, tells: str) -> list[Act]:
    """Every tool that opens a file refuses this path."""
    return [
        act("read_file", f"^Error: .*{tells}", path=path),
        act("edit_file", f"^Error: .*{tells}", path=path, old="root", new="boot"),
        act("insert_lines", f"^Error: .*{tells}", path=path, line=0, text="x"),
        act("write_file", f"^Error: .*{tells}", path=path, content="x"),
    ]


def scenes() -> list[Scene]:
    """Links, kinds of files, modes, and what changes under way."""
    return [*_ways_out(), *_links(), *_kinds(), *_modes()]


def _ways_out() -> list[Scene]:
    return [
        Scene(
            "parent-folder",
            [
                *refused("../../etc/passwd", "may not contain"),
                *refused("docs/../../x.txt", "may not contain"),
                act("list_files", "may not contain", pattern="../**"),
                act("search", "may not contain", pattern="root", path="../../etc"),
            ],
            short=True,
        ),
        Scene(
            "absolute-path",
            [
                *refused("/etc/passwd", "relative to the repository's root"),
                act("list_files", "relative to the repository's root", pattern="/etc/**"),
                act("search", "relative to the repository's root", pattern="root", path="/etc"),
            ],
        ),
        Scene(
            "git-folder",
            [
                *refused(".git/hooks/pre-commit", "off limits"),
                *refused(".GIT/config", "off limits"),
                *refused("sub/.git", "off limits"),
            ],
            {"sub/a.txt": "a\n"},
        ),
    ]


def _links() -> list[Scene]:
    return [
        Scene(
            "link-to-a-file-outside",
            [
                *refused("hosts", "leads out of the repository"),
                act("list_files", "hosts", pattern="*"),
                act("search", "No line matches", pattern="localhost"),
            ],
            links={"hosts": "/etc/hosts"},
            holds=lambda run: _modes_are(run, "120000:hosts"),
            short=True,
        ),
        Scene(
            "link-to-a-folder-outside",
            [
                *refused("etc/passwd", "leads out of the repository"),
                *refused("up/passwd", "leads out of the repository"),
                act("list_files", "^No file matches", pattern="etc/**"),
                act("search", "^No line matches", pattern="root", path="etc/passwd"),
            ],
            links={"etc": "/etc", "up": "../../../etc"},
        ),
        Scene(
            "link-made-by-a-command",
            [
                run("ln -s /etc/hostname out; ln -s README.md in"),
                *refused("out", "leads out"),
                act("read_file", path="in"),
            ],
            holds=lambda run: _modes_are(run, "120000:in", "120000:out"),
        ),
        Scene(
            "links-in-a-circle",
            [
                *refused("a", "leads out of the repository|[Tt]oo many"),
                act("list_files", "a.*b", pattern="*"),
                act("search", "README.md:1:", pattern="Scene"),
            ],
            links={"a": "b", "b": "a"},
        ),
        Scene(
            "link-within-the-tree",
            [act("edit_file", "is changed", path="docs.md", old="Scene", new="Act")],
            links={"docs.md": "README.md"},
            leaves={"README.md": "# Act\n", "docs.md": "README.md"},
        ),
        Scene(
            "hard-link-to-a-file-outside",
            [
                run("echo outside >../outside.txt && ln ../outside.txt inside.txt"),
                act("edit_file", "is changed", path="inside.txt", old="outside", new="inside"),
                run("cat ../outside.txt", "\noutside$"),
            ],
            leaves={"inside.txt": "inside\n"},
        ),
    ]


def _kinds() -> list[Scene]:
    return [
        Scene(
            "folder-in-place-of-a-file",
            [
                act("read_file", "docs is a folder: use list_files", path="docs"),
                act("edit_file", "docs is a folder", path="docs", old="x", new="y"),
                act("write_file", "^Error: .*not a regular file", path="docs", content="x"),
                act("write_file", "^Error: .*not a regular file|^Error", path=".", content="x"),
                act("write_file", "^Error: README.md/x: Not a directory", path="README.md/x", content="x"),
            ],
            {"docs/a.md": "a\n"},
        ),
        Scene(
            "file-removed-under-way",
            [
                act("read_file", "1\tone", path="a.txt"),
                run("rm a.txt"),
                act("read_file", "^Error: a.txt: No such file or directory. Look with list_files", path="a.txt"),
                act("edit_file", "^Error: a.txt: No such file", path="a.txt", old="one", new="two"),
                act("list_files", "README.md", pattern="**"),
                act("search", "No line matches", pattern="one"),
                act("write_file", "is created", path="a.txt", content="two\n"),
            ],
            {"a.txt": "one\n"},
            leaves={"a.txt": "two\n"},
        ),
        Scene(
            "folder-replaced-by-a-link-under-way",
            [
                act("read_file", "1\ta", path="docs/hosts"),
                run("rm -r docs && ln -s /etc docs"),
                *refused("docs/hosts", "leads out"),
                act("list_files", "No file matches", pattern="docs/**"),
                act("search", "No line matches", pattern="localhost"),
            ],
            {"docs/hosts": "a\n"},
        ),
        Scene(
            "pipe",
            [
                run("mkfifo pipe TEST-pipe.xml"),
                *refused("pipe", "not a regular file"),
                act("list_files", "README.md", "pipe", pattern="**"),
                act("search", "README.md", pattern="Scene"),
            ],
            leaves={"pipe": None},
            seconds=10,
            short=True,
        ),
        Scene(
            "socket",
            [
                run("python3 -c \"import socket; socket.socket(socket.AF_UNIX).bind('s')\""),
                *refused("s", "No such device|not a regular file"),
            ],
            leaves={"s": None},
            needs=("python3",),
        ),
        Scene(
            "device",
            [run("mknod zero c 1 5"), *refused("zero", "not a regular file"), act("search", "README", pattern="Scene")],
            leaves={"zero": None},
            needs=("mknod", ROOT),
        ),
    ]


def _modes() -> list[Scene]:
    return [
        Scene(
            "read-only-file",
            [
                act("edit_file", "is changed", path="a.txt", old="one", new="two"),
                run("stat -c %a a.txt", "\n444$"),
            ],
            {"a.txt": "one\n"},
            modes={"a.txt": 0o444},
            setup=("chmod 444 a.txt",),
            leaves={"a.txt": "two\n"},
        ),
        Scene(
            "executable-file",
            [
                act("edit_file", "is changed", path="tool.sh", old="one", new="two"),
                act("write_file", "is overwritten", path="other.sh", content="echo\n"),
            ],
            {"tool.sh": "echo one\n", "other.sh": "echo one\n"},
            modes={"tool.sh": 0o755, "other.sh": 0o755},
            holds=lambda run: _modes_are(run, "100755:tool.sh", "100755:other.sh"),
        ),
    ]


def _modes_are(run: Run, *wanted: str) -> Iterable[str]:
    there = names(run)
    return [f"{one} is not in the commit" for one in wanted if one not in there]
