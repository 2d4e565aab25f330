"""Whether a project takes merge requests, and knows the labels and reviewers that a pool wants."""

from __future__ import annotations

from collections.abc import Sequence

from boardhand_operator.errors import Misconfigured
from boardhand_operator.forges import amiss
from boardhand_operator.forges.gitlab.asked import label_names, member_ids
from boardhand_operator.vendors.gitlab.client import Json, Project


def check_project(found: Json, branch: str) -> None:
    """See that the project is open and not empty. Raises Misconfigured."""
    where = f"Project {found['path_with_namespace']}"
    if found.get("archived"):
        raise amiss.archived(where)
    if found.get("merge_requests_access_level") == "disabled" or found.get("merge_requests_enabled") is False:
        raise amiss.switched_off(where, "merge requests")
    if found.get("empty_repo"):
        raise amiss.empty(where, branch)


async def check_labels(project: Project, wanted: Sequence[str]) -> None:
    """See that there are these labels. Raises Misconfigured, naming those there are."""
    there = await label_names(project) if wanted else set()
    if missing := [name for name in wanted if name not in there]:
        known = ", ".join(repr(name) for name in sorted(there)) or "none"
        raise Misconfigured(
            "LabelMissing",
            f"Project {project.path} has no label {missing[0]!r}, which spec.forge.labels names; there are: {known}.",
            sorted(there),
        )


async def check_reviewers(project: Project, wanted: Sequence[str]) -> None:
    """See that these people are members. Raises Misconfigured."""
    there = await member_ids(project) if wanted else {}
    if missing := [name for name in wanted if name.lower() not in there]:
        raise Misconfigured(
            "ReviewerMissing",
            f"Project {project.path} has no member {missing[0]!r}, whom spec.forge.reviewers names: give the username, "
            "without @, of somebody who is a member of the project or of its group.",
        )
