"""The group of file and command cases."""

from __future__ import annotations

from testbed.evals import file_commands, file_git, file_names, file_paths, file_texts
from testbed.evals.case import Case
from testbed.evals.scenes import case


def cases() -> list[Case]:
    """All scenes."""
    parts = (file_texts, file_paths, file_names, file_commands, file_git)
    return [case(scene) for part in parts for scene in part.scenes()]
