"""What the harness saw of the tests while the agent worked: told beside the verdict, never in its place.

The agent writes it in its pod, so it is bounded like everything that is read from there.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from boardhand_api.base import Tolerant

NAMES = 8
NAME_CHARACTERS = 120
FINDINGS = 12


class Names(Tolerant):
    """Some tests: how many, and the first of their names."""

    count: Annotated[int, Field(ge=0, le=10**9)] = 0
    """All of them."""
    first: Annotated[list[Annotated[str, Field(max_length=NAME_CHARACTERS)]], Field(max_length=NAMES)] = []
    """As the test runner or the source calls them."""


class Finding(Tolerant):
    """Something about the tests, their configuration or the CI that a reviewer must not miss."""

    kind: Annotated[str, Field(max_length=32)]
    """TestDeleted, TestSkipped, AssertionsRemoved, VerifyChanged or CiChanged."""
    path: Annotated[str, Field(max_length=200)]
    """The file, from the repository's root."""
    detail: Annotated[str, Field(max_length=NAME_CHARACTERS)] = ""
    """The test, or what of the file."""
    asked: bool = False
    """Whether the ticket asks for it."""


class Evidence(Tolerant):
    """What was measured in the workbench before and after the change."""

    baseline_green: bool | None = None
    """Whether the verify commands passed before any change; absent where that is not known."""
    before: Names = Names()
    """Tests that failed before any change and fail still."""
    new: Names = Names()
    """Tests that the change adds or changes."""
    fails_on_base: bool | None = None
    """Whether the verify commands with the new tests fail on the base's sources; absent where that is not shown."""
    base_failures: Names = Names()
    """Tests that failed on the base's sources for it, where their names are known."""
    why_not_shown: Annotated[str, Field(max_length=200)] = ""
    """Why it is not known whether new tests fail on base."""
    flaky: Names = Names()
    """Tests, or verify commands, that failed and passed on the same files."""
    tampering: Annotated[list[Finding], Field(max_length=FINDINGS)] = []
    """Weakened tests, and changed verify configuration or CI files."""
