"""Building the images the testbed's cluster runs, each under a name that follows from its inputs."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from testbed.images.base import base_reference, ensure_base
from testbed.images.inputs import RECIPES, ROOT, SAME_TIME, Recipe, digest, lay_context
from testbed.images.revision import revision
from testbed.images.store import HOST_CA_BUNDLE, buildah, exclusive, remove_leftovers
from testbed.plan import cache_dir
from testbed.shell import TestbedError, say

_PREFIX = "localhost/boardhand"
_KEY = 12
# More than one, because another testbed of this machine may be about to load what was current a moment ago.
_KEPT = 3


@dataclass(frozen=True)
class BuiltImage:
    """An image in an OCI archive; `reference` is its name in there and in the cluster."""

    reference: str
    archive: Path


def planned_image(name: str, root: Path = ROOT) -> BuiltImage:
    """What `ensure_image` will return for the sources below `root` as they are now; builds nothing.

    Raises TestbedError for a name that is no image of the testbed.
    """
    if name not in RECIPES:
        raise TestbedError(f"no image is called {name!r}; there are: {', '.join(RECIPES)}")
    key = digest(RECIPES[name], base_reference(), root)[:_KEY]
    return BuiltImage(f"{_PREFIX}/{name}:{key}", _archives() / f"{name}-{key}.tar")


def ensure_image(name: str, root: Path = ROOT) -> BuiltImage:
    """The image of this name, built unless an archive of the same inputs is there; needs root and buildah.

    An unchanged image costs a few milliseconds, a change of the project's own code some seconds. All
    but the newest archives of older inputs are removed. Raises TestbedError with buildah's last lines when a
    build fails.
    """
    image = planned_image(name, root)
    if image.archive.exists():
        return image
    with exclusive():
        image = planned_image(name, root)
        if not image.archive.exists():
            _build(name, image, root)
    return image


def _archives() -> Path:
    return cache_dir() / "images"


def _build(name: str, image: BuiltImage, root: Path) -> None:
    base = ensure_base()
    say(f"building {image.reference}")
    started = time.monotonic()
    _archives().mkdir(parents=True, exist_ok=True)
    remove_leftovers()
    bud(RECIPES[name], root, base, image.reference)
    for leftover in _archives().glob("*.partial"):
        leftover.unlink()
    partial = image.archive.with_suffix(".partial")
    buildah("push", "--quiet", "--compression-level", "1", image.reference, f"oci-archive:{partial}:{image.reference}")
    partial.rename(image.archive)
    _forget_older(name)
    say(f"built {image.reference} in {time.monotonic() - started:.0f} s")


def bud(recipe: Recipe, root: Path, base: str, reference: str, *more: str) -> None:
    """Build with layers, so that a later build of changed sources starts at the layer that changed. more: options.

    All files of a program's layers get one time, so that the same inputs become the same layers on another day. A
    workbench keeps its times: Debian's bytecode is told stale by them.
    """
    source = revision(root, (recipe.dockerfile, *recipe.sources))
    with tempfile.TemporaryDirectory(prefix="boardhand-context-") as folder:
        lay_context(recipe, Path(folder), root)
        buildah(
            *("bud", "--quiet", "--layers", "--pull-never", "--network", "host"),
            *("--build-arg", f"BASE_IMAGE={base}", "--build-arg", f"PIP_CERT={HOST_CA_BUNDLE}"),
            *("--build-arg", f"SOURCE_REVISION={source}"),
            *(("--timestamp", str(SAME_TIME)) if recipe.sources else ()),
            *("--volume", f"{HOST_CA_BUNDLE}:{HOST_CA_BUNDLE}:ro"),
            *more,
            *("--tag", reference, folder),
        )


def _forget_older(name: str) -> None:
    """Keep the newest archives of this image, and their names in the storage; layers still in use stay."""
    archives = sorted(_archives().glob(f"{name}-{'?' * _KEY}.tar"), key=lambda path: path.stat().st_mtime)
    for archive in archives[:-_KEPT]:
        archive.unlink()
    kept = {archive.stem.removeprefix(f"{name}-") for archive in archives[-_KEPT:]}
    for reference in buildah("images", "--format", "{{.Name}}:{{.Tag}}").split():
        repository, _, tag = reference.rpartition(":")
        if repository == f"{_PREFIX}/{name}" and tag not in kept:
            buildah("rmi", reference)
