"""Less plain ways to take a test's word: by another file, by what stands around it, by what makes it pass anyway."""

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


PYTHON = "import pytest\n\ndef test_adds():\n    total = add(1, 2)\n    assert total == 3\n"
RUST = "#[test]\nfn adds() {\n    assert_eq!(add(1, 2), 3);\n}\n"
GO = 'package sum\n\nfunc TestAdds(t *testing.T) {\n\tgot := add(1, 2)\n\tif got != 3 {\n\t\tt.Fatal("sum")\n\t}\n}\n'
CHECK = "    assert total == 3\n"


@pytest.mark.parametrize(
    ("path", "text", "old", "new", "kind"),
    [
        ("tests/test_sum.py", PYTHON, "def test", "@pytest.mark.parametrize('x', [])\ndef test", Kind.SKIPPED),
        ("tests/test_sum.py", PYTHON, "import pytest\n", "import pytest\npytest.importorskip('no')\n", Kind.SKIPPED),
        ("tests/test_sum.py", PYTHON, "== 3", "== 3 or True", Kind.WEAKENED),
        ("tests/test_sum.py", PYTHON, "== 3", "== total", Kind.WEAKENED),
        ("tests/test_sum.py", PYTHON, CHECK, f"    return\n{CHECK}", Kind.WEAKENED),
        ("tests/test_sum.py", PYTHON, CHECK, f"    if False:\n    {CHECK}", Kind.WEAKENED),
        ("tests/test_sum.py", PYTHON, CHECK, f"    with suppress(AssertionError):\n    {CHECK}", Kind.WEAKENED),
        (
            "tests/test_sum.py",
            PYTHON,
            CHECK,
            f"    try:\n    {CHECK}    except Exception:\n        log(1)\n",
            Kind.WEAKENED,
        ),
        ("tests/test_sum.py", PYTHON, CHECK, f"{CHECK}\ndef test_adds():\n    pass\n", Kind.WEAKENED),
        ("tests/sum.rs", RUST, "#[test]", "#[ignore]\n#[test]", Kind.SKIPPED),
        ("tests/sum.rs", RUST, "#[test]", "#[test]\n#[cfg_attr(not(windows), ignore)]", Kind.SKIPPED),
        ("tests/sum.rs", RUST, "#[test]", "#[test]\n#[should_panic]", Kind.WEAKENED),
        ("tests/sum.rs", RUST, "#[test]", "#[should_panic]\n#[test]", Kind.WEAKENED),
        ("sum_test.go", GO, "\tif got", "\tt.Skipf(later)\n\tif got", Kind.SKIPPED),
    ],
)
def test_a_test_that_cannot_fail_any_more_is_named(path: str, text: str, old: str, new: str, kind: Kind) -> None:
    assert text.count(old) == 1
    assert [one.kind for one in tampering([FileChange(path, text, text.replace(old, new))])] == [kind]


@pytest.mark.parametrize(
    ("path", "text", "old", "new"),
    [
        ("tests/test_sum.py", PYTHON, "total == 3", "total in (3, 4) or other"),
        (
            "tests/test_sum.py",
            PYTHON,
            CHECK,
            f"    try:\n    {CHECK}    except AssertionError:\n        raise Late from None\n",
        ),
        ("tests/test_sum.py", PYTHON, CHECK, f"    try:\n    {CHECK}    except OSError:\n        pass\n"),
        ("tests/sum.rs", RUST, "    assert_eq!(add(1, 2), 3);", "    add(i32::MAX, 1);"),
        ("sum_test.go", GO, "\tif got", "\tif testing.Short() {\n\t\tt.Skip()\n\t}\n\tif got"),
    ],
)
def test_what_may_still_fail_is_honest(path: str, text: str, old: str, new: str) -> None:
    after = text.replace(old, new)
    if path.endswith(".rs"):
        after = after.replace("#[test]", '#[test]\n#[should_panic(expected = "overflow")]')
    assert tampering([FileChange(path, text, after)]) == []


def test_deep_python_is_no_trouble() -> None:
    deep = "def test_sum():\n    assert total == " + " + ".join(["1"] * 5000) + "\n"
    assert tampering([FileChange("tests/test_deep.py", None, deep)]) == []
