"""Files that a local run is given and that are no text: said in a sentence, without what they hold."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from boardhand_runner.local.ground import Unusable, place_secrets
from boardhand_runner.local.order import ticket_of
from tests.support.benches import empty


def test_a_key_that_is_no_text_is_not_quoted(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"sesame\xff")
    given = argparse.Namespace(api_key_file=file, git_secret=None)
    with pytest.raises(Unusable, match=r"key is no text: .* UTF-8") as wrong:
        place_secrets(given, empty(tmp_path / "root"))
    assert "sesame" not in str(wrong.value) and wrong.value.__cause__ is None


def test_a_ticket_that_is_no_text_is_none(tmp_path: Path) -> None:
    file = tmp_path / "ticket.yaml"
    file.write_bytes(b"title: Fix \xff\n")
    with pytest.raises(Unusable, match=r"ticket\.yaml is no YAML file with a ticket"):
        ticket_of(file)
