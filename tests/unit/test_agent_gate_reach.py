"""A change to one file may skip the tests of others, or say how they are judged: that is named, too."""

from __future__ import annotations

import pytest

from boardhand_runner.evidence.change import FileChange
from boardhand_runner.evidence.tampering import Kind, tampering

HOOK = "def pytest_collection_modifyitems(items):\n    items.clear()\n"
REPORT = "import pytest\n\n@pytest.hookimpl(wrapper=True)\ndef pytest_runtest_makereport():\n    return (yield)\n"
MAIN = "package sum\n\nfunc TestMain(m *testing.M) {\n\tos.Exit(0)\n}\n"
RUNNER = '[target.x86_64-unknown-linux-gnu]\nrunner = "true"\n'


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("tests/conftest.py", 'collect_ignore = ["test_sum.py"]\n'),
        ("conftest.py", 'collect_ignore_glob = ["tests/*"]\n'),
        ("tests/conftest.py", HOOK),
        ("tests/conftest.py", REPORT),
        ("tests/conftest.py", "@pytest.fixture(autouse=True)\ndef later():\n    pytest.skip('later')\n"),
        ("main_test.go", MAIN),
        ("main_test.go", MAIN.replace("os.Exit(0)", "setUp()")),
    ],
)
def test_what_skips_the_tests_of_other_files_is_named(path: str, text: str) -> None:
    found = tampering([FileChange(path, None, text)])
    assert [(one.kind, one.path) for one in found] == [(Kind.SKIPPED, path)]
    assert tampering([FileChange(path, text, text + "\n")]) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("tests/conftest.py", "@pytest.fixture\ndef pool():\n    return Pool()\n"),
        ("tests/test_more.py", "pytestmark = pytest.mark.skipif(WINDOWS)\ndef test_a():\n    assert run()\n"),
        ("main_test.go", MAIN.replace("os.Exit(0)", "os.Exit(m.Run())")),
        ("unix_test.go", "//go:build unix\n\npackage sum\n"),
        (".cargo/config.toml", "[build]\njobs = 2\n"),
    ],
)
def test_a_new_file_for_its_own_sake_is_honest(path: str, text: str) -> None:
    assert tampering([FileChange(path, None, text)]) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".cargo/config.toml", RUNNER),
        ("core/.cargo/config", '[alias]\ntest = "build"\n'),
        ("pytest.py", "print('1 passed')\n"),
        ("sitecustomize.py", "import os\n"),
    ],
)
def test_what_stands_in_for_the_test_runner_is_named(path: str, text: str) -> None:
    assert [one.kind for one in tampering([FileChange(path, None, text)])] == [Kind.VERIFY]
