"""The one branch that a run writes, and how."""

from __future__ import annotations

from boardhand_api.order import Order
from boardhand_api.pod import BRANCH_PREFIX
from boardhand_runner.errors import Infrastructure, Refused
from boardhand_runner.git import IDENTITY_EMAIL, IDENTITY_NAME, LOCAL_SECONDS, execute, git_environment
from boardhand_runner.remote import Remote
from boardhand_runner.settings import Settings
from boardhand_runner.stages.publishing.fresh import FETCHED_REF, Fresh, deepen

EARLIER_REF = "refs/boardhand/earlier"
EARLIER_COMMITS = 1_000
"""So deep the branch of an earlier try is looked into."""
_OWN = f"{IDENTITY_NAME} <{IDENTITY_EMAIL}>"


def check_branch(settings: Settings, branch: str) -> None:
    """Only branches of our own are written."""
    done = execute(["check-ref-format", f"refs/heads/{branch}"], git_environment(settings), LOCAL_SECONDS)
    if done.code or not branch.startswith(BRANCH_PREFIX):
        raise Refused("BranchForbidden", f"The branch {branch!r} is not below {BRANCH_PREFIX}: only those are pushed.")


def push(settings: Settings, order: Order, work: Fresh) -> None:
    """Push the work. A branch of an earlier try is replaced; one that holds commits of others is not, nor one that
    moves meanwhile."""
    ref = f"refs/heads/{order.branch}"
    remote = Remote(settings, order.push_to or order.repository, work.git.git_dir)
    there = _there(remote, ref)
    if there == work.head:
        return
    if there:
        _check_own(remote, order, work, ref)
    done = remote.attempt(
        "push",
        "--porcelain",
        "--no-verify",
        "--no-follow-tags",
        "--no-recurse-submodules",
        f"--force-with-lease={ref}:{there}",
        "--",
        remote.address,
        f"{work.head}:{ref}",
    )
    if done.code == 0:
        return
    said = done.stdout.decode("utf-8", "replace") + done.stderr
    if "[remote rejected]" in said or "[remote failure]" in said:
        raise Refused(
            "PushRefused", f"The server takes no push to {order.branch}: {remote.tail(said)} See its branch rules."
        )
    if "[rejected]" in said:
        raise Infrastructure("BranchMoved", f"{order.branch} was moved by somebody else during the push.")
    raise remote.fault(said)


def _there(remote: Remote, ref: str) -> str:
    """The commit of the branch on the server; empty where there is none. Git lists all that end like it, too."""
    rows = (line.split("\t") for line in remote.run("ls-remote", "--", remote.address, ref).text.splitlines())
    return next((name for name, listed in rows if listed == ref), "")


def _check_own(remote: Remote, order: Order, work: Fresh, ref: str) -> None:
    """Every commit on the branch that the base branch has not is Boardhand's. Raises Refused."""
    deepen(remote, order, EARLIER_COMMITS, f"+{ref}:{EARLIER_REF}")
    people = "--format=%H %an <%ae>%x00%cn <%ce>"
    rows = work.git.text("log", people, EARLIER_REF, "--not", *work.known, FETCHED_REF).splitlines()
    for row in rows:
        commit, _, said = row.partition(" ")
        others = [one for one in said.split("\0") if one != _OWN]
        if others:
            raise Refused(
                "BranchTaken",
                f"The branch {order.branch} is there and holds the commit {commit[:12]} by {others[0][:100]}, which is"
                " not overwritten. Merge, rename or delete that branch, then try again.",
            )
