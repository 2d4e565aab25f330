"""The image everything else is built on where no registry of images can be reached: Debian, by debootstrap."""

from __future__ import annotations

import hashlib
from pathlib import Path

from testbed.images.store import buildah, has_image, remove_leftovers
from testbed.shell import run, say

SUITE = "bookworm"
PACKAGES = ("python3", "python3-venv", "git", "ca-certificates")
# Raise it when what `_build` does changes in another way than by the lists above.
_RECIPE = 2


def base_reference() -> str:
    """The base's name; another list of packages is another name."""
    recipe = "\n".join((SUITE, *PACKAGES, str(_RECIPE)))
    return f"localhost/boardhand/base:{SUITE}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


def ensure_base() -> str:
    """The base's reference in buildah's storage, made by debootstrap if it is not there (about a minute).

    The caller holds `store.exclusive()`. Raises TestbedError when debootstrap or buildah fails.
    """
    reference = base_reference()
    if not has_image(reference):
        say(f"building {reference} by debootstrap (once, about a minute)")
        _build(reference)
    return reference


def _build(reference: str) -> None:
    remove_leftovers()
    # Whatever stands on an earlier base will not be used again.
    buildah("rmi", "--all", "--force")
    container = buildah("from", "scratch").strip()
    root = Path(buildah("mount", container).strip())
    run(["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, root])
    _slim(root)
    buildah("umount", container)
    buildah("config", "--env", "LANG=C.UTF-8", "--cmd", "/bin/sh", container)
    buildah("commit", "--quiet", "--rm", container, reference)


def _slim(root: Path) -> None:
    """Drop what a package manager can fetch again and nobody reads in a container; folders and licences stay."""
    for folder in (
        "var/cache/apt",
        "var/lib/apt/lists",
        "var/log",
        "usr/share/man",
        "usr/share/doc",
        "usr/share/locale",
    ):
        for path in (root / folder).rglob("*"):
            if (path.is_file() or path.is_symlink()) and path.name != "copyright":
                path.unlink()
