"""The images as they are: who they run as, what they say of themselves, and what they are made of."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from testbed.images.archive import Archive
from testbed.images.build import ensure_image
from testbed.supply import sbom
from testbed.supply.tools import LOCKS

pytestmark = pytest.mark.e2e

UNCHECKED_HASH = 0b01
PROGRAMS = ("operator", "runner")
"""Those of them that are Boardhand's own, with an environment of Python packages."""


@pytest.mark.parametrize("name", sbom.IMAGES)
def test_an_image_runs_as_a_number_that_nothing_in_it_lifts(name: str) -> None:
    archive = Archive(ensure_image(name).archive)
    assert archive.config["config"]["User"] == "10001:10001"
    assert re.fullmatch(r"([0-9a-f]{40}(-dirty)?|unknown)", archive.config["config"]["Labels"][sbom.REVISION])
    files = archive.files()
    assert "usr/bin/python3" in files
    assert [path for path, entry in files.items() if entry.isfile() and entry.mode & 0o6000] == []
    # Nobody but root may change what it runs.
    assert [
        path for path, entry in files.items() if path.startswith("opt/") and entry.isfile() and entry.mode & 0o22
    ] == []


@pytest.mark.parametrize("name", PROGRAMS)
def test_its_bytecode_is_good_whatever_the_files_times_are(name: str) -> None:
    """A read-only root cannot take it anew. Source: https://peps.python.org/pep-0552/."""
    archive = Archive(ensure_image(name).archive)
    compiled = archive.read(lambda path: path.endswith(".pyc") and "/site-packages/boardhand_" in path)
    assert len(compiled) > 50
    assert {path for path, code in compiled.items() if int.from_bytes(code[4:8], "little") != UNCHECKED_HASH} == set()


@pytest.mark.parametrize("name", sbom.IMAGES)
def test_an_sbom_names_the_locked_packages_and_debians(name: str, tmp_path: Path) -> None:
    body = json.loads(sbom.make(name, tmp_path).read_text())
    found = {str(one["purl"]).partition("?")[0] for one in body["components"] if "purl" in one}
    lock = (LOCKS / f"{name}.lock").read_text() if name in PROGRAMS else ""
    for line in re.findall(r"^([a-z0-9.-]+)==(\S+)(?: \\)?$", lock, re.MULTILINE):
        assert f"pkg:pypi/{line[0]}@{line[1]}" in found
    assert any(purl.startswith("pkg:deb/debian/libc6@") for purl in found)
    assert body["metadata"]["component"]["bom-ref"] == Archive(ensure_image(name).archive).digest
