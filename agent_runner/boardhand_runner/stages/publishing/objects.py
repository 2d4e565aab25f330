"""Objects from the run's repository: counted, measured, and brought over as a pack that is checked."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress

from boardhand_api.order import Order
from boardhand_runner.errors import Infrastructure, Refused
from boardhand_runner.git import LOCAL_SECONDS, Git, tail_of

OBJECTS = 200_000
"""A change of more objects (commits, folders, versions of files) is refused."""
_BROKEN = "The run's repository holds broken, forged or missing objects"


def listed(lender: Git, *revisions: str) -> dict[str, str]:
    """The objects' names, each with a path where it has one. Raises Refused for too many, or where one is missing."""
    found: dict[str, str] = {}
    try:
        with lender.stream("rev-list", "--objects", *revisions) as stream:
            for line in stream:
                name, _, path = line.decode("utf-8", "replace").rstrip("\n").partition(" ")
                found[name] = path
                if len(found) > OBJECTS:
                    raise Refused(
                        "ChangeTooLarge",
                        f"The change holds more than {OBJECTS} commits, folders and versions of files.",
                    )
    except Infrastructure as failed:
        raise Refused("WorkBroken", f"{_BROKEN}: {failed.message}") from None
    return found


def check_sizes(lender: Git, order: Order, names: dict[str, str]) -> None:
    """By what the objects say of themselves, before anything of them is unpacked."""
    asked = "".join(f"{name}\n" for name in names).encode()
    done = lender.run("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=asked, check=False)
    sizes: dict[str, int] = {}
    for row in done.text.splitlines():
        name, _, size = row.partition(" ")
        if not size.isdigit():
            raise Refused("WorkBroken", f"{_BROKEN}: {row[:100]}.")
        sizes[name] = int(size)
    if (total := sum(sizes.values())) > order.change_bytes:
        raise Refused(
            "ChangeTooLarge",
            f"The change holds {total} bytes in all versions of its files, and spec.policy.changeBytes allows"
            f" {order.change_bytes}.",
        )
    for name, length in sizes.items():
        if length > order.file_bytes:
            called = names.get(name) or "A commit"
            raise Refused(
                "FileTooLarge",
                f"{called[:300]} has {length} bytes, and spec.policy.fileBytes allows {order.file_bytes}.",
            )


def copy(git: Git, lender: Git, names: Sequence[str], most: int | None, *options: str) -> None:
    """A pack of these objects, checked and kept where it is to be; a pack is never trusted in what it calls them."""
    limit = [f"--max-input-size={most}"] if most else []
    index = ["git", "index-pack", "--stdin", "--threads=1", *options, *limit]
    pack = ["git", "pack-objects", "--stdout", "-q", "--threads=1", "--window=0"]
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as said:
        asked.write("".join(f"{name}\n" for name in names).encode())
        asked.seek(0)
        with (
            subprocess.Popen(pack, env=lender.environment, stdin=asked, stdout=subprocess.PIPE, stderr=said) as packer,
            subprocess.Popen(
                index, env=git.environment, stdin=packer.stdout, stdout=subprocess.DEVNULL, stderr=said
            ) as indexer,
        ):
            assert packer.stdout is not None
            packer.stdout.close()
            try:
                codes = [process.wait(LOCAL_SECONDS) for process in (indexer, packer)]
            except subprocess.TimeoutExpired:
                for process in (packer, indexer):
                    with suppress(ProcessLookupError):
                        process.kill()
                raise Infrastructure("GitTimeout", f"Packing the work took longer than {LOCAL_SECONDS} s.") from None
        said.seek(0)
        if any(codes):
            raise Refused("WorkBroken", f"{_BROKEN}: {tail_of(said.read().decode('utf-8', 'replace'))}")


def check_whole(git: Git, *revisions: str) -> None:
    """All that these lead to is there, without what was borrowed."""
    done = git.run("rev-list", "--objects", "--quiet", *revisions, check=False)
    if done.code:
        raise Refused("WorkBroken", f"{_BROKEN}: {tail_of(done.stderr)}")
