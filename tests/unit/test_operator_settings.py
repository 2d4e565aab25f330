"""The operator's settings, read from its environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from boardhand_operator.settings import Seat, Settings

IMAGE = {"BOARDHAND_RUNNER_IMAGE": "registry.example/runner:1"}


def test_the_runners_image_is_all_that_must_be_said() -> None:
    assert Settings.from_environment(IMAGE) == Settings(runner_image="registry.example/runner:1")


def test_everything_can_be_said() -> None:
    settings = Settings.from_environment(
        {
            **IMAGE,
            "BOARDHAND_NAMESPACES": "team-a, team-b,,",
            "BOARDHAND_CERTIFICATES": "/etc/ca.pem",
            "BOARDHAND_IMAGE_GRACE_SECONDS": "2.5",
            "BOARDHAND_CONFIGURATION_RETRY_SECONDS": "60",
            "BOARDHAND_CONCURRENCY": "40",
        }
    )
    assert settings.namespaces == ("team-a", "team-b")
    assert settings.concurrency == 40
    assert settings.certificates == Path("/etc/ca.pem")
    assert (settings.image_grace_seconds, settings.configuration_retry_seconds) == (2.5, 60)


@pytest.mark.parametrize("environment", [{}, {"BOARDHAND_RUNNER_IMAGE": ""}])
def test_a_missing_image_is_named_with_what_to_do(environment: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"BOARDHAND_RUNNER_IMAGE is not set.*runner\.image"):
        Settings.from_environment(environment)


@pytest.mark.parametrize("name", ["BOARDHAND_IMAGE_GRACE_SECONDS", "BOARDHAND_CONFIGURATION_RETRY_SECONDS"])
@pytest.mark.parametrize("value", ["soon", "0", "-1", "inf", "nan"])
def test_a_wrong_number_is_named_with_what_is_allowed(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"{name}='{value}': give a number of seconds above 0"):
        Settings.from_environment({**IMAGE, name: value})


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many"])
def test_a_wrong_limit_is_named_with_what_is_allowed(value: str) -> None:
    with pytest.raises(ValueError, match=f"BOARDHAND_CONCURRENCY='{value}': give a whole number above 0"):
        Settings.from_environment({**IMAGE, "BOARDHAND_CONCURRENCY": value})


def test_where_probes_are_served() -> None:
    assert Settings.from_environment({**IMAGE, "BOARDHAND_PROBES": "127.0.0.1:0"}).probes == ("127.0.0.1", 0)
    assert Settings.from_environment({**IMAGE, "BOARDHAND_PROBES": "[::1]:8080"}).probes == ("::1", 8080)
    assert Settings.from_environment({**IMAGE, "BOARDHAND_PROBES": ":8080"}).probes == Settings("").probes == ("", 8080)
    for wrong in ("8080", "host:", "host:99999"):
        with pytest.raises(ValueError, match="give host:port"):
            Settings.from_environment({**IMAGE, "BOARDHAND_PROBES": wrong})


def test_a_seat_has_all_its_parts_or_none() -> None:
    parts = {"BOARDHAND_LEASE_NAMESPACE": "system", "BOARDHAND_LEASE": "boardhand", "BOARDHAND_IDENTITY": "pod-1"}
    assert Settings.from_environment({**IMAGE, **parts}).seat == Seat("system", "boardhand", "pod-1")
    for name in parts:
        with pytest.raises(ValueError, match="go together"):
            Settings.from_environment({**IMAGE, **parts, name: ""})


def test_whom_to_call_has_a_host() -> None:
    with pytest.raises(ValueError, match=r"BOARDHAND_EGRESS_PROXY=':3128': give host:port, such as"):
        Settings.from_environment({**IMAGE, "BOARDHAND_EGRESS_PROXY": ":3128"})
