"""Which files decide what is tested, and whether a change of one of them does."""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import Any

from boardhand_runner.evidence.change import FileChange, is_test_file

_CI = re.compile(
    r"^\.(?:github|gitea|forgejo)/(?:workflows|actions)/|^\.gitlab-ci\.yml$|^\.gitlab/ci/|(^|/)Jenkinsfile[^/]*$"
    r"|^\.circleci/|^\.buildkite/|^azure-pipelines[^/]*\.ya?ml$|^\.travis\.yml$|^\.drone\.yml$|^\.woodpecker(?:\.ya?ml$|/)"
    r"|^bitbucket-pipelines\.yml$|^appveyor\.yml$|^\.cirrus\.yml$"
)
_WHOLE = re.compile(
    r"^(?:pytest\.ini|\.pytest\.ini|tox\.ini|noxfile\.py|jest\.config\.\w+|vitest\.config\.\w+|vitest\.workspace\.\w+"
    r"|\.mocharc\.\w+|karma\.conf\.\w+|cypress\.config\.\w+|playwright\.config\.\w+|nextest\.toml|testng\.xml"
    r"|junit-platform\.properties|CTestCustom\.cmake|(?:pytest|unittest|sitecustomize|usercustomize)\.py)$"
)
_CARGO_CONFIG = re.compile(r"(?:^|/)\.cargo/config(?:\.toml)?$")
_CARGO_RUNS = ".cargo/config.toml"
_SCRIPT = re.compile(r"(?:\.(?:sh|bash|bat|ps1|mk)|(?:test|check|verify)[^/]*)$", re.IGNORECASE)


def is_ci(path: str) -> bool:
    """Whether the forge runs by it."""
    return _CI.search(path) is not None


def verify_changed(change: FileChange, verify: Sequence[str], workdir: str = "") -> str:
    """What of the tests' configuration a change touches; empty where nothing. The commands start in `workdir`."""
    name = PurePosixPath(change.path).name
    if _WHOLE.match(name):
        return "test configuration"
    kind = _CARGO_RUNS if _CARGO_CONFIG.search(change.path) else name
    if part := _PARTS.get(kind):
        what, of = part
        before, after = of(change.before or ""), of(change.after or "")
        fine = change.before is None and kind not in ("pyproject.toml", _CARGO_RUNS)
        return what if before != after and not fine and (before or name not in _FIRST_IS_FINE) else ""
    if change.before is not None and _SCRIPT.search(change.path) and not is_test_file(change.path):
        words = {word for command in verify for word in re.split(r"[\s;&|'\"()]+", command) if word}
        # From the root, too: a command may have gone there first.
        named = {posixpath.normpath(posixpath.join(folder, word)) for folder in (workdir, "") for word in words}
        return "a verify command runs it" if change.path in named else ""
    return ""


def _toml(text: str) -> dict[str, Any] | None:
    """None where it is none: then the whole text counts."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _pyproject(text: str) -> object:
    loaded = _toml(text)
    if loaded is None:
        return text
    tool = loaded.get("tool", {})
    return {name: tool[name] for name in ("pytest", "tox", "nox") if name in tool} if isinstance(tool, dict) else tool


def _setup_cfg(text: str) -> object:
    return re.findall(r"^\[(?:tool:pytest|aliases)\][^\[]*", text, re.MULTILINE)


_NPM_DEFAULT = 'echo "Error: no test specified" && exit 1'


def _package_json(text: str) -> object:
    try:
        loaded: Any = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return text
    if not isinstance(loaded, dict):
        return text
    scripts = loaded.get("scripts")
    tests = {
        name: command
        for name, command in (scripts if isinstance(scripts, dict) else {}).items()
        if re.match(r"(?:pre|post)?(?:test|check|verify)\b", name) and command != _NPM_DEFAULT
    }
    return tests | {name: loaded[name] for name in ("jest", "mocha", "vitest", "ava") if name in loaded}


def _pom(text: str) -> object:
    plugins = re.findall(r"<plugin>.{0,20000}?</plugin>", text, re.DOTALL)
    tests = [plugin for plugin in plugins if re.search(r"maven-(?:surefire|failsafe)-plugin", plugin)]
    flags = r"<(?:skipTests|skipITs|maven\.test\.\w+|testFailureIgnore|testSourceDirectory)>[^<]*<"
    return [_squeezed(plugin) for plugin in tests] + re.findall(flags, text)


def _gradle(text: str) -> object:
    found = re.findall(r"(?:ignoreFailures|excludeTestsMatching|useJUnit\w*|\bexclude\b|\bonlyIf\b)[^\n]*", text)
    off = re.findall(
        r"(?:test|Test)\b[^\n]{0,80}\benabled\s*=[^\n]*|^[ \t]*enabled\s*=\s*false[^\n]*", text, re.MULTILINE
    )
    return [_squeezed(line) for line in found + off]


def _makefile(text: str) -> object:
    rules = re.findall(
        r"^((?:test|check|verify)[\w.-]*\s*:(?!=)[^\n]*(?:\n(?:\t[^\n]*|[ \t]*(?=\n\t)))*)", text, re.MULTILINE
    )
    return [_squeezed(rule) for rule in rules]


def _cmake(text: str) -> object:
    return sorted(
        _squeezed(call)
        for call in re.findall(r"\b(?:enable_testing|set_tests_properties|include\s*\(\s*CTest)[^\n]*", text)
    )


def _cargo(text: str) -> object:
    loaded = _toml(text)
    if loaded is None:
        return text
    library = loaded.get("lib")
    return (
        {
            "test": loaded.get("test"),
            "lib": {name: library.get(name) for name in ("test", "harness", "doctest")}
            if isinstance(library, dict)
            else None,
            "autotests": (loaded.get("package") or {}).get("autotests")
            if isinstance(loaded.get("package"), dict)
            else None,
        }
        if text
        else {}
    )


def _cargo_config(text: str) -> object:
    """What `cargo test` means, and what runs the tests."""
    loaded = _toml(text)
    if loaded is None:
        return text
    targets = loaded.get("target")
    tables = targets.values() if isinstance(targets, dict) else ()
    runners = [table["runner"] for table in tables if isinstance(table, dict) and "runner" in table]
    return [loaded.get("alias", {}), *runners]


def _squeezed(text: str) -> str:
    return " ".join(text.split())


_PARTS: dict[str, tuple[str, Callable[[str], object]]] = {
    "pyproject.toml": ("pytest's settings", _pyproject),
    "setup.cfg": ("pytest's settings", _setup_cfg),
    "package.json": ("test scripts", _package_json),
    "pom.xml": ("surefire or failsafe", _pom),
    "build.gradle": ("test settings", _gradle),
    "build.gradle.kts": ("test settings", _gradle),
    "Makefile": ("test targets", _makefile),
    "makefile": ("test targets", _makefile),
    "GNUmakefile": ("test targets", _makefile),
    "CMakeLists.txt": ("test settings", _cmake),
    "Cargo.toml": ("test settings", _cargo),
    _CARGO_RUNS: ("what runs the tests", _cargo_config),
}
_FIRST_IS_FINE = {"package.json", "Makefile", "makefile", "GNUmakefile", "CMakeLists.txt"}
"""Here a project's first test settings come with its first tests; elsewhere a new section narrows what is there."""
