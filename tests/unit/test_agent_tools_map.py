"""The repository map: what files define, the most used first, within a budget of characters and time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boardhand_runner.errors import ToolError
from boardhand_runner.tools.definitions import Definition, definitions
from boardhand_runner.tools.map import FEW_FILES, MAP_CHARACTERS, RepositoryMap
from tests.support.benches import lay_out

SOURCES = {
    "a.py": ("class A:\n    def f(self):\n        def inner(): ...\n@deco\ndef top(): ...\n", ["A(f)", "top"]),
    "A.java": ("class A { A() {} void f() {} }\ninterface I { void m(); }\nenum E { P }", ["A(A,f)", "I(m)", "E"]),
    "a.go": ("package a\ntype T struct{}\nfunc (t T) M() {}\nfunc F() {}\n", ["T", "M", "F"]),
    "a.rs": ("pub struct S;\nimpl S { fn f(&self) {} }\ntrait T { fn q(&self); }\nfn m() {}", ["S(f)", "T(q)", "m"]),
    "a.ts": ("interface I { m(): void }\nexport class C { m(): void {} }\nexport type T = string;", ["I", "C(m)", "T"]),
    "a.tsx": ("export function App() { return <div/> }\n", ["App"]),
    "a.mjs": ("class C { m() {} }\nexport default function g() {}\n", ["C(m)", "g"]),
    "a.cpp": ("namespace n { class C { int g() {} }; }\nint n::C::f() {}\nstruct S s;\n", ["C(g)", "n::C::f"]),
    "a.h": ("struct P;\n#ifdef X\nvoid k() {}\n#endif\n", ["k"]),
}  # fmt: skip


def told(definition: Definition) -> str:
    return definition.name + (f"({','.join(definition.members)})" if definition.members else "")


@pytest.mark.parametrize("name", SOURCES)
def test_a_file_is_told_by_what_it_defines(name: str) -> None:
    source, expected = SOURCES[name]

    assert [told(definition) for definition in definitions(name, source.encode())] == expected


@settings(deadline=None)
@given(st.sampled_from(sorted(SOURCES)), st.binary(max_size=400))
def test_broken_files_break_nothing(name: str, source: bytes) -> None:
    for definition in definitions(name, source):
        assert 0 < len(definition.name) <= 60


def many(count: int) -> dict[str, str]:
    files = {f"pkg{n % 10}/mod{n}.py": f"import hub\nclass C{n}:\n    def run(self): ...\n" for n in range(count)}
    return files | {
        "deep/er/hub.py": "def everybody_uses_me(): ...\n",
        "tests/test_hub.py": "import hub\n",
        "README.md": "x",
    }


def test_the_most_used_file_comes_first_and_tests_last(tmp_path: Path) -> None:
    shown = RepositoryMap(lay_out(tmp_path / "r", many(12))).opening().split("\n")

    assert shown[0].startswith("15 files: pkg0/ (2), pkg1/ (2)")
    assert "README.md" in shown[0]
    assert shown[1] == "deep/er/hub.py: everybody_uses_me"
    assert shown[-1].startswith("tests/test_hub.py")
    assert "pkg3/mod3.py: C3(run)" in shown


def test_a_handful_of_files_needs_no_map(tmp_path: Path) -> None:
    files = {f"{n}.py": "x = 1\n" for n in range(FEW_FILES)}

    assert RepositoryMap(lay_out(tmp_path / "r", files)).opening() == ""


def test_a_large_repository_is_mapped_within_characters_and_time(tmp_path: Path) -> None:
    maps = RepositoryMap(lay_out(tmp_path / "r", many(2_000)))
    began = time.monotonic()
    shown = maps.opening()

    assert time.monotonic() - began < 8
    assert len(shown) < MAP_CHARACTERS + 200
    assert "more source files; repository_map(path) shows a folder]" in shown


def test_a_folder_is_shown_and_nothing_outside(tmp_path: Path) -> None:
    maps = RepositoryMap(lay_out(tmp_path / "r", many(30)))

    assert "pkg3/mod13.py: C13(run)" in maps.show("pkg3")
    assert "pkg4" not in maps.show("pkg3/")
    for path in ("nowhere", "../..", "/etc", ":(top)"):
        with pytest.raises(ToolError):
            maps.show(path)


def test_a_link_out_of_the_work_tree_is_not_read(tmp_path: Path) -> None:
    settings = lay_out(tmp_path / "r", many(12))
    (tmp_path / "secret.py").write_text("def secret(): ...\n")
    (settings.work / "pkg1" / "mod1.py").unlink()
    (settings.work / "pkg1" / "mod1.py").symlink_to(tmp_path / "secret.py")

    assert "secret" not in RepositoryMap(settings).opening()
