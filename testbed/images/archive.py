"""An image as it lies in an OCI archive: its configuration and its files, read without an engine and without root.

Source: https://github.com/opencontainers/image-spec (index, manifest, layers with their whiteouts).
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

Json = dict[str, Any]
_GONE = ".wh."
_ALL_GONE = ".wh..wh..opq"


class Archive:
    """One image in an `oci-archive` file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        index = self._blob("index.json")
        self.digest = str(index["manifests"][0]["digest"])
        self.manifest = self._blob(_blob_name(self.digest))
        self.config: Json = self._blob(_blob_name(self.manifest["config"]["digest"]))

    @property
    def layers(self) -> list[str]:
        """Digests of the layers' plain contents, the lowest first."""
        return [str(digest) for digest in self.config["rootfs"]["diff_ids"]]

    def files(self) -> dict[str, tarfile.TarInfo]:
        """Everything in the image by its path without a leading slash, as the layers together show it."""
        out: dict[str, tarfile.TarInfo] = {}
        for layer in self._opened():
            fresh: dict[str, tarfile.TarInfo] = {}
            for entry in layer:
                path = PurePosixPath(entry.name)
                if not _white_out(out, path):
                    fresh[str(path)] = entry
            out |= fresh
        return out

    def read(self, wanted: Callable[[str], bool]) -> dict[str, bytes]:
        """What the regular files with a wanted path hold, each as the highest layer has it."""
        out: dict[str, bytes] = {}
        for layer in self._opened():
            fresh: dict[str, bytes] = {}
            for entry in layer:
                path = PurePosixPath(entry.name)
                if _white_out(out, path) or not wanted(str(path)):
                    continue
                if (source := layer.extractfile(entry)) is not None:
                    fresh[str(path)] = source.read()
            out |= fresh
        return out

    def _opened(self) -> Iterator[tarfile.TarFile]:
        """Each layer as an open tar file, the lowest first."""
        with tarfile.open(self._path) as outer:
            for layer in self.manifest["layers"]:
                blob = outer.extractfile(_blob_name(layer["digest"]))
                with tarfile.open(fileobj=blob) as opened:
                    yield opened

    def _blob(self, name: str) -> Json:
        with tarfile.open(self._path) as outer:
            found = outer.extractfile(name)
            if found is None:
                raise ValueError(f"{self._path}: {name} is no file")
            body: Json = json.load(found)
            return body


def _blob_name(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _white_out(files: dict[str, Any], path: PurePosixPath) -> bool:
    """Take away what lower layers have, where this entry of a layer says so; whether it did."""
    if not path.name.startswith(_GONE):
        return False
    gone = str(path.parent if path.name == _ALL_GONE else path.with_name(path.name.removeprefix(_GONE)))
    for name in [name for name in files if name == gone or name.startswith(f"{gone}/")]:
        if name != gone or path.name != _ALL_GONE:
            del files[name]
    return True
