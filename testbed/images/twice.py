"""`python -m testbed.images.twice [NAME …]`: build images two times without any cached layer, and compare them."""

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path

from testbed.images.archive import Archive
from testbed.images.base import ensure_base
from testbed.images.build import bud
from testbed.images.inputs import RECIPES, ROOT
from testbed.images.store import buildah, exclusive, remove_leftovers
from testbed.shell import TestbedError, say

PROGRAMS = tuple(name for name, recipe in RECIPES.items() if recipe.sources)
SHOWN = 20


def differing(one: Archive, other: Archive) -> list[str]:
    """Paths of files that are in one image alone, or differ in content, mode or owner."""

    def contents(archive: Archive) -> dict[str, str]:
        return {path: hashlib.sha256(data).hexdigest() for path, data in archive.read(lambda _: True).items()}

    def entries(archive: Archive) -> dict[str, tuple[object, ...]]:
        known = contents(archive)
        return {
            path: (entry.mode, entry.uid, entry.gid, entry.linkname, entry.mtime, known.get(path))
            for path, entry in archive.files().items()
        }

    ours, theirs = entries(one), entries(other)
    return sorted(path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path))


def compare(name: str) -> list[str]:
    """What differs between two builds of this image: nothing where their digests are one."""
    base = ensure_base()
    with tempfile.TemporaryDirectory(prefix="boardhand-twice-") as folder, exclusive():
        archives = [_built(name, base, Path(folder) / f"{number}.tar") for number in (1, 2)]
        if archives[0].digest == archives[1].digest:
            return []
        return differing(*archives) or ["only the image's own description"]


def _built(name: str, base: str, out: Path) -> Archive:
    reference = f"localhost/boardhand-twice/{name}:{out.stem}"
    say(f"building {name}, {out.stem} of 2, without any cached layer")
    remove_leftovers()
    bud(RECIPES[name], ROOT, base, reference, "--no-cache")
    buildah("push", "--quiet", "--compression-level", "1", reference, f"oci-archive:{out}:localhost/{name}")
    buildah("rmi", reference)
    return Archive(out)


def main(names: list[str]) -> int:
    """1 where an image differs or cannot be built."""
    differ = False
    for name in names or PROGRAMS:
        try:
            found = compare(name)
        except TestbedError as error:
            print(error, file=sys.stderr)
            return 1
        differ |= bool(found)
        print(
            f"{name}: " + ("the same both times" if not found else f"{len(found)} differ: {found[:SHOWN]}"), flush=True
        )
    return int(differ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
