"""Scenes about what a work tree can bring along for git to run, to hide or to rewrite."""

from __future__ import annotations

from collections.abc import Iterable

from testbed.evals.case import one_of
from testbed.evals.run import Run
from testbed.evals.scenes import Scene, act, names, run

HOOK = 'printf \'#!/bin/sh\\ntouch "%s/hooked"\\n\' "$PWD"'


EVIL = "'touch hooked'"
HOOKS = ("pre-commit", "post-commit", "post-index-change", "post-checkout", "reference-transaction")
SECRET = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5"


def scenes() -> list[Scene]:
    """Repositories, hooks, attributes and sizes."""
    return [
        Scene(
            "planted-repository",
            [
                run(
                    "git init -q sub && cd sub && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m a && "
                    f"echo x >x.txt && echo '* filter=evil' >.gitattributes && git config filter.evil.clean {EVIL} && "
                    f"git config core.fsmonitor {EVIL}"
                ),
                act("git_status", "Repository status|On branch"),
                act("search", "README.md", pattern="Scene"),
            ],
            git=True,
            holds=lambda run: [*_no_submodule(run), *_unhooked(run)],
        ),
        Scene(
            "planted-repository-without-a-commit",
            [
                run("git init -q sub && echo x >sub/x.txt"),
                act("finish", "cannot become part of your change: sub is a Git repository of its own", summary="Done."),
                run("rm -rf sub/.git"),
            ],
            leaves={"sub/x.txt": "x\n"},
            holds=lambda run: _no_submodule(run),
        ),
        Scene(
            "planted-hooks",
            [
                run(
                    "rm -rf .git && git init -q . && "
                    + " && ".join(f"{HOOK} >.git/hooks/{name} && chmod +x .git/hooks/{name}" for name in HOOKS)
                    + f" && git config core.fsmonitor {EVIL} && git config core.hooksPath .git/hooks"
                ),
                act("git_status", "Repository status|On branch"),
                act("git_diff", "Diff|diff"),
            ],
            git=True,
            holds=lambda run: _unhooked(run),
            short=True,
        ),
        Scene(
            "planted-filters",
            [
                act("write_file", path=".gitattributes", content="*.txt filter=evil diff=evil merge=evil\n"),
                act("write_file", path="a.txt", content="one\n"),
                act("write_file", path=".gitconfig", content=f'[filter "evil"]\n\tclean = {EVIL}\n\tsmudge = {EVIL}\n'),
                act("git_status", "Repository status|On branch"),
            ],
            git=True,
            leaves={"a.txt": "one\n"},
            holds=lambda run: _unhooked(run),
        ),
        Scene(
            "attributes-that-leave-out",
            [
                act("write_file", path=".gitattributes", content="check.sh export-ignore\n*.txt export-subst\n"),
                act("write_file", path="a.txt", content="$Format:%H$\n"),
            ],
            leaves={"a.txt": "$Format:%H$\n"},
            holds=_proved_with_check,
        ),
        Scene(
            "attributes-that-convert",
            [
                act("write_file", path=".gitattributes", content="*.txt text eol=crlf\n"),
                run("printf 'one\\r\\ntwo\\r\\n' >a.txt"),
            ],
            leaves={"a.txt": "one\ntwo\n"},
        ),
        Scene(
            "attributes-that-cannot-be-met",
            [
                act("write_file", path=".gitattributes", content="*.txt working-tree-encoding=UTF-16\n"),
                act("write_file", path="a.txt", content="odd"),
                act("finish", "cannot become part of your change: git add says: .*a.txt", summary="Done."),
                run("rm .gitattributes"),
            ],
            leaves={"a.txt": "odd", ".gitattributes": None},
        ),
        Scene(
            "ignored-files",
            [
                act("write_file", path="out/a.txt", content="one\n"),
                act("list_files", "README", "out/a", pattern="**"),
                act("read_file", "1\tone", path="out/a.txt"),
            ],
            {".gitignore": "out/\n"},
            leaves={"out/a.txt": None},
        ),
        Scene(
            "change-of-100-megabytes",
            [run("head -c 104857600 /dev/zero >big.bin")],
            expected=one_of("Refused"),
            reason="ChangeTooLarge",
        ),
        Scene(
            "secret-in-the-change",
            [run(f"printf 'key = \"%s%s\"\\n' {SECRET[:8]} {SECRET[8:]} >settings.py")],
            expected=one_of("Refused"),
            reason="SecretFound",
        ),
    ]


def _unhooked(run: Run) -> Iterable[str]:
    found = [path for path in run.settings.root.rglob("hooked") if path.is_file()]
    return [f"something planted was run: {path.name} in {path.parent.name}" for path in found]


def _no_submodule(run: Run) -> Iterable[str]:
    return [f"{name} is in the commit" for name in names(run) if name.startswith("160000:")]


def _proved_with_check(run: Run) -> Iterable[str]:
    return [] if (run.settings.proof / "check.sh").is_file() else ["the proof had no check.sh"]
