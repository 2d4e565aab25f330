"""The forge without running it: configuration, notes, seeds, processes."""

import configparser
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from testbed.artefact import build_once
from testbed.forge import process
from testbed.forge.appini import app_ini
from testbed.forge.info import ForgeInfo, home, load, save
from testbed.forge.install import BOT_SCOPES
from testbed.forge.seed import folder_files
from testbed.plan import Plan
from testbed.shell import TestbedError, wait_for


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setattr(Plan, "service_state", property(lambda self: tmp_path / self.name))
    return Plan("unit")


def parsed(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(f"[top]\n{text}")
    return parser


def test_app_ini_serves_one_address_and_refuses_the_outside() -> None:
    secrets = {"SECRET_KEY": "s", "INTERNAL_TOKEN": "t=="}
    ini = parsed(app_ini(Path("/x/forge"), Path("/x/static"), "nobody", "10.231.7.1", 20072, secrets))
    assert ini["top"]["RUN_USER"] == "nobody"
    assert dict(ini["server"])["ROOT_URL"] == "http://10.231.7.1:20072/"
    assert (ini["server"]["HTTP_ADDR"], ini["server"]["HTTP_PORT"]) == ("10.231.7.1", "20072")
    assert ini["server"]["OFFLINE_MODE"] == ini["server"]["DISABLE_SSH"] == "true"
    assert "private" in ini["webhook"]["ALLOWED_HOST_LIST"].split(",")
    assert ini["queue"]["TYPE"] == "channel"
    assert (ini["security"]["INSTALL_LOCK"], ini["security"]["INTERNAL_TOKEN"]) == ("true", "t==")
    assert ini["service"]["DISABLE_REGISTRATION"] == "true"
    assert {ini[name]["ENABLED"] for name in ("actions", "packages", "mailer", "cron")} == {"false"}


def test_app_ini_keeps_all_data_below_the_home() -> None:
    ini = parsed(app_ini(Path("/x/forge"), Path("/x/static"), "nobody", "127.0.0.1", 1, {}))
    paths = [
        ini["top"]["WORK_PATH"],
        ini["server"]["APP_DATA_PATH"],
        ini["database"]["PATH"],
        ini["repository"]["ROOT"],
    ]
    assert all(path.startswith("/x/forge/") for path in [*paths, ini["git"]["HOME_PATH"], ini["log"]["ROOT_PATH"]])


def test_a_noted_forge_is_read_back_and_kept_from_others(plan: Plan) -> None:
    info = ForgeInfo("http://127.0.0.1:1", "password", "admin", "api", "read", "push")
    home(plan).mkdir(parents=True)
    save(plan, info)
    assert load(plan) == info
    assert stat.S_IMODE((home(plan) / "forge.json").stat().st_mode) == 0o600


def test_a_forge_never_brought_up_is_none(plan: Plan) -> None:
    assert load(plan) is None


def test_the_bots_reading_and_pushing_tokens_hold_no_other_right() -> None:
    assert BOT_SCOPES["read"] == "read:repository"
    assert BOT_SCOPES["push"] == "write:repository"
    assert "admin" not in BOT_SCOPES["api"]


@pytest.mark.parametrize("name", ["python-shop", "java-ledger"])
def test_a_seed_holds_its_project_and_nothing_built(name: str) -> None:
    files = folder_files(name)
    assert {"README.md", "AGENTS.md", ".gitignore"} <= files.keys()
    assert not any("__pycache__" in path or path.startswith("target/") for path in files)


def test_an_unknown_seed_is_refused_with_the_known_ones() -> None:
    with pytest.raises(TestbedError, match="java-ledger, python-shop"):
        folder_files("cobol-bank")


def test_a_process_is_found_by_its_own_copy_of_a_program_and_stopped(tmp_path: Path) -> None:
    sleep = shutil.which("sleep")
    assert sleep is not None
    own, foreign = (Path(shutil.copy(sleep, tmp_path / name)) for name in ("own", "foreign"))
    with subprocess.Popen([own, "60"]) as mine, subprocess.Popen([foreign, "60"]) as other:
        wait_for("the program", lambda: process.running(own) == [mine.pid], 10, every=0.01)
        own.unlink()  # as after a folder was removed below a running server
        process.stop(own)
        assert process.running(own) == []
        assert mine.wait(10) != 0
        assert process.running(foreign) == [other.pid]
        process.stop(foreign)


def test_an_artefact_is_built_once(tmp_path: Path) -> None:
    calls: list[Path] = []

    def fill(into: Path) -> None:
        calls.append(into)
        (into / "file").write_text("whole")

    target = tmp_path / "cache" / "thing"
    assert build_once(target, fill) == build_once(target, fill) == target
    assert len(calls) == 1
    assert (target / "file").read_text() == "whole"


def test_a_failed_build_leaves_no_artefact_and_the_next_one_clears_up(tmp_path: Path) -> None:
    target = tmp_path / "thing"

    def fail(into: Path) -> None:
        (into / "half").write_text("half")
        raise TestbedError("compiler gone")

    with pytest.raises(TestbedError, match="compiler gone"):
        build_once(target, fail)
    assert not target.exists()
    build_once(target, lambda into: (into / "file").touch())
    assert [path.name for path in target.iterdir()] == ["file"]
    assert not list(tmp_path.glob(".thing.partial-*"))
