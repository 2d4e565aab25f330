"""What the Dockerfiles and lock files promise, read from their text."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = {"operator": "operator", "dashboard": "operator", "runner": "agent_runner"}
WORKBENCHES = ("workbench-python", "workbench-java")
LOCKS = sorted(path.stem for path in (ROOT / "requirements").glob("*.lock"))


def instructions(path: Path) -> list[str]:
    """A Dockerfile's instructions, continuation lines joined, comments dropped."""
    text = "".join(line for line in path.read_text().splitlines(keepends=True) if not line.startswith("#"))
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def final_stage(path: Path) -> list[str]:
    lines = instructions(path)
    last = max(index for index, line in enumerate(lines) if line.startswith("FROM "))
    return lines[last:]


@pytest.mark.parametrize("program", sorted(PROGRAMS))
def test_a_program_is_built_in_stages_on_an_exchangeable_base(program: str) -> None:
    lines = instructions(ROOT / f"Dockerfile.{program}")
    assert lines[0] == "ARG BASE_IMAGE=python:3.13-slim"
    stages = [line for line in lines if line.startswith("FROM ")]
    assert stages == ["FROM ${BASE_IMAGE} AS dependencies", "FROM dependencies AS project", "FROM ${BASE_IMAGE}"]


@pytest.mark.parametrize("program", sorted(PROGRAMS))
def test_the_final_stage_runs_as_a_number_and_installs_nothing_from_an_index(program: str) -> None:
    lines = final_stage(ROOT / f"Dockerfile.{program}")
    assert "USER 10001:10001" in lines
    assert not any("pip" in line or "PIP_CERT" in line for line in lines)
    assert lines[-1].startswith('ENTRYPOINT ["/opt/boardhand/bin/')


@pytest.mark.parametrize("program", sorted(PROGRAMS))
def test_nothing_in_the_image_runs_with_its_owners_rights_and_it_says_what_it_is_of(program: str) -> None:
    lines = final_stage(ROOT / f"Dockerfile.{program}")
    stripped = lines.index("RUN find / -xdev -type f -perm /6000 -exec chmod a-s {} +")
    assert not any("apt-get" in line for line in lines[stripped:])
    (label,) = [line for line in lines if line.startswith("LABEL ")]
    assert "org.opencontainers.image.revision=${SOURCE_REVISION}" in label
    # Behind everything else: another revision of the same sources builds no layer anew.
    assert [line.split()[0] for line in lines[-3:]] == ["ARG", "LABEL", "ENTRYPOINT"]


@pytest.mark.parametrize("program", sorted(PROGRAMS))
def test_everything_is_installed_from_locked_wheels_or_without_an_index(program: str) -> None:
    text = "\n".join(instructions(ROOT / f"Dockerfile.{program}"))
    commands = [part for part in re.split(r"&&|\n", text) if re.search(r"pip.* (install|wheel) ", part)]
    assert len(commands) == 4
    for command in commands:
        locked = "--require-hashes" in command and "--only-binary :all:" in command
        assert locked or ("--no-index" in command and "--no-deps" in command), command


@pytest.mark.parametrize(("program", "source"), sorted(PROGRAMS.items()))
def test_dependencies_come_before_sources(program: str, source: str) -> None:
    lines = instructions(ROOT / f"Dockerfile.{program}")
    lock = next(index for index, line in enumerate(lines) if f"{program}.lock /build" in line)
    code = next(index for index, line in enumerate(lines) if line.startswith(f"COPY {source} "))
    assert lock < code


@pytest.mark.parametrize("name", WORKBENCHES)
def test_a_workbench_has_an_exchangeable_base_and_a_numbered_user(name: str) -> None:
    lines = instructions(ROOT / "testbed" / "images" / f"{name}.Dockerfile")
    assert lines[0].startswith("ARG BASE_IMAGE=")
    assert lines[1] == "FROM ${BASE_IMAGE}"
    assert "USER 10001:10001" in lines
    assert not any("boardhand" in line for line in lines)


def requirements(lock: str) -> list[str]:
    text = (ROOT / "requirements" / f"{lock}.lock").read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_exact_and_has_a_hash(lock: str) -> None:
    lines = requirements(lock)
    assert lines
    for line in lines:
        assert re.match(r"^[a-z0-9][a-z0-9._-]*(\[[a-z,]+\])?==\S+", line), line
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), line


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_names_no_index_and_no_path(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.lock").read_text()
    assert not re.search(r"://|--index|--extra-index|--find-links|--trusted-host|file:|/", text)


def locked_names(lock: str) -> set[str]:
    return {re.split(r"[=\[]", line)[0] for line in requirements(lock)}


def named(requirement: str) -> str:
    return re.split(r"[<>=~!;\[ ]", requirement)[0].lower().replace("_", "-")


@pytest.mark.parametrize("program", sorted(PROGRAMS))
def test_a_programs_lock_holds_its_extra_and_nothing_of_the_tests(program: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    own = [text for text in extras[program] if named(text) == project["name"]]
    inner = [text for whole in own for extra in re.findall(r"[a-z]+", whole)[1:] for text in extras[extra]]
    outer = [text for text in extras[program] if text not in own]
    wanted = {named(text) for text in [*project["dependencies"], *outer, *inner]}
    assert wanted <= locked_names(program)
    assert not {"pytest", "mypy", "ruff"} & locked_names(program)


def test_the_development_lock_holds_all_of_the_others() -> None:
    others = set(requirements("operator")) | set(requirements("runner")) | set(requirements("build"))
    assert {line.split(" ")[0] for line in others} <= {line.split(" ")[0] for line in requirements("dev")}


def test_the_locked_build_backend_is_the_one_the_project_names() -> None:
    system = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]
    lines = (ROOT / "requirements" / "build.in").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == system["requires"]
