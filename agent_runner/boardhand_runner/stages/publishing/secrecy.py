"""No secret is in what the work's commits add: in a line, a name, a message, later removed or not."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from boardhand_api.order import Order
from boardhand_api.ssh import KEY, KNOWN_HOSTS
from boardhand_runner.errors import Refused
from boardhand_runner.leaks import Added, Finder, added_lines, find_leaks, numbered
from boardhand_runner.settings import Settings
from boardhand_runner.stages.publishing.finders import finders
from boardhand_runner.stages.publishing.fresh import Fresh
from boardhand_runner.stages.publishing.protected import Touched

LEAKS_NAMED = 5
SCAN_SECONDS = 300.0
"""A change that takes longer to look through is refused: it was made for that, or is nobody's to review."""
_PUBLIC = ("username", KNOWN_HOSTS)
"""Keys of Secrets whose values are no secrets."""
_PATCH = (
    "--format=",
    "--patch",
    "--unified=0",
    # Every parent's side of a merge, and files that attributes call binary or give another diff.
    "-m",
    "--root",
    "--text",
    "--no-ext-diff",
    "--no-textconv",
    "--no-renames",
    "--no-color",
    "--no-indent-heuristic",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)


def all_finders(settings: Settings, order: Order) -> list[Finder]:
    """By what is mounted here, by what the order tells of other stages' secrets, and by form."""
    # A mounted Secret also holds folders of its own, by which the kubelet swaps new values in.
    files = (file for file in sorted(settings.secrets.glob("*/*")) if file.is_file() and file.name not in _PUBLIC)
    return finders([value for file in files for value in _telling(file)], order.fingerprints)


def check_secrecy(find: Sequence[Finder], work: Fresh, touched: Sequence[Touched]) -> None:
    """Raises Refused with the places of secrets, never with one."""
    names = "\n".join(dict.fromkeys(one.path for one in touched)).encode("utf-8", "surrogateescape")
    with work.git.stream("log", *_PATCH, *work.work, seconds=2 * SCAN_SECONDS) as patch:
        lines = chain(
            numbered("the files' names", names),
            numbered("the commits' messages", _commits(work)),
            added_lines(patch),
        )
        leaks = list(islice(find_leaks(_in_time(lines), find), LEAKS_NAMED))
    if leaks:
        places = "; ".join(str(leak)[:150] for leak in leaks)
        raise Refused("SecretFound", f"Nothing was pushed, because the change holds {places}.")


def _commits(work: Fresh) -> bytes:
    """The commits as they are, since not all they may hold is in what a log shows."""
    return work.git.run("cat-file", "--batch", stdin=work.git.run("rev-list", *work.work).stdout).stdout


def _telling(file: Path) -> list[bytes]:
    """All of a secret; of a key each line that no other key has, since lines are looked at one by one."""
    secret = file.read_bytes().strip()
    return [line.strip() for line in secret.splitlines()[2:-1]] if file.name == KEY else [secret]


def _in_time(lines: Iterable[Added]) -> Iterator[Added]:
    end = time.monotonic() + SCAN_SECONDS
    for line in lines:
        if time.monotonic() > end:
            raise Refused(
                "ScanTooLong",
                f"The change takes longer than {SCAN_SECONDS:g} s to look through for secrets: make it smaller, or"
                " leave out what is not written by hand.",
            )
        yield line
