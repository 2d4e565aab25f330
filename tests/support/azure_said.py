"""A comment of ours with this text."""

from __future__ import annotations

from datetime import UTC, datetime

from boardhand_operator.boards import Comment


def said(text: str) -> Comment:
    return Comment("7", "boardhand", "us", text, datetime(2026, 1, 2, tzinfo=UTC), by_us=True)
