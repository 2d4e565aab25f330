"""Tampering with tests is named, in six languages, and an honest change is not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boardhand_runner.evidence.asked import asked_for
from boardhand_runner.evidence.change import FileChange
from boardhand_runner.evidence.tampering import Kind, Tampering, new_tests, tampering

SOURCES = {
    "python": (
        "tests/test_sum.py",
        "import pytest\n\ndef test_adds():\n    assert add(1, 2) == 3\n\n"
        "def test_subtracts():\n    assert sub(7, 2) == 5\n",
    ),
    "java": (
        "src/test/java/SumTest.java",
        "class SumTest {\n  @Test\n  void adds() { assertEquals(3, add(1, 2)); }\n\n"
        "  @Test\n  void subtracts() { assertEquals(5, sub(7, 2)); }\n}\n",
    ),
    "js": (
        "src/sum.test.ts",
        "describe('sum', () => {\n  it('adds', () => { expect(add(1, 2)).toBe(3); });\n"
        "  it('subtracts', () => { expect(sub(7, 2)).toBe(5); });\n});\n",
    ),
    "go": (
        "sum_test.go",
        'package sum\n\nfunc TestAdds(t *testing.T) {\n\tif add(1, 2) != 3 {\n\t\tt.Fatal("sum")\n\t}\n}\n\n'
        'func TestSubtracts(t *testing.T) {\n\tif sub(7, 2) != 5 {\n\t\tt.Fatal("sub")\n\t}\n}\n',
    ),
    "rust": (
        "src/lib.rs",
        "pub fn add(a: i32, b: i32) -> i32 { a + b }\n#[cfg(test)]\nmod tests {\n"
        "    #[test]\n    fn adds() { assert_eq!(add(1, 2), 3); }\n"
        "    #[test]\n    fn subtracts() { assert_eq!(sub(7, 2), 5); }\n}\n",
    ),
    "cpp": (
        "tests/sum_test.cpp",
        "TEST(Sum, Adds) { EXPECT_EQ(3, add(1, 2)); }\nTEST(Sum, Subtracts) { EXPECT_EQ(5, sub(7, 2)); }\n",
    ),
}
SKIPS = [
    ("python", "def test_adds", "@pytest.mark.skip(reason='slow')\ndef test_adds"),
    ("python", "def test_adds", "@pytest.mark.xfail\ndef test_adds"),
    ("python", "def test_adds", "@unittest.skip('x')\ndef test_adds"),
    ("python", "assert add", "pytest.skip('x')\n    assert add"),
    ("python", "import pytest\n", "import pytest\npytestmark = pytest.mark.skip\n"),
    ("java", "@Test\n  void adds", "@Test\n  @Disabled\n  void adds"),
    ("java", "@Test\n  void adds", '@Ignore("later") @Test\n  void adds'),
    ("java", "class SumTest", "@Disabled\nclass SumTest"),
    ("java", "@Test\n  void adds", "@Test\n  @org.junit.jupiter.api.Disabled\n  void adds"),
    (
        "java",
        "@Test\n  void adds",
        '@Test\n  @EnabledIfEnvironmentVariable(named = "SLOW", matches = "1")\n  void adds',
    ),
    ("java", "class SumTest", "@org.junit.jupiter.api.Disabled\nclass SumTest"),
    ("java", "{ assertEquals(3", "{ Assumptions.abort(); assertEquals(3"),
    ("js", "it('adds'", "it.skip('adds'"),
    ("js", "it('adds'", "xit('adds'"),
    ("js", "it('adds'", "it.todo('adds'"),
    ("js", "describe(", "describe.skip("),
    ("js", "it('adds', ", "it('adds', { skip: 'slow' }, "),
    ("js", "it('adds', ", "it('adds', { timeout: 5, todo: true }, "),
    ("js", "describe('sum', ", "describe('sum', { skip: true }, "),
    ("js", "it('subtracts'", "it.only('subtracts'"),
    ("go", "T) {\n\tif add", 'T) {\n\tt.Skip("x")\n\tif add'),
    ("rust", "#[test]\n    fn adds", "#[test]\n    #[ignore]\n    fn adds"),
    ("go", "package sum", "//go:build slow\n\npackage sum"),
    ("rust", "#[cfg(test)]\nmod tests", '#[cfg(all(test, feature = "slow"))]\nmod tests'),
    ("rust", "#[test]\n    fn adds", '#[cfg(feature = "slow")]\n    #[test]\n    fn adds'),
    ("cpp", "Sum, Adds", "Sum, DISABLED_Adds"),
    ("cpp", "{ EXPECT_EQ(3", "{ GTEST_SKIP(); EXPECT_EQ(3"),
]
WEAKENED = [
    ("python", "assert add(1, 2) == 3", "add(1, 2)"),
    ("python", "assert add(1, 2) == 3", "assert True"),
    ("python", "    assert add", "    return\n    assert add"),
    ("java", "assertEquals(3, add(1, 2));", "add(1, 2);"),
    ("java", "assertEquals(3, add(1, 2));", "assertTrue(true);"),
    ("js", "expect(add(1, 2)).toBe(3);", "add(1, 2);"),
    ("js", "expect(add(1, 2)).toBe(3);", "// expect(add(1, 2)).toBe(3);\n"),
    ("js", "expect(add(1, 2)).toBe(3);", "expect(true).toBe(true);"),
    ("js", "expect(add(1, 2)).toBe(3);", "expect(add(1, 2)).toBe(add(1, 2));"),
    ("java", "assertEquals(3, add(1, 2));", "int three = add(1, 2); assertEquals(three, three);"),
    ("rust", "assert_eq!(add(1, 2), 3);", "assert_eq!(add(1, 2), add(1, 2));"),
    ("cpp", "EXPECT_EQ(3, add(1, 2));", "EXPECT_EQ(add(1, 2), add(1, 2));"),
    ("go", '\tif add(1, 2) != 3 {\n\t\tt.Fatal("sum")\n\t}', "\tadd(1, 2)"),
    ("rust", "assert_eq!(add(1, 2), 3);", "let _ = add(1, 2);"),
    ("rust", "assert_eq!(add(1, 2), 3);", "assert!(true);"),
    ("cpp", "EXPECT_EQ(3, add(1, 2));", "add(1, 2);"),
    ("cpp", "EXPECT_EQ(3, add(1, 2));", "EXPECT_TRUE(true);"),
]
ADDS = {
    "python": "def test_adds():\n    assert add(1, 2) == 3\n\n",
    "java": "  @Test\n  void adds() { assertEquals(3, add(1, 2)); }\n\n",
    "js": "  it('adds', () => { expect(add(1, 2)).toBe(3); });\n",
    "go": 'func TestAdds(t *testing.T) {\n\tif add(1, 2) != 3 {\n\t\tt.Fatal("sum")\n\t}\n}\n\n',
    "rust": "    #[test]\n    fn adds() { assert_eq!(add(1, 2), 3); }\n",
    "cpp": "TEST(Sum, Adds) { EXPECT_EQ(3, add(1, 2)); }\n",
}


def edited(language: str, old: str, new: str) -> list[FileChange]:
    path, text = SOURCES[language]
    assert text.count(old) == 1
    return [FileChange(path, text, text.replace(old, new))]


def kinds(changes: list[FileChange], *verify: str) -> list[Kind]:
    return [finding.kind for finding in tampering(changes, verify)]


@pytest.mark.parametrize("language", SOURCES)
def test_a_deleted_test_is_named(language: str) -> None:
    found = tampering(edited(language, ADDS[language], ""))
    assert [one.kind for one in found] == [Kind.DELETED]
    assert found[0].detail.lower().endswith("adds")


@pytest.mark.parametrize("language", SOURCES)
def test_a_deleted_file_of_tests_is_named_test_by_test(language: str) -> None:
    path, text = SOURCES[language]
    assert kinds([FileChange(path, text, None)]) == [Kind.DELETED] * 2


@pytest.mark.parametrize("language", ["js", "java", "go", "cpp", "rust"])
def test_a_test_in_a_comment_is_gone(language: str) -> None:
    assert kinds(edited(language, ADDS[language], f"/* {ADDS[language]} */")) == [Kind.DELETED]


@pytest.mark.parametrize(("language", "old", "new"), SKIPS)
def test_a_skip_is_named(language: str, old: str, new: str) -> None:
    assert kinds(edited(language, old, new)) == [Kind.SKIPPED]


@pytest.mark.parametrize(("language", "old", "new"), WEAKENED)
def test_a_test_left_without_an_assertion_is_named(language: str, old: str, new: str) -> None:
    assert kinds(edited(language, old, new)) == [Kind.WEAKENED]


HELPED = {
    "python": (
        "tests/test_sum.py",
        "def ready():\n    pool = Pool()\n    assert pool.open\n    return pool\n\n"
        "def test_adds():\n    pool = ready()\n    assert pool.add(1, 2) == 3\n",
        "    assert pool.add(1, 2) == 3\n",
        "    verify(ready())\n",
    ),
    "js": (
        "src/sum.test.ts",
        "function ready() { const pool = new Pool(); expect(pool.open).toBe(true); return pool; }\n"
        "it('adds', () => { const pool = ready(); expect(pool.add(1, 2)).toBe(3); });\n",
        " expect(pool.add(1, 2)).toBe(3);",
        " checkSum(pool, 3);",
    ),
    "go": (
        "sum_test.go",
        "package sum\n\nfunc ready(t *testing.T) *Pool {\n\tpool, err := New()\n\tif err != nil {\n\t\tt.Fatal(err)\n"
        "\t}\n\treturn pool\n}\n\nfunc TestAdds(t *testing.T) {\n\tpool := ready(t)\n\tif err := pool.Open(); "
        'err != nil {\n\t\tt.Fatal(err)\n\t}\n\tif pool.Add(1, 2) != 3 {\n\t\tt.Fatalf("sum")\n\t}\n}\n',
        '\tif pool.Add(1, 2) != 3 {\n\t\tt.Fatalf("sum")\n\t}\n',
        "\tensureSum(t, pool, 3)\n",
    ),
}


@pytest.mark.parametrize("language", HELPED)
def test_what_a_test_sets_up_with_does_not_count_for_its_assertion(language: str) -> None:
    path, text, own, other = HELPED[language]
    assert text.count(own) == 1
    assert kinds([FileChange(path, text, text.replace(own, ""))]) == [Kind.WEAKENED]
    assert kinds([FileChange(path, text, text.replace(own, other))]) == []


def test_two_calls_are_not_one_by_the_length_of_their_strings() -> None:
    before = 'class T {\n  @Test\n  void same() { assertEquals(code("SOS"), code("sos")); assertTrue(ran); }\n}\n'
    after = before.replace(" assertTrue(ran);", "")
    assert tampering([FileChange("src/test/java/T.java", before, after)]) == []


@pytest.mark.parametrize("options", ["{ timeout: 500 }", "{ skip: false }", "{ concurrency: 4, todo: undefined }"])
def test_options_that_skip_nothing_are_honest(options: str) -> None:
    path, text = SOURCES["js"]
    assert tampering([FileChange(path, text, text.replace("it('adds', ", f"it('adds', {options}, "))]) == []


@pytest.mark.parametrize("language", SOURCES)
def test_moving_tests_to_another_file_is_honest(language: str) -> None:
    path, text = SOURCES[language]
    folder, _, name = path.rpartition("/")
    moved = f"{folder}/more/{name}".lstrip("/")
    assert tampering([FileChange(path, text, None), FileChange(moved, None, text)]) == []


@pytest.mark.parametrize("language", SOURCES)
def test_renaming_changing_and_adding_tests_is_honest(language: str) -> None:
    renamed = {"go": ("TestAdds", "TestAddsUp"), "cpp": ("Sum, Adds", "Sum, AddsUp")}
    old, new = renamed.get(language, ("adds", "adds_up"))
    assert tampering(edited(language, old, new)) == []
    assert tampering(edited(language, "7", "8")) == []
    path, text = SOURCES[language]
    assert tampering([FileChange(path, text.replace(ADDS[language], ""), text)]) == []
    assert len(new_tests([FileChange(path, text.replace(ADDS[language], ""), text)])) == 1


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (
            "python",
            "@pytest.mark.parametrize(('f', 'a', 'b', 'c'), [(add, 1, 2, 3), (sub, 7, 2, 5)])\n"
            "def test_sums(f, a, b, c):\n    assert f(a, b) == c\n",
        ),
        ("js", "test.each([[add, 1, 2, 3], [sub, 7, 2, 5]])('sum', (f, a, b, c) => { expect(f(a, b)).toBe(c); });\n"),
        (
            "go",
            "package sum\nfunc TestSums(t *testing.T) {\n\tfor _, c := range []struct{ got, want int }{{add(1, 2), 3},"
            ' {sub(7, 2), 5}} {\n\t\tif c.got != c.want {\n\t\t\tt.Fatal("sum", "sub")\n\t\t}\n\t}\n}\n',
        ),
    ],
)
def test_parametrising_is_honest(language: str, text: str) -> None:
    path, before = SOURCES[language]
    assert tampering([FileChange(path, before, text)]) == []


def test_assertions_moved_into_a_helper_are_honest() -> None:
    changes = edited("python", "    assert add(1, 2) == 3", "    three(add(1, 2))\n\ndef three(x):\n    assert x == 3")
    assert tampering(changes) == []


def test_a_rename_does_not_hide_a_deletion_or_a_skip() -> None:
    other = "def test_other():\n    assert mul(4, 4) == 16\n\n"
    assert kinds(edited("python", ADDS["python"], other)) == [Kind.DELETED]
    assert kinds(edited("python", "def test_adds", "@pytest.mark.skip\ndef test_more")) == [Kind.SKIPPED]


PYPROJECT = '[project]\nname = "a"\n\n[tool.pytest.ini_options]\naddopts = "-q"\n'
POM = (
    "<project><version>1</version><plugin><artifactId>maven-surefire-plugin</artifactId>"
    "<configuration></configuration></plugin></project>"
)
MAKE = "build:\n\tgo build\n\ntest: build\n\tgo test ./...\n"
PACKAGE = '{"version": "1", "scripts": {"test": "jest", "build": "tsc"}}'


@pytest.mark.parametrize(
    ("path", "before", "after", "kind"),
    [
        ("pytest.ini", None, "[pytest]\naddopts = -k nothing\n", Kind.VERIFY),
        ("tox.ini", "a", None, Kind.VERIFY),
        ("pyproject.toml", PYPROJECT, PYPROJECT.replace("-q", "-q --deselect x"), Kind.VERIFY),
        ("pyproject.toml", PYPROJECT, PYPROJECT.replace('"a"', '"b"'), None),
        ("pyproject.toml", '[project]\nname = "a"\n', PYPROJECT, Kind.VERIFY),
        ("setup.cfg", "[tool:pytest]\na = 1\n", "[tool:pytest]\na = 2\n", Kind.VERIFY),
        ("pom.xml", POM, POM.replace("<configuration>", "<configuration><skip>true</skip>"), Kind.VERIFY),
        ("pom.xml", POM, POM.replace("<version>1", "<version>2"), None),
        ("pom.xml", POM, POM.replace("<plugin>", "<skipTests>true</skipTests><plugin>", 1), Kind.VERIFY),
        ("build.gradle", "test { }\n", "test { ignoreFailures = true }\n", Kind.VERIFY),
        ("package.json", PACKAGE, PACKAGE.replace("jest", "true"), Kind.VERIFY),
        ("package.json", PACKAGE, PACKAGE.replace("tsc", "tsc -b"), None),
        ("package.json", '{"version": "1"}', PACKAGE, None),
        ("jest.config.js", "a", "b", Kind.VERIFY),
        ("web/vitest.config.ts", "a", "b", Kind.VERIFY),
        ("Makefile", MAKE, MAKE.replace("go test ./...", "true"), Kind.VERIFY),
        ("Makefile", MAKE, MAKE.replace("go build", "go build -v"), None),
        ("Makefile", None, MAKE, None),
        ("CMakeLists.txt", "enable_testing()\nadd_test(a a)\n", "add_test(a a)\n", Kind.VERIFY),
        ("CMakeLists.txt", "enable_testing()\n", "enable_testing()\nadd_test(b b)\n", None),
        ("Cargo.toml", '[package]\nname = "a"\n', '[package]\nname = "a"\n[lib]\ntest = false\n', Kind.VERIFY),
        ("Cargo.toml", '[package]\nname = "a"\n', '[package]\nname = "a"\n[dependencies]\nb = "1"\n', None),
        ("check.sh", "go test\n", "exit 0\n", Kind.VERIFY),
        ("other.sh", "a\n", "b\n", None),
        (".github/workflows/ci.yml", "a", "b", Kind.CI),
        (".gitea/workflows/ci.yaml", None, "b", Kind.CI),
        (".gitlab-ci.yml", "a", None, Kind.CI),
        ("Jenkinsfile", "a", "b", Kind.CI),
        ("tests/test_all.sh", "a b\n", None, Kind.DELETED),
        ("src/app.py", "def test_like(): pass\n", "x = 1\n", None),
        ("README.md", "tests\n", None, None),
    ],
)
def test_configuration_and_ci(path: str, before: str | None, after: str | None, kind: Kind | None) -> None:
    assert kinds([FileChange(path, before, after)], "sh ./check.sh") == ([kind] if kind else [])


DELETED = Tampering(Kind.DELETED, "tests/test_sum.py", "test_adds")
CI = Tampering(Kind.CI, ".github/workflows/ci.yml")
SETTINGS = Tampering(Kind.VERIFY, "pyproject.toml", "pytest's settings")


@pytest.mark.parametrize(
    ("ticket", "finding", "asked"),
    [
        ("Please remove test_adds, it is obsolete.", DELETED, True),
        ("Delete tests/test_sum.py.", DELETED, True),
        ("Drop the module test_sum from the suite", DELETED, True),
        ("tests/test_sum.py::test_adds fails, mend it.", DELETED, False),
        ("Remove the old adder. test_adds fails.", DELETED, False),
        ("Do not delete test_adds.", DELETED, False),
        ("Remove test_adds_more.", DELETED, False),
        ("Skip the tests.", DELETED, False),
        ("Add a lint job to the CI workflow.", CI, True),
        ("The total is wrong since CI broke.", CI, False),
        ("Change ci.yml to use Python 3.12", CI, True),
        ("Set addopts in pyproject.toml to -ra", SETTINGS, True),
        ("Mend the total.", SETTINGS, False),
        ("", CI, False),
    ],
)
def test_what_a_ticket_asks_for(ticket: str, finding: Tampering, asked: bool) -> None:
    assert asked_for(ticket, finding) is asked


PATHS = st.sampled_from([path for path, _ in SOURCES.values()])
PIECES = st.lists(st.sampled_from([*"{}()'\"`/*#\n\\@", *ADDS.values(), 'r#"', "'''", "\0", "\ud800"]), max_size=30)
TEXTS = st.none() | PIECES.map("".join) | st.text(max_size=80)


@given(PATHS, TEXTS, TEXTS)
@settings(deadline=None)
def test_no_text_raises_and_what_is_unchanged_is_fine(path: str, before: str | None, after: str | None) -> None:
    tampering([FileChange(path, before, after)])
    assert tampering([FileChange(path, before, before)]) == []


@given(st.lists(st.sampled_from(sorted(SOURCES)), unique=True), st.randoms())
@settings(deadline=None, max_examples=40)
def test_every_test_that_is_taken_is_named_once_whatever_else_changes(taken: list[str], random: object) -> None:
    changes = [
        FileChange(path, text, text.replace(ADDS[language], "") if language in taken else f"{text}\n")
        for language, (path, text) in SOURCES.items()
    ]
    assert sorted(one.path for one in tampering(changes)) == sorted(SOURCES[language][0] for language in taken)


@pytest.mark.parametrize(
    ("path", "workdir", "found"),
    [
        ("services/api/check.sh", "services/api", True),
        ("services/common/check.sh", "services/api", True),
        ("check.sh", "services/api", True),
        ("services/web/check.sh", "services/api", False),
        ("services/api/check.sh", "", False),
    ],
)
def test_a_verify_script_is_found_from_the_folder_that_commands_start_in(path: str, workdir: str, found: bool) -> None:
    change = FileChange(path, "pytest\n", "true\n")
    seen = tampering([change], ["sh ./check.sh && sh ../common/check.sh"], workdir)
    assert [one.kind for one in seen] == ([Kind.VERIFY] if found else [])
