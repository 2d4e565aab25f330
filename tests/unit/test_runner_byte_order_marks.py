"""Files that begin with a byte-order mark, as some editors write them, read as the same files without one."""

from __future__ import annotations

from pathlib import Path

from boardhand_runner.detect import Commands, detect
from boardhand_runner.evidence.tampering import Kind, new_tests, tampering
from boardhand_runner.repository import Repository
from boardhand_runner.stages.commands import base_folder
from tests.support.benches import lay_out

MARK = "\ufeff"
PACKAGE = '{"scripts": {"test": "node --test"}, "version": "%d"}'
TEST = "def test_%s():\n    assert total(%d) == 1\n"
NEW = "def test_c():\n    with raises(ValueError):\n        parse(text)\n"
FILES = {
    "package.json": MARK + PACKAGE % 1,
    "tests/test_total.py": MARK + TEST % ("a", 1) + TEST % ("b", 2),
    "AGENTS.md": f"{MARK}Shell only.\n",
}


def test_the_verify_command_is_told_from_a_marked_file(tmp_path: Path) -> None:
    settings = lay_out(tmp_path / "run", FILES)

    assert detect(base_folder(settings, "")) == Commands((), ("CI=true npm test",))
    assert Repository(settings).at_base("AGENTS.md") == "Shell only.\n"


def test_what_a_change_does_to_marked_tests_is_seen(tmp_path: Path) -> None:
    settings = lay_out(tmp_path / "run", FILES)
    (settings.work / "package.json").write_text(MARK + PACKAGE % 2)
    (settings.work / "tests/test_total.py").write_text(MARK + TEST % ("b", 2) + NEW)
    repository = Repository(settings)
    repository.commit("Work")

    changes = repository.changes()
    assert [(one.kind, one.detail) for one in tampering(changes)] == [(Kind.DELETED, "test_a")]
    assert new_tests(changes) == ["tests/test_total.py::test_c"]
