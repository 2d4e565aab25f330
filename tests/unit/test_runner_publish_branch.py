"""What a push writes on the server: one branch below boardhand/, and nobody else's commits are lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from boardhand_runner.errors import Infrastructure, Refused
from boardhand_runner.remote import Remote
from boardhand_runner.stages.publishing import branch
from tests.support.pushing import Bench, bench, git

OWN = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Boardhand"), ("EMAIL", "boardhand@localhost"))
}
REF = "refs/heads/boardhand/1-mend-it"


@pytest.fixture
def run(tmp_path: Path) -> Bench:
    return bench(tmp_path)


def own_commit(run: Bench, onto: str, branch: str = "boardhand/1-mend-it") -> str:
    """A branch as an earlier try left it, on this commit."""
    tree = git(run.person, "rev-parse", f"{onto}^{{tree}}")
    name = git(run.person, "commit-tree", "-p", onto, "-m", "earlier", tree, **OWN)
    git(run.person, "push", "-q", str(run.origin), f"{name}:refs/heads/{branch}")
    return name


def test_one_branch_is_written_and_no_other_reference(run: Bench) -> None:
    git(run.origin, "update-ref", "refs/other/refs/heads/boardhand/1-mend-it", "main~1")
    head = run.commit({"app.py": "x = 9\n"})
    before = run.refs()
    for ref in ("refs/tags/v1", "refs/notes/commits", "refs/heads/main", "refs/remotes/origin/main", "refs/x/y"):
        run.agent.run("update-ref", ref, "HEAD")
    run.agent.run("tag", "-a", "-m", "planted", "v2")
    for name, value in {
        "push.followTags": "true",
        "push.default": "matching",
        "remote.pushDefault": str(run.origin),
        "remote.origin.url": str(run.origin),
        "remote.origin.mirror": "true",
        "remote.origin.push": "+refs/*:refs/*",
        f"url.{run.origin}.insteadOf": str(run.origin),
    }.items():
        run.agent.run("config", name, value)
    run.publish()
    assert run.refs() == before | {REF: head}


@pytest.mark.parametrize("onto", ["HEAD", "HEAD~1", "HEAD~2"])
def test_the_branch_of_an_earlier_try_is_replaced(run: Bench, onto: str) -> None:
    own_commit(run, onto)
    head, before = run.commit({"app.py": "x = 9\n"}), run.refs()
    run.publish()
    assert run.refs() == before | {REF: head}


def test_one_on_a_base_that_moved_on_is_replaced_too(run: Bench) -> None:
    own_commit(run, "HEAD")
    run.person_pushes("main", {"other.py": "y = 1\n"})
    head = run.commit({"app.py": "x = 9\n"})
    run.publish()
    assert run.refs()[REF] == head


@pytest.mark.parametrize("kind", ["alone", "on top", "below", "merged", "amended"])
def test_a_branch_with_a_persons_commit_is_left_alone(run: Bench, kind: str) -> None:
    if kind == "alone":
        run.person_pushes("boardhand/1-mend-it", {"by-hand.py": "y = 1\n"})
    elif kind == "on top":
        git(run.person, "reset", "-q", "--hard", own_commit(run, "HEAD"))
        run.person_pushes("boardhand/1-mend-it", {"by-hand.py": "y = 1\n"})
    elif kind == "below":
        by_hand = run.person_pushes("people", {"by-hand.py": "y = 1\n"})
        own_commit(run, by_hand)
    elif kind == "merged":
        git(run.person, "reset", "-q", "--hard", own_commit(run, "HEAD"))
        git(run.person, "checkout", "-q", "-b", "side", "HEAD~1")
        run.person_pushes("side", {"by-hand.py": "y = 1\n"})
        tree = git(run.person, "rev-parse", "HEAD^{tree}")
        parents = ("-p", git(run.origin, "rev-parse", REF), "-p", "HEAD")
        merged = git(run.person, "commit-tree", *parents, "-m", "merge", tree, **OWN)
        git(run.person, "push", "-q", str(run.origin), f"{merged}:{REF}")
    else:
        committer = {name: value for name, value in OWN.items() if "AUTHOR" in name}
        tree = git(run.person, "rev-parse", "HEAD^{tree}")
        amended = git(run.person, "commit-tree", "-p", "HEAD", "-m", "amended", tree, **committer)
        git(run.person, "push", "-q", str(run.origin), f"{amended}:{REF}")
    run.commit({"app.py": "x = 9\n"})
    before = run.refs()
    with pytest.raises(Refused, match=r"BranchTaken.*Ann <ann@example.org>"):
        run.publish()
    assert run.refs() == before


def test_a_branch_that_moves_between_look_and_push_is_left_alone(run: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    run.commit({"app.py": "x = 9\n"})
    attempt, moved = Remote.attempt, list[str]()

    def first_somebody_else(self: Remote, *arguments: str, in_repository: bool = True) -> object:
        if arguments[0] == "push" and not moved:
            moved.append(run.person_pushes("boardhand/1-mend-it", {"by-hand.py": "y = 1\n"}))
        return attempt(self, *arguments, in_repository=in_repository)

    monkeypatch.setattr(Remote, "attempt", first_somebody_else)
    with pytest.raises(Infrastructure, match="BranchMoved"):
        run.publish()
    assert run.refs()[REF] == moved[0]


def test_the_same_commit_again_is_no_push(run: Bench) -> None:
    head = run.commit({"app.py": "x = 9\n"})
    run.publish()
    hook = run.origin / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    for file in run.layout.proof.rglob("*"):
        os.remove(file)
    assert run.publish().commit == head


@pytest.mark.parametrize(
    "name", ["main", "boardhand", "boardhand/", "boardhand/../main", "boardhand/a b", "boardhand/@{-1}", "refs/tags/v1"]
)
def test_no_other_name_is_a_branch_of_ours(run: Bench, name: str) -> None:
    with pytest.raises(Refused, match="BranchForbidden"):
        branch.check_branch(run.layout, name)


def test_another_repository_is_pushed_to_where_that_is_named(run: Bench, tmp_path: Path) -> None:
    """A fork may lag behind, and lack the commit that work began from."""
    fork = tmp_path / "fork.git"
    git(tmp_path, "clone", "-q", "--bare", str(run.origin), str(fork))
    git(fork, "update-ref", "refs/heads/main", "main~1")
    before, head = run.refs(), run.commit({"app.py": "x = 9\n"})
    run.publish(push_to=str(fork))
    assert git(fork, "rev-parse", REF) == head
    assert run.refs() == before
