"""Set-up and verify commands from a repository's build files."""

from __future__ import annotations

import json
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_runner.detect import BUILDERS, MAKEFILES, TEXTS, Commands, Folder, detect, looked_for, wanted

VENV = "python3 -m venv --system-site-packages .venv"
PYTEST = (".venv/bin/python -m pytest",)
JEST = json.dumps({"scripts": {"test": "jest"}, "devDependencies": {"jest": "^30"}})


def told(*names: str, **texts: str) -> Commands | None:
    """Of a folder with these names; a text's `__` stands for a dot."""
    contents = {name.replace("__", "."): text for name, text in texts.items()}
    return detect(Folder(frozenset(names) | contents.keys(), contents))


@pytest.mark.parametrize(
    ("names", "setup", "verify"),
    [
        (["pom.xml"], [], ["mvn -B -ntp verify"]),
        (["pom.xml", "mvnw"], [], ["sh ./mvnw -B -ntp verify"]),
        (["build.gradle"], [], ["gradle --no-daemon --console=plain check"]),
        (["settings.gradle.kts", "gradlew"], [], ["sh ./gradlew --no-daemon --console=plain check"]),
        (["My App.sln"], ["dotnet restore 'My App.sln'"], ["dotnet test 'My App.sln' --no-restore --nologo"]),
        (["a.csproj"], ["dotnet restore a.csproj"], ["dotnet test a.csproj --no-restore --nologo"]),
        (["Cargo.toml"], ["cargo fetch"], ["cargo test --workspace"]),
        (["Cargo.toml", "Cargo.lock"], ["cargo fetch --locked"], ["cargo test --workspace --locked"]),
        (["go.mod"], ["go mod download"], ["go build ./...", "go test ./..."]),
        (["pyproject.toml", "uv.lock"], ["uv sync --locked"], ["uv run --locked python -m pytest"]),
        (["tox.ini"], [VENV, ".venv/bin/python -m pip install -q tox"], [".venv/bin/python -m tox run -e py"]),
        (["pytest.ini"], [VENV, ".venv/bin/python -m pip install -q pytest"], list(PYTEST)),
    ],
)
def test_names_alone_tell_the_commands(names: list[str], setup: list[str], verify: list[str]) -> None:
    assert told(*names) == Commands(tuple(setup), tuple(verify))


@pytest.mark.parametrize(
    ("lock", "more", "setup", "verify"),
    [
        ("package-lock.json", {}, "npm ci", "npm test"),
        ("pnpm-lock.yaml", {}, "pnpm install --frozen-lockfile", "pnpm test"),
        ("yarn.lock", {}, "yarn install --frozen-lockfile", "yarn test"),
        ("yarn.lock", {"packageManager": "yarn@1.22.22"}, "yarn install --frozen-lockfile", "yarn test"),
        ("yarn.lock", {"packageManager": "yarn@4.9.1"}, "yarn install --immutable", "yarn test"),
        ("README.md", {}, "npm install --no-audit --no-fund", "npm test"),
    ],
)
def test_the_lock_file_tells_the_package_manager(lock: str, more: dict[str, str], setup: str, verify: str) -> None:
    package = json.dumps(json.loads(JEST) | more)
    assert told(lock, package__json=package) == Commands((setup,), (f"CI=true {verify}",))


def test_a_package_without_dependencies_needs_no_set_up() -> None:
    assert told(package__json='{"scripts": {"test": "node --test"}}') == Commands((), ("CI=true npm test",))


@pytest.mark.parametrize(
    "package",
    [
        "{}",
        '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}',
        '{"scripts": {"test": 5}}',
        '{"scripts": []}',
        "[]",
        '{"scripts": {"test": "jest"',
        "[" * 100_000,
    ],
)
def test_a_package_without_a_test_script_is_no_sign(package: str) -> None:
    assert told("package-lock.json", package__json=package) is None


