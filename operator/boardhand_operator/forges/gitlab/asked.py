"""Labels and reviewers: who is known, and what a merge request still lacks.

Sources: https://docs.gitlab.com/api/labels/ and https://docs.gitlab.com/api/project_members/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from boardhand_operator.vendors.gitlab.client import Json, Project


async def label_names(project: Project) -> set[str]:
    """The labels that the project may use, its groups' among them."""
    found = await project.all(f"read the labels of {project.path}", "/labels")
    return {label["name"] for label in found}


async def member_ids(project: Project) -> dict[str, int]:
    """The active members, however they came to it: ids by username in lower case."""
    found = await project.all(f"read who works on {project.path}", "/members/all")
    return {member["username"].lower(): int(member["id"]) for member in found if member["state"] == "active"}


async def lacking(
    project: Project, found: Json | None, labels: Sequence[str], reviewers: Sequence[str]
) -> tuple[list[str], list[int]]:
    """The labels to add, and all reviewers' ids where some are to be added. No request where nothing is lacking.

    What GitLab does not know is left out: it would make a new label.

    found: the merge request; None: a new one.
    """
    borne = set(found["labels"]) if found else set()
    missing = [name for name in labels if name not in borne]
    known = await label_names(project) if missing else set()
    asked: list[Json] = found["reviewers"] if found else []
    names = {user["username"].lower() for user in asked}
    wanted = [name.lower() for name in reviewers if name.lower() not in names]
    members = await member_ids(project) if wanted else {}
    new = [members[name] for name in wanted if name in members]
    return [name for name in missing if name in known], [*(int(user["id"]) for user in asked), *new] if new else []


def fields(add: str, labels: list[str], reviewers: list[int]) -> dict[str, Any]:
    """These as fields of a request. add: the field for labels."""
    return ({add: ",".join(labels)} if labels else {}) | ({"reviewer_ids": reviewers} if reviewers else {})
