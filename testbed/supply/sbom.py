"""SBOMs of the images, in CycloneDX: the Python parts by cyclonedx-py, the Debian packages from dpkg's own record."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from testbed.images.archive import Archive
from testbed.images.build import BuiltImage, ensure_image
from testbed.shell import run
from testbed.supply import debian
from testbed.supply.tools import ROOT, tool

IMAGES = ("operator", "dashboard", "runner", "egress")
OUT = ROOT / "build" / "sbom"
_STATUS, _RELEASE = "var/lib/dpkg/status", "usr/lib/os-release"
_VENV, _LIB, _SITE = "opt/boardhand/pyvenv.cfg", "opt/boardhand/lib/", "/site-packages/"
REVISION = "org.opencontainers.image.revision"
Json = dict[str, Any]


def make(name: str, into: Path = OUT) -> Path:
    """Write the SBOM of one image; its file. Raises TestbedError where it cannot be made, or is not valid."""
    image = ensure_image(name)
    body = of_image(image)
    into.mkdir(parents=True, exist_ok=True)
    path = into / f"{name}.cdx.json"
    path.write_text(json.dumps(body, indent=2, sort_keys=True) + "\n")
    validate(path)
    return path


def of_image(image: BuiltImage) -> Json:
    """The SBOM of an image in an archive: the same for the same image."""
    archive = Archive(image.archive)
    files = archive.read(_told_of)
    body: Json = {"components": []} | _python({path: content for path, content in files.items() if _SITE in path})
    release = debian.distribution(files[_RELEASE].decode())
    if _VENV in files:
        body["components"] += [_interpreter(files[_VENV].decode())]
    body["components"] += debian.components(files[_STATUS].decode(), release)
    body["metadata"]["component"] = _of(image, archive)
    body["dependencies"] = [entry for entry in body.get("dependencies", []) if entry["ref"] in _refs(body)]
    return body


def validate(path: Path) -> None:
    """Raises TestbedError with what the tool's own validator finds wrong."""
    run([tool("python"), Path(__file__).with_name("validate.py"), path], timeout=120)


def _told_of(path: str) -> bool:
    return path in (_STATUS, _RELEASE, _VENV) or (path.startswith(_LIB) and _SITE in path and ".dist-info/" in path)


def _python(files: Mapping[str, bytes]) -> Json:
    """What cyclonedx-py finds in the image's environment, if it has one, laid into one that can be asked here."""
    with tempfile.TemporaryDirectory(prefix="boardhand-sbom-") as folder:
        run([tool("python"), "-m", "venv", "--without-pip", folder])
        (site,) = Path(folder).glob("lib/python3.*/site-packages")
        for path, content in files.items():
            target = site / path.partition(_SITE)[2]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        words = ["environment", "--output-reproducible", "--spec-version", "1.6", f"{folder}/bin/python"]
        body: Json = json.loads(run([tool("cyclonedx-py"), *words], timeout=120))
        return body


def _interpreter(settings: str) -> Json:
    """Python itself, by the environment's pyvenv.cfg: a base image need not have it from Debian."""
    found = dict(line.split(" = ", 1) for line in settings.splitlines() if " = " in line)
    purl = f"pkg:generic/python@{found['version']}"
    return {"type": "platform", "bom-ref": purl, "name": "python", "version": found["version"], "purl": purl}


def _of(image: BuiltImage, archive: Archive) -> Json:
    name, _, version = image.reference.rpartition(":")
    out = {"type": "container", "bom-ref": archive.digest, "name": name, "version": version}
    labels = archive.config["config"].get("Labels") or {}
    return out | {
        "hashes": [{"alg": "SHA-256", "content": archive.digest.partition(":")[2]}],
        "properties": [{"name": f"oci:label:{key}", "value": value} for key, value in sorted(labels.items())],
    }


def _refs(body: Json) -> set[str]:
    return {str(one["bom-ref"]) for one in body["components"]} | {str(body["metadata"]["component"]["bom-ref"])}
