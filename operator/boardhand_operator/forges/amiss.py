"""What can be wrong with a repository, in the words that are the same for every forge.

where: what the forge calls it and its name, such as "Repository team/shop".
"""

from __future__ import annotations

from boardhand_operator.errors import Misconfigured


def missing(forge: str, repository: str, secret: str) -> Misconfigured:
    """forge: as a sentence begins with it. secret: the Secret of the credentials."""
    return Misconfigured(
        "RepositoryMissing",
        f"{forge} has no repository {repository} that the credentials in Secret {secret} may see: correct "
        "spec.repository.url, or give their account access.",
    )


def archived(where: str) -> Misconfigured:
    return Misconfigured("RepositoryArchived", f"{where} is archived: unarchive it, or point the pool elsewhere.")


def switched_off(where: str, what: str = "pull requests") -> Misconfigured:
    return Misconfigured("PullRequestsOff", f"{where} has {what} switched off: switch them on in its settings.")


def empty(where: str, branch: str) -> Misconfigured:
    """branch: the pool's."""
    return Misconfigured("RepositoryEmpty", f"{where} is empty: push a first commit to {branch}.")


def branch_missing(where: str, branch: str, there: str) -> Misconfigured:
    """branch: the pool's. there: the default branch."""
    return Misconfigured(
        "BranchMissing",
        f"{where} has no branch {branch!r} (spec.repository.branch); its default branch is {there!r}.",
        [there],
    )