def test_a_python_projects_own_dependencies_are_installed() -> None:
    project = """
[build-system]
requires = ["hatchling"]
[project]
optional-dependencies = {test = ["pytest"], docs = ["sphinx"]}
[dependency-groups]
dev = ["ruff>=0.5", {include-group = "docs"}]
"""
    found = told("requirements-dev.txt", "requirements.txt", pyproject__toml=project)
    assert found == Commands(
        (
            VENV,
            ".venv/bin/python -m pip install -q pytest -r requirements-dev.txt -r requirements.txt -e '.[test]'"
            " 'ruff>=0.5'",
        ),
        PYTEST,
    )


def test_a_project_that_is_not_built_has_its_dependencies_installed() -> None:
    found = told("tests/", pyproject__toml='[project]\ndependencies = ["httpx"]\n')
    assert found is not None
    assert found.setup[1].endswith("pip install -q pytest httpx")


@pytest.mark.parametrize("names", [["tests/"], ["test_app.py"], ["setup.py"], ["README.md", "src/"]])
def test_what_may_be_any_project_is_not_taken_for_pytest(names: list[str]) -> None:
    assert told(*names) is None


def test_ctest_and_make_are_told_by_what_stands_in_their_files() -> None:
    cmake = told(CMakeLists__txt="project(x)\n  ENABLE_TESTING ()\n")
    assert cmake is not None
    assert cmake.verify[-1].startswith("ctest ")
    assert told(CMakeLists__txt="project(x) # enable_testing()\n") is None
    assert told(Makefile="all: x\ntest: all\n\t./t\n") == Commands((), ("make test",))
    assert told(Makefile="lint test:\n\t./t\n") == Commands((), ("make test",))
    assert told(Makefile="test := x\ntest ::= x\nother: test\n") is None
    assert told(Makefile="check :\n\t./t\n") == Commands((), ("make check",))
    assert told(Makefile="test := x\nTEST: y\n\ttest: z\n") is None
    assert told(Makefile="test:\n\tx\n", GNUmakefile="check:\n\tx\n") == Commands((), ("make check",))


def test_the_language_goes_before_the_makefile_and_java_before_its_frontend() -> None:
    assert told("go.mod", Makefile="test:\n\tx\n") == told("go.mod")
    assert told("pom.xml", "package-lock.json", package__json=JEST) == told("pom.xml")


@pytest.mark.parametrize("names", [["a.sln", "b.sln"], ["a.csproj", "b.csproj"]])
def test_two_solutions_do_not_say_which_is_meant(names: list[str]) -> None:
    assert told(*names) is None


def test_what_is_read_is_what_is_looked_at() -> None:
    assert all(wanted(name) for name in ("package.json", "requirements-dev.txt", *MAKEFILES))
    assert not any(wanted(name) for name in ("pom.xml", "go.mod", "README.md", "x/package.json"))
    assert all(builder.sign in looked_for() for builder in BUILDERS)


SIGNS = ["pom.xml", "mvnw", "go.mod", "uv.lock", "tox.ini", "tests/", "x'; rm -rf ~ #.sln", "$(x).csproj", *TEXTS]
TEXT = st.one_of(
    st.text(max_size=200),
    st.sampled_from([JEST, "test:\n", "enable_testing()", "pytest", '[project]\ndependencies=["$(x); `y`"]']),
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=5),
        lambda child: st.lists(child, max_size=2) | st.dictionaries(st.sampled_from(["scripts", "test", "x"]), child),
        max_leaves=8,
    ).map(json.dumps),
)


@given(st.sets(st.sampled_from(SIGNS)), st.dictionaries(st.sampled_from(TEXTS), TEXT))
def test_any_folder_gets_commands_or_none(names: set[str], texts: dict[str, str]) -> None:
    found = detect(Folder(frozenset(names) | texts.keys(), texts))
    assert found is None or (found.verify and all(command.strip() for command in (*found.setup, *found.verify)))


def test_what_a_file_says_is_quoted_for_the_shell() -> None:
    found = told(
        "tests/", "$(touch x).csproj.txt", pyproject__toml='[project]\ndependencies = ["a; touch x", "$(y)"]\n'
    )
    assert found is not None
    said = subprocess.run(
        ["sh", "-c", f"printf '%s\\n' {found.setup[1]}"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert said[-2:] == ["a; touch x", "$(y)"]
