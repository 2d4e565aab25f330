"""A record of the log is a line, whatever is in it."""

from __future__ import annotations

import io
import logging

from boardhand_operator.log.lines import OneLine


def logged(message: str, *args: object, error: Exception | None = None) -> str:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(OneLine("%(levelname)s %(name)s: %(message)s"))
    log = logging.Logger("boardhand")
    log.addHandler(handler)
    log.warning(message, *args, exc_info=error)
    return out.getvalue()


def test_a_message_forges_no_record() -> None:
    evil = "no\nERROR kopf: the Lease is lost\r\x1b[2K\u202e\u2028\x85end"
    assert logged("run %s: %s", "a", evil) == (
        "WARNING boardhand: run a: no\\nERROR kopf: the Lease is lost\\r\\x1b[2K\\u202e\\u2028\\x85end\n"
    )


def test_an_exceptions_text_forges_none_either() -> None:
    lines = logged("unexpected", error=ValueError("x\nERROR kopf: forged\x1b[2K")).splitlines()
    assert lines[0] == "WARNING boardhand: unexpected"
    assert lines[1:]
    assert all(line.startswith("| ") for line in lines[1:])
    assert "\x1b" not in "".join(lines)


def test_letters_of_all_kinds_stay() -> None:
    assert logged("Größe\t日本 €") == "WARNING boardhand: Größe\t日本 €\n"
