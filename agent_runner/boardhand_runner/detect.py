"""Set-up and verify commands told from a repository's build files. Pure: names and a few texts in, commands out.

The first build tool of BUILDERS that finds its files decides. A file that cannot be parsed is no sign of anything.
"""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
TEXTS = ("package.json", "pyproject.toml", "setup.cfg", "tox.ini", "requirements*.txt", "CMakeLists.txt", *MAKEFILES)
"""Whose content is looked at; of all others the name is enough."""
TEXT_BYTES = 256 * 1024
"""A larger file is not read."""


@dataclass(frozen=True)
class Commands:
    """How a project is set up and proved. Both run in the work folder, in a POSIX shell."""

    setup: tuple[str, ...]
    verify: tuple[str, ...]


@dataclass(frozen=True)
class Folder:
    """The work folder of the commit that work starts from."""

    names: frozenset[str]
    """Of files and folders in it; folders end with a slash."""
    texts: Mapping[str, str]
    """By name: of those files that TEXTS names; empty where one is too large."""

    def has(self, *names: str) -> bool:
        """Whether one of them is there."""
        return not self.names.isdisjoint(names)

    def matching(self, *patterns: str) -> list[str]:
        """The names that match one of the patterns, sorted."""
        return sorted(name for name in self.names if any(fnmatchcase(name, pattern) for pattern in patterns))


def wanted(name: str) -> bool:
    """Whether the file's text is needed."""
    return any(fnmatchcase(name, pattern) for pattern in TEXTS)


def detect(folder: Folder) -> Commands | None:
    """The project's commands; None where no file says how it is tested."""
    found = (builder.commands(folder) for builder in BUILDERS)
    return next((commands for commands in found if commands), None)


def looked_for() -> str:
    """What would have been a sign, for people."""
    return ", ".join(builder.sign for builder in BUILDERS)


def _maven(folder: Folder) -> Commands | None:
    if not folder.has("pom.xml"):
        return None
    return Commands((), (f"{'sh ./mvnw' if folder.has('mvnw') else 'mvn'} -B -ntp verify",))


def _gradle(folder: Folder) -> Commands | None:
    if not folder.has("build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"):
        return None
    return Commands((), (f"{'sh ./gradlew' if folder.has('gradlew') else 'gradle'} --no-daemon --console=plain check",))


def _dotnet(folder: Folder) -> Commands | None:
    """A folder with several solutions, or several projects and no solution, does not say which one is meant."""
    files = folder.matching("*.sln", "*.slnx") or folder.matching("*.csproj", "*.fsproj", "*.vbproj")
    if len(files) != 1:
        return None
    file = shlex.quote(files[0])
    return Commands((f"dotnet restore {file}",), (f"dotnet test {file} --no-restore --nologo",))


def _cargo(folder: Folder) -> Commands | None:
    if not folder.has("Cargo.toml"):
        return None
    locked = " --locked" if folder.has("Cargo.lock") else ""
    return Commands((f"cargo fetch{locked}",), (f"cargo test --workspace{locked}",))


def _go(folder: Folder) -> Commands | None:
    if not folder.has("go.mod"):
        return None
    return Commands(("go mod download",), ("go build ./...", "go test ./..."))


_VENV = ".venv/bin/python"
_EXTRAS = ("test", "tests", "testing", "dev")


def _python(folder: Folder) -> Commands | None:
    project = _toml(folder.texts.get("pyproject.toml", ""))
    if folder.has("uv.lock"):
        return Commands(("uv sync --locked",), ("uv run --locked python -m pytest",))
    if folder.has("tox.ini") or "tox" in _table(project, "tool"):
        # The environment `py` is there in every tox project: the interpreter that the image has.
        return Commands((*_venv("tox"),), (f"{_VENV} -m tox run -e py",))
    signs = ("pytest.ini", "conftest.py", "tests/", "test/", *folder.matching("test_*.py", "*_test.py"))
    names = ("pyproject.toml", "setup.cfg", *folder.matching("requirements*.txt"))
    if not folder.has(*signs) and not any("pytest" in folder.texts.get(name, "") for name in names):
        return None
    if not folder.has("pyproject.toml", "setup.py", "setup.cfg", *signs[:2], *folder.matching("requirements*.txt")):
        # A folder called tests alone may be any language's.
        return None
    return Commands(_venv("pytest", *_installed(folder, project)), (f"{_VENV} -m pytest",))


