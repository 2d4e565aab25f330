"""The publish stage: pushes the work and exports that very commit for the proof.

It reads the git directory alone. The work tree is the model's, and nothing in it is looked at here.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from boardhand_api.order import Order
from boardhand_api.pod import BRANCH_PREFIX
from boardhand_api.result import Published
from boardhand_runner.errors import Infrastructure, Refused
from boardhand_runner.git import BASE_REF, Git
from boardhand_runner.leaks import Added, added_lines, find_leaks, numbered
from boardhand_runner.remote import Remote
from boardhand_runner.settings import Settings
from boardhand_runner.ssh import KEY, KNOWN_HOSTS
from boardhand_runner.submodules import add_files, recorded

CHANGE_BYTES = 100_000_000
"""A larger change is refused, counting every version of every file."""
LEAKS_NAMED = 5
_PUBLIC = ("username", KNOWN_HOSTS)
"""Keys of Secrets whose values are no secrets."""


def main(settings: Settings, order: Order) -> Published:
    """Check, export and push; an answer without a commit where there is nothing to push.

    Raises Refused where a policy forbids it, else what `Remote.fault` makes of it.
    """
    git = Git(settings)
    base, head = git.text("rev-parse", BASE_REF), git.text("rev-parse", "HEAD^{commit}")
    if head == base:
        return Published()
    check_branch(git, order.branch)
    check_history(git, base, head)
    check_size(git, base, head)
    check_leaks(settings, git, base, head)
    # Before the push: whatever goes wrong with the export, no branch without a proof is left behind.
    export(settings, head, with_submodules=order.submodules)
    push(settings, order, head)
    return Published(branch=order.branch, commit=head)


def check_branch(git: Git, branch: str) -> None:
    """Only branches of our own are written."""
    valid = git.run("check-ref-format", f"refs/heads/{branch}", check=False).code == 0
    if not valid or not branch.startswith(BRANCH_PREFIX):
        raise Refused("BranchForbidden", f"The branch {branch!r} is not below {BRANCH_PREFIX}: only those are pushed.")


def check_history(git: Git, base: str, head: str) -> None:
    """The work stands on the base commit, and leaves something to prove."""
    if git.run("merge-base", "--is-ancestor", base, head, check=False).code:
        raise Refused("HistoryRewritten", "The work does not stand on the commit it was started from.")
    if not git.text("ls-tree", head):
        raise Refused("NothingLeft", "The change deletes every file of the repository.")


def check_size(git: Git, base: str, head: str) -> None:
    """What is new stays within CHANGE_BYTES."""
    listed = git.run("rev-list", "--objects", f"{base}..{head}").stdout
    names = b"\n".join(line.split(b" ", 1)[0] for line in listed.splitlines())
    sizes = git.run("cat-file", "--batch-check=%(objectsize)", stdin=names + b"\n").stdout
    total = sum(int(size) for size in sizes.split())
    if total > CHANGE_BYTES:
        raise Refused("ChangeTooLarge", f"The change holds {total} bytes, and {CHANGE_BYTES} are allowed.")


def check_leaks(settings: Settings, git: Git, base: str, head: str) -> None:
    """No secret is in any line, message or name that any of the commits adds, later removed or not."""
    # A mounted Secret also holds folders of its own, by which the kubelet swaps new values in.
    files = (file for file in sorted(settings.secrets.glob("*/*")) if file.is_file() and file.name not in _PUBLIC)
    literals = [value for file in files for value in _telling(file)]
    patch = settings.home / "publish.patch"
    settings.home.mkdir(parents=True, exist_ok=True)
    git.run(
        "log",
        f"--output={patch}",
        "--format=",
        "--patch",
        "--unified=0",
        # Every parent's side of a merge, and files that attributes call binary or give another diff.
        "-m",
        "--text",
        "--no-ext-diff",
        "--no-textconv",
        "--no-renames",
        "--no-color",
        "--no-indent-heuristic",
        "--src-prefix=a/",
        "--dst-prefix=b/",
        f"{base}..{head}",
    )
    messages = git.run("log", "--format=%an%n%ae%n%cn%n%ce%n%B", f"{base}..{head}").stdout
    names = git.run("log", "--format=", "--name-only", "--no-renames", "-m", f"{base}..{head}").stdout
    try:
        with patch.open("rb") as stream:
            leaks = list(islice(find_leaks(_all(added_lines(stream), messages, names), literals), LEAKS_NAMED))
    finally:
        patch.unlink()
    if leaks:
        places = "; ".join(str(leak)[:150] for leak in leaks)
        raise Refused("SecretFound", f"Nothing was pushed, because the change holds {places}.")


def _telling(file: Path) -> list[bytes]:
    """All of a secret; of a key each line that no other key has, since lines are looked at one by one."""
    secret = file.read_bytes().strip()
    return [line.strip() for line in secret.splitlines()[2:-1]] if file.name == KEY else [secret]


def push(settings: Settings, order: Order, head: str) -> None:
    """Push the commit; a branch of an earlier try is replaced, one that moves meanwhile is not."""
    remote, ref = Remote(settings, order.repository), f"refs/heads/{order.branch}"
    listed = remote.run("ls-remote", "--", remote.address, ref).text
    there = listed.split("\t", 1)[0]
    done = remote.attempt(
        "push",
        "--porcelain",
        "--no-verify",
        "--no-recurse-submodules",
        f"--force-with-lease={ref}:{there}",
        "--",
        remote.address,
        f"{head}:{ref}",
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


def export(settings: Settings, head: str, *, with_submodules: bool = False) -> None:
    """The commit's files, and those of the submodules it records, through an index of their own.

    Not git archive: what it leaves out and rewrites is written in the commit's own .gitattributes.
    """
    settings.proof.mkdir(parents=True, exist_ok=True)
    if any(settings.proof.iterdir()):
        raise Infrastructure("ProofNotEmpty", f"{settings.proof} holds files already, so it would prove nothing.")
    index = settings.home / "publish.index"
    git = Git(settings, work_tree=settings.proof, index=index)
    git.run("read-tree", head)
    if with_submodules:
        add_files(git, recorded(git, head))
    git.run("checkout-index", "--all", "--quiet")
    index.unlink()


def _all(patch_lines: Iterator[Added], messages: bytes, names: bytes) -> Iterator[Added]:
    yield from patch_lines
    yield from numbered("the commits' messages", messages)
    yield from numbered("the files' names", names)
