"""Paths that are kept for people: by any commit, in any spelling, by any way that leads there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_api.policy import PROTECTED
from boardhand_runner.errors import Refused
from boardhand_runner.stages import checkout
from boardhand_runner.stages.publishing.protected import LINK, SUBMODULE, Protected, Touched
from tests.support.benches import empty
from tests.support.pushing import Bench, bench

FILE, NONE = "100644", "000000"
DEFAULT = Protected(PROTECTED, ())


@pytest.fixture
def run(tmp_path: Path) -> Bench:
    return bench(tmp_path)


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/test.yml",
        ".github/workflows/deep/er.yml",
        ".github/actions/build/action.yml",
        ".gitlab-ci.yml",
        ".gitlab/ci/build.yml",
        ".gitea/workflows/a.yaml",
        ".forgejo/workflows/a.yaml",
        "Jenkinsfile",
        "services/shop/Jenkinsfile.release",
        "azure-pipelines.yml",
        "deploy/azure-pipelines-nightly.yaml",
        "bitbucket-pipelines.yml",
        ".circleci/config.yml",
        ".travis.yml",
        ".drone.yml",
        ".drone.star",
        ".woodpecker/build.yaml",
        ".woodpecker.yml",
        "CODEOWNERS",
        ".github/CODEOWNERS",
        "docs/CODEOWNERS",
        ".gitlab/CODEOWNERS",
        ".gitmodules",
        ".lfsconfig",
        # Spellings that some file system takes for the same.
        ".GitHub/Workflows/Test.yml",
        ".gi\u200dthub/workflows/a.yml",
        "\uff0egithub/workflows/a.yml",
        ".gıthub/workflows/a.yml".replace("ı", "I"),
        ".github./workflows /a.yml",
        ".github\\workflows\\a.yml",
        "jenKinsfile",
        "\u212aODEOWNERS".replace("\u212a", "C"),
        "CO\u00adDEOWNERS",
    ],
)
def test_by_default_ci_and_owners_are_kept(path: str) -> None:
    assert DEFAULT.covers(path)


@pytest.mark.parametrize(
    "path",
    [
        "app.py",
        ".github/ISSUE_TEMPLATE/bug.md",
        ".github/dependabot.yml",
        "docs/workflows/a.yml",
        "src/.github/workflows/a.yml",
        "Makefile",
        "tests/test_gitlab-ci.yml.py",
        "src/CODEOWNERS.py",
        "",
    ],
)
def test_the_rest_is_not(path: str) -> None:
    assert not DEFAULT.covers(path)


NAMES = st.text("abcdefgxyzäéß0123456789_-.", min_size=1, max_size=6).filter(lambda name: bool(name.strip(".")))


@given(st.lists(NAMES, min_size=1, max_size=4), st.sampled_from([str.upper, str.lower, str.casefold, str.title]))
def test_a_path_is_covered_in_any_case(parts: list[str], spelt: Callable[[str], str]) -> None:
    path = "/".join(parts)
    assert Protected([path], ()).covers(spelt(path))


@given(st.lists(st.sampled_from(["a", "b", "*"]), min_size=1, max_size=4), st.lists(st.sampled_from("ab"), max_size=6))
def test_all_folders_above_a_covered_path_lead_there(pattern: list[str], path: list[str]) -> None:
    for form in (pattern, [*pattern, "**"]):
        protected = Protected(["/".join(form)], ())
        if protected.covers("/".join(path)):
            assert all(protected.leads_into("/".join(path[:at])) for at in range(1, min(len(path), len(pattern))))


def test_many_folders_and_many_patterns_take_no_time() -> None:
    protected = Protected(["**/a/" * 8 + "b"], ())
    assert protected.covers("a/" * 90 + "b") and not protected.covers("a/" * 90 + "c")


def test_links_and_submodules_in_the_place_of_a_folder() -> None:
    for mode in (LINK, SUBMODULE):
        for modes in ((NONE, mode), (mode, FILE)):
            assert DEFAULT.touched([Touched(".github", modes)]) == ".github"
            assert DEFAULT.touched([Touched(".github/workflows", modes)])
    assert DEFAULT.touched([Touched(".github", (NONE, FILE))]) is None
    assert DEFAULT.touched([Touched("docs/latest", (NONE, LINK))]) is None
    assert DEFAULT.touched([Touched("vendor/lib", (NONE, SUBMODULE))]) == "vendor/lib"
    allowed = Protected(PROTECTED, [".gitmodules", ".github", ".github/workflows/docs.yml"])
    assert allowed.touched([Touched("vendor/lib", (NONE, SUBMODULE)), Touched(".gitmodules", (NONE, FILE))]) is None
    assert allowed.touched([Touched(".github/workflows/docs.yml", (FILE, FILE))]) is None
    assert allowed.touched([Touched(".github/workflows/test.yml", (FILE, FILE))])
    assert allowed.touched([Touched("ci/build.yml", (FILE, FILE))], ["ci/build.yml"]) == "ci/build.yml"


def added(run: Bench) -> None:
    run.commit({".github/workflows/x.yml": "on: push\n"})


def added_and_removed(run: Bench) -> None:
    added(run)
    run.commit({".github/workflows/x.yml": None, "app.py": "x = 9\n"})


def moved(run: Bench) -> None:
    run.commit({"Jenkinsfile": None, "build.groovy": "stage('a')\n"})


def made_executable(run: Bench) -> None:
    (run.layout.work / "Jenkinsfile").chmod(0o755)
    run.agent.run("update-index", "--chmod=+x", "Jenkinsfile")
    run.agent.run("commit", "-q", "-m", "mode")


def linked(run: Bench) -> None:
    (run.layout.work / "ci").mkdir()
    (run.layout.work / ".woodpecker").symlink_to("ci")
    run.commit({"ci/build.yml": "steps: []\n"})


def submodule(run: Bench) -> None:
    run.agent.run("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor")
    run.agent.run("commit", "-q", "-m", "submodule")


def cased(run: Bench) -> None:
    run.commit({".GITHUB/workflows/x.yml": "on: push\n"})


def merged(run: Bench) -> None:
    """Only the merge itself has it, in neither parent."""
    base = run.head
    side = run.commit({"side.py": "y = 1\n"})
    blob = run.agent.run("hash-object", "-w", "--stdin", stdin=b"on: push\n").text
    run.agent.run("update-index", "--add", "--cacheinfo", f"100644,{blob},.gitlab-ci.yml")
    tree = run.agent.text("write-tree")
    merge = run.agent.text("commit-tree", "-p", side, "-p", base, "-m", "merge", tree)
    run.agent.run("update-ref", "HEAD", merge)


def behind_a_link(run: Bench) -> None:
    """.travis.yml is a link on the base branch, and what it leads to is changed."""
    run.commit({"build/real.yml": "script: evil\n"})


def behind_a_linked_folder(run: Bench) -> None:
    run.commit({"really/config.yml": "jobs: evil\n"})


@pytest.mark.parametrize(
    "change",
    [
        added,
        added_and_removed,
        moved,
        made_executable,
        linked,
        submodule,
        cased,
        merged,
        behind_a_link,
        behind_a_linked_folder,
    ],
)
def test_no_way_leads_there(tmp_path: Path, change: Callable[[Bench], None]) -> None:
    run = based(tmp_path)
    change(run)
    before = run.refs()
    with pytest.raises(Refused, match=r"ProtectedPath.*spec\.policy\.allowProtected"):
        run.publish()
    assert run.refs() == before
    assert not list(run.layout.proof.iterdir())
    assert run.publish(protected_paths=[]).commit == run.head


def based(folder: Path) -> Bench:
    """A base branch with CI files, two of them behind links."""
    run = bench(folder)
    (run.person / ".travis.yml").symlink_to("build/travis.yml")
    (run.person / "build").mkdir()
    (run.person / "build" / "travis.yml").symlink_to("real.yml")
    (run.person / ".circleci").symlink_to("really")
    files: dict[str, str | bytes | None] = {"Jenkinsfile": "stage('a')\n", "build/real.yml": "script: true\n"}
    run.person_pushes("main", files | {"really/config.yml": "jobs: {}\n"})
    run.layout = empty(folder / "again")
    checkout.main(run.layout, run.order)
    return run


def test_a_path_that_the_pool_allows(run: Bench) -> None:
    head = run.commit({".github/workflows/docs.yml": "on: push\n"})
    with pytest.raises(Refused, match=r"'\.github/workflows/docs\.yml'"):
        run.publish(allow_protected=[".github/workflows/test.yml"])
    assert run.publish(allow_protected=[".github/workflows/docs.yml"]).commit == head


def test_files_that_look_alike_are_pushed(run: Bench) -> None:
    (run.layout.work / "latest").symlink_to("docs")
    head = run.commit({".github/pull_request_template.md": "x\n", "docs/ci.md": "x\n", "src/.gitlab.py": "x\n"})
    assert run.publish().commit == head