def _venv(*arguments: str) -> tuple[str, ...]:
    """What the image has already is taken from it, so that an image with everything needs no network."""
    return ("python3 -m venv --system-site-packages .venv", f"{_VENV} -m pip install -q {shlex.join(arguments)}")


def _installed(folder: Folder, project: Mapping[str, Any]) -> list[str]:
    """What pip installs beside pytest: requirement files, and the project where it says how it is built."""
    arguments = [part for name in folder.matching("requirements*.txt") for part in ("-r", name)]
    if folder.has("setup.py") or "build-system" in project:
        extras = [name for name in _EXTRAS if name in _table(project, "project", "optional-dependencies")]
        arguments += ["-e", f".[{','.join(extras)}]" if extras else "."]
    else:
        arguments += _list(_table(project, "project"), "dependencies")
    groups = _table(project, "dependency-groups")
    return arguments + [one for name in _EXTRAS for one in _list(groups, name)]


def _node(folder: Folder) -> Commands | None:
    package = _json(folder.texts.get("package.json", ""))
    script = _table(package, "scripts").get("test")
    if not isinstance(script, str) or "no test specified" in script:
        return None
    if folder.has("pnpm-lock.yaml"):
        return Commands(("pnpm install --frozen-lockfile",), ("CI=true pnpm test",))
    if folder.has("yarn.lock"):
        manager = str(package.get("packageManager", ""))
        berry = folder.has(".yarnrc.yml") or bool(re.match(r"yarn@([2-9]|[1-9][0-9])", manager))
        return Commands((f"yarn install --{'immutable' if berry else 'frozen-lockfile'}",), ("CI=true yarn test",))
    needs = any(package.get(key) for key in ("dependencies", "devDependencies", "optionalDependencies", "workspaces"))
    locked = folder.has("package-lock.json", "npm-shrinkwrap.json")
    install = ("npm ci",) if locked else ("npm install --no-audit --no-fund",) if needs else ()
    return Commands(install, ("CI=true npm test",))


def _cmake(folder: Folder) -> Commands | None:
    text = folder.texts.get("CMakeLists.txt", "")
    if not re.search(r"^\s*(enable_testing\s*\(|include\s*\(\s*CTest\s*\))", text, re.IGNORECASE | re.MULTILINE):
        return None
    build = "cmake-build-boardhand"
    return Commands(
        (),
        (
            f"cmake -S . -B {build}",
            f"cmake --build {build} --parallel 2",
            f"ctest --test-dir {build} --output-on-failure --no-tests=error",
        ),
    )


_RULES = re.compile(r"^([\w.-]+(?:[ \t]+[\w.-]+)*)[ \t]*:(?!:?=)", re.MULTILINE)
"""What a Makefile's rules are for, several targets at once among it."""


def _make(folder: Folder) -> Commands | None:
    # The order in which make itself looks.
    text = next((folder.texts[name] for name in MAKEFILES if name in folder.texts), "")
    targets = {name for rule in _RULES.findall(text) for name in rule.split()}
    target = next((name for name in ("test", "check") if name in targets), None)
    return Commands((), (f"make {target}",)) if target else None


@dataclass(frozen=True)
class Builder:
    """One build tool: what is looked for, in words, and what comes of it."""

    sign: str
    commands: Callable[[Folder], Commands | None]


BUILDERS: Sequence[Builder] = (
    Builder("pom.xml", _maven),
    Builder("build.gradle(.kts)", _gradle),
    Builder("one *.sln or *.csproj", _dotnet),
    Builder("Cargo.toml", _cargo),
    Builder("go.mod", _go),
    Builder("uv.lock, tox.ini, or a Python project with pytest", _python),
    Builder("package.json with a test script", _node),
    Builder("CMakeLists.txt with enable_testing()", _cmake),
    Builder("a Makefile with a target test or check", _make),
)


def _toml(text: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}


def _json(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _table(value: Any, *path: str) -> Mapping[str, Any]:
    """The table at a path; empty where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _list(table: Mapping[str, Any], key: str) -> list[str]:
    """The texts in a list; other entries, such as an included group, are left out."""
    value = table.get(key)
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
