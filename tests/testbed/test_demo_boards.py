"""Which board the demo runs on, and what its pool says of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from boardhand_api.pool import Board
from testbed import manifests
from testbed.demo_boards import OnGitea, OnTrello, chosen_board
from testbed.forge.info import ForgeInfo
from testbed.shell import TestbedError

ROOT = Path(__file__).resolve().parents[2]
INFO = ForgeInfo("http://gitea.test:3000", "password", "admin", "api", "read", "push")


@pytest.mark.parametrize(("name", "board"), [("", OnTrello), ("trello", OnTrello), ("gitea", OnGitea)])
def test_the_board_is_chosen_by_its_name(name: str, board: type) -> None:
    assert chosen_board(name) is board


@pytest.mark.parametrize("name", ["jira", "Gitea", " "])
def test_another_name_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(TestbedError, match=f"^BOARD is '{name}': the demo runs on trello or gitea,"):
        chosen_board(name)


def test_a_wrong_board_ends_the_demo_before_anything_comes_up() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "testbed.demo"],
        env=os.environ | {"BOARD": "jira"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("demo: BOARD is 'jira'")
    assert done.stderr.count("\n") == 1


def test_issues_are_polled_seldom_where_gitea_calls() -> None:
    callback = "http://10.0.0.1:30000/webhooks/demo/shop-issues"
    called = Board.model_validate(manifests.gitea_issues(INFO, "shop", callback))
    alone = Board.model_validate(manifests.gitea_issues(INFO, "shop", None))
    assert called.webhook is not None
    assert (called.webhook.callback_url, alone.webhook) == (callback, None)
    assert (called.board, called.url) == ("demo/shop", INFO.base_url)
    assert called.poll_seconds > alone.poll_seconds


def test_the_secret_of_a_board_with_webhooks_has_what_signs_them() -> None:
    by_name = {one["metadata"]["name"]: one["stringData"] for one in manifests.secrets("demo", INFO)}
    assert by_name["issues"] == {"token": "api", "webhookSecret": manifests.ISSUES_SECRET}
