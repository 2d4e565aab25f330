"""The supply chain's parts: what an audit says and never hides, what an SBOM is made of, what an archive holds."""

from __future__ import annotations

import io
import json
import re
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from testbed.images.archive import Archive
from testbed.images.revision import UNKNOWN, revision
from testbed.supply import audit, debian, sbom

ROOT = Path(__file__).resolve().parents[2]
Json = dict[str, Any]
FINE: Json = {"name": "a", "version": "1", "vulns": []}
BAD: Json = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}]}
SKIPPED: Json = {"name": "c", "skip_reason": "Dependency not found on PyPI"}


def program(folder: Path, rows: list[Json], code: int = 0) -> Path:
    """A pip-audit that answers so, and notes each time it is asked."""
    path, answer = folder / "pip-audit", json.dumps({"dependencies": rows})
    path.write_text(f"#!/bin/sh\necho asked >> {folder}/asked\ncat <<'END'\n{answer}\nEND\nexit {code}\n")
    path.chmod(0o755)
    return path


def asked(folder: Path) -> int:
    return len((folder / "asked").read_text().splitlines())


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "some.lock"
    path.write_text("a==1 \\\n    --hash=sha256:00\nb==2 \\\n    --hash=sha256:00\n")
    return path


def test_a_vulnerability_is_told_with_its_fix(tmp_path: Path, lock: Path) -> None:
    report = audit.audit(program(tmp_path, [FINE, BAD], 1), [lock], tmp_path / "known")
    assert report.said() == "known vulnerabilities:\n  b 2: PYSEC-1, fixed in 3"
    assert not (tmp_path / "known").exists()


def test_an_index_without_answers_is_asked_once_and_said(tmp_path: Path, lock: Path) -> None:
    report = audit.audit(program(tmp_path, [SKIPPED]), [lock], tmp_path / "known")
    assert report.said() == "not audited: 1 of 1 packages, Dependency not found on PyPI"
    assert (asked(tmp_path), report.found) == (1, [])
    assert not (tmp_path / "known").exists()


def test_without_a_network_it_says_so(tmp_path: Path, lock: Path) -> None:
    path = tmp_path / "pip-audit"
    path.write_text("#!/bin/sh\necho 'ERROR: could not connect to PyPI' >&2\nexit 1\n")
    path.chmod(0o755)
    report = audit.audit(path, [lock], tmp_path / "known")
    assert report.said() == "not audited: ERROR: could not connect to PyPI"


def test_a_whole_answer_holds_for_a_day_and_for_these_locks(
    tmp_path: Path, lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool, known = program(tmp_path, [FINE, FINE]), tmp_path / "known"
    for _ in range(2):
        assert audit.audit(tool, [lock], known).said() == "audited: 2 packages, no known vulnerability"
    assert asked(tmp_path) == 2  # one package first, then all
    lock.write_text(lock.read_text().replace("b==2", "b==3"))
    audit.audit(tool, [lock], known)
    assert asked(tmp_path) == 4
    monkeypatch.setattr(audit, "FRESH_SECONDS", 0)
    audit.audit(tool, [lock], known)
    assert asked(tmp_path) == 6


def test_what_is_in_the_images_is_audited() -> None:
    assert [path.name for path in audit.locks() if not path.exists()] == []
    texts = "".join(path.read_text() for path in ROOT.glob("Dockerfile.*"))
    assert set(re.findall(r"requirements/([a-z]+)\.lock", texts)) == set(audit.AUDITED)
    assert {path.name.removeprefix("Dockerfile.") for path in ROOT.glob("Dockerfile.*")} == set(sbom.IMAGES)


def test_debians_packages_by_their_urls() -> None:
    status = (
        "Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nSource: zlib (1:1.2)\nVersion: 1:1.2+b1\n"
        "Description: text\n more of it\n\n"
        "Package: gone\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\n"
    )
    (found,) = debian.components(status, debian.distribution('NAME="x"\nID=debian\nVERSION_ID="12"\n'))
    assert (found["name"], found["version"]) == ("zlib1g", "1:1.2+b1")
    assert found["purl"] == "pkg:deb/debian/zlib1g@1%3A1.2%2Bb1?arch=amd64&distro=debian-12&upstream=zlib%401%3A1.2"


def layer(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as made:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = 0o4755 if name.endswith("su") else 0o644
            made.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def archived(path: Path, layers: list[bytes]) -> Archive:
    blobs = {f"l{number}": content for number, content in enumerate(layers)}
    blobs["config"] = json.dumps({"config": {"User": "1:1"}, "rootfs": {"diff_ids": ["sha256:d"]}}).encode()
    rows = [{"digest": f"sha256:l{number}"} for number in range(len(layers))]
    blobs["manifest"] = json.dumps({"config": {"digest": "sha256:config"}, "layers": rows}).encode()
    files = {f"blobs/sha256/{name}": content for name, content in blobs.items()}
    files["index.json"] = json.dumps({"manifests": [{"digest": "sha256:manifest"}]}).encode()
    with tarfile.open(path, "w") as out:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            out.addfile(entry, io.BytesIO(content))
    return Archive(path)


def test_an_archive_is_read_as_its_layers_show_it(tmp_path: Path) -> None:
    low = {"./etc/a": b"low", "etc/b": b"low", "opt/x/c": b"low", "opt/y/d": b"low", "bin/su": b"low"}
    high = {"etc/.wh.b": b"", "opt/x/.wh..wh..opq": b"", "opt/x/e": b"high", "opt/.wh.y": b"", "etc/a": b"high"}
    image = archived(tmp_path / "image.tar", [layer(low), layer(high)])
    assert sorted(image.files()) == ["bin/su", "etc/a", "opt/x/e"]
    assert image.files()["bin/su"].mode & 0o6000
    everything = image.read(lambda _: True)
    assert everything == {"etc/a": b"high", "opt/x/e": b"high", "bin/su": b"low"}
    assert image.config["config"]["User"] == "1:1"


def test_the_revision_says_whether_the_sources_are_the_commits(tmp_path: Path) -> None:
    assert revision(tmp_path, ["a"]) == UNKNOWN

    def git(*words: str) -> str:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
        return subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    git("init", "-q")
    for name in ("a", "b"):
        (tmp_path / name).write_text("1")
    git("add", ".")
    git("commit", "-qm", "one")
    commit = git("rev-parse", "HEAD").strip()
    (tmp_path / "b").write_text("2")
    assert revision(tmp_path, ["a"]) == commit
    assert revision(tmp_path, ["a", "b"]) == f"{commit}-dirty"
