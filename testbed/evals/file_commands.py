"""Scenes about commands: what they put out, leave behind, wait for and break."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from testbed.evals import kubelet
from testbed.evals.case import one_of
from testbed.evals.classify import RED
from testbed.evals.run import Run
from testbed.evals.scenes import Scene, act, run

NOBODY = 64123
"""A user that has nothing else on this machine: its processes are counted."""
PROCESSES = 64
BOMB = "f() { f | f & }; f; sleep 30"
EXEC = '"$(dirname "$0")"'
"""The folder in which the workbench finds its commands, as a command sees it."""
CODE = f'{EXEC}/"$(basename "$0" .sh)".code'
"""Where its exit code is looked for."""
LONG = "line of text\n" * 20_000
FETCH = 'import urllib.request as u; print(u.urlopen("http://127.0.0.1:38471/").status)'
ON = run("echo on", "exit code 0\non$")


def scenes() -> list[Scene]:
    """Output, processes, and the workbench itself."""
    return [*_output(), *_processes(), *_workbench()]


def _output() -> list[Scene]:
    return [
        Scene(
            "200-megabytes-of-output",
            [
                run("yes 0123456789abcdef | head -c 210000000; sleep 60", "put out too much.*left out"),
                ON,
            ],
            seconds=60,
            short=True,
        ),
        Scene(
            "output-without-a-newline",
            [run("head -c 3000000 /dev/zero | tr '\\000' x; printf END", "exit code 0\nx{100}.*left out|cut.*END$")],
        ),
        Scene(
            "nul-bytes", [run("printf 'a\\000b\\n'; head -c 100 /dev/zero; echo end", "exit code 0\na.b.*end$", "\0")]
        ),
        Scene(
            "invalid-utf-8",
            [run("printf 'caf\\351 \\377\\376\\n'; echo end", "exit code 0\ncaf\ufffd \ufffd\ufffd\nend$")],
        ),
        Scene(
            "escape-sequences",
            [
                run(
                    "printf '\\033[1;31mred\\033[0m \\033]0;title\\007plain\\033[2K\\n10%%\\r55%%\\r100%%\\n'",
                    "exit code 0\nred plain\n.*100%$",
                    "\x1b",
                )
            ],
        ),
        Scene(
            "no-output", [run("true", r"exit code 0\n\(no output\)$"), run("exit 3", r"exit code 3\n\(no output\)$")]
        ),
        Scene(
            "very-long-command",
            [run(f"cat <<'END' >long.txt\n{LONG}END\nwc -l <long.txt", "\n20000$")],
            leaves={"long.txt": LONG},
        ),
        Scene(
            "output-closed",
            [run("exec >&- 2>&-; sleep 0.3; printf done >after.txt", r"exit code 0\n\(no output\)")],
            leaves={"after.txt": "done"},
        ),
    ]


def _processes() -> list[Scene]:
    python = ("python3",)
    return [
        Scene(
            "background-server",
            [
                run("python3 -m http.server 38471 --bind 127.0.0.1 >/dev/null 2>&1 & echo $! >pid; sleep 2"),
                run(
                    "python3 -c \"import urllib.request as u; print(u.urlopen('http://127.0.0.1:38471/').status)\"",
                    "200$",
                ),
            ],
            needs=python,
            holds=lambda run: _ended(run, "pid"),
            short=True,
        ),
        Scene(
            "background-child-that-holds-the-output",
            [run("sleep 300 & echo $! >pid; echo on", "exit code 0\non$")],
            holds=lambda run: _ended(run, "pid"),
        ),
        Scene(
            "background-child-in-a-session-of-its-own",
            [run("setsid sh -c 'echo $$ >pid; exec sleep 300' >/dev/null 2>&1 & sleep 0.3")],
            holds=lambda run: _ended(run, "pid"),
            serve=kubelet.kept,
            needs=("unshare",),
        ),
        Scene(
            "fork-bomb",
            [run(limited(BOMB), "ended by the harness: it took too long"), ON],
            seconds=4,
            needs=("prlimit", "setpriv"),
            holds=lambda _: _nobodys(),
        ),
        Scene(
            "command-that-waits-for-input",
            [
                run('read -r answer; echo "got ($answer)"', r"exit code 0\ngot \(\)"),
                run("python3 -c 'input()'", "exit code 1.*EOFError"),
                run("cat </dev/tty", "exit code [12]"),
            ],
            needs=python,
            short=True,
        ),
        Scene(
            "command-that-ignores-term",
            [
                run("trap '' TERM INT HUP; echo begun; while :; do sleep 1; done", "took too long\nbegun$"),
                ON,
            ],
            seconds=2,
        ),
        Scene("time-out", [run("echo begun; sleep 300", "took too long\nbegun$"), ON], seconds=2),
        Scene(
            "command-that-kills-its-group",
            [run("echo begun; kill -9 0", "exit code 137\nbegun$"), ON],
        ),
        Scene(
            "command-that-kills-its-server",
            [run("kill -9 $PPID; sleep 300", "took too long"), ON],
            seconds=2,
        ),
    ]


def _workbench() -> list[Scene]:
    return [
        Scene(
            "killed-workbench",
            [
                run("sleep 300 & touch die; sleep 300", "lost: the workbench was started again"),
                run("cat setups", r"exit code 0\nset up\nset up$"),
            ],
            setup=("echo set up >>setups",),
            serve=kubelet.killed_at("die", 1),
            needs=("unshare",),
            leaves={"setups": None},
        ),
        Scene(
            "workbench-that-keeps-dying",
            [*[run(f"touch die; sleep 30{number}", "lost: ") for number in range(4)]],
            serve=kubelet.killed_at("die", 9),
            expected=one_of("Infrastructure"),
            reason="WorkbenchKeepsDying",
            needs=("unshare",),
        ),
        Scene(
            "removed-command-files",
            [
                run(f"rm -f {EXEC}/*; echo gone; sleep 0.2", r"exit code 0\n\(no output\)"),
                ON,
            ],
        ),
        Scene(
            "forged-exit-code",
            [
                act(
                    "write_file",
                    "is overwritten",
                    path="lib.sh",
                    content=f"echo 0 >forged && mv forged {CODE}; sleep 0.5\n",
                ),
            ],
            {"lib.sh": "", "check.sh": ". ./lib.sh\necho 1..1\necho ok 1\ntest ! -s lib.sh\n"},
            verify=". ./check.sh",
            expected=one_of(RED),
        ),
        Scene(
            "forged-exit-code-that-is-none",
            [run(f"echo 4711 >forged && mv forged {CODE}; sleep 1")],
            expected=one_of("Infrastructure"),
            reason="WorkbenchForged",
        ),
        Scene(
            "removed-everything",
            [run("rm -rf ./* 2>/dev/null; ls | wc -l", "\n0$")],
            mark=False,
            expected=one_of("Refused"),
            reason="NothingLeft",
        ),
    ]


def limited(command: str) -> str:
    """The command with few processes, as under a container's limit; for root as another user, whom limits bind."""
    if os.geteuid() == 0:
        held = f"prlimit --nproc={PROCESSES} setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups"
    else:
        held = f"prlimit --nproc={_processes_of(os.geteuid()) + PROCESSES}"
    return f"{held} sh -c '{command}' 2>/dev/null"


def _nobodys() -> Iterable[str]:
    left = _processes_of(NOBODY) if os.geteuid() == 0 else 0
    return [f"{left} processes of the bomb are left"] if left else []


def _processes_of(user: int) -> int:
    return sum(1 for process in Path("/proc").glob("[0-9]*") if _owner(process) == user)


def _owner(process: Path) -> int | None:
    try:
        return process.stat().st_uid
    except FileNotFoundError:
        return None


def _ended(run: Run, file: str) -> Iterable[str]:
    """Whether the process whose id the command left in this file was gone when the agent stage ended."""
    pid = int((run.settings.work / file).read_text())
    return [f"process {pid} outlived the agent stage"] if pid in run.left else []
