"""Submodules: fetched on request from the repository's own server, read-only, and in the proof as they are recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_api.order import Order
from boardhand_runner.errors import Configuration, Infrastructure, ToolError
from boardhand_runner.git import Git
from boardhand_runner.repository import Repository
from boardhand_runner.settings import Settings
from boardhand_runner.stages import checkout, publish
from boardhand_runner.submodules import REFS, resolved
from boardhand_runner.tools.files import WorkTree
from tests.support.benches import empty
from tests.unit.test_runner_git import git, order_for
from tests.unit.test_runner_remote import TOKEN, mount, server  # noqa: F401 - a fixture


class Forge:
    """Bare repositories side by side."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, name: str, files: dict[str, str], links: dict[str, tuple[str, str]] | None = None) -> str:
        """A repository with these files, and submodules by path: the name of another repository, and its url."""
        seed = self.root / f"{name}.seed"
        seed.mkdir(parents=True)
        git(seed, "init", "-q", "-b", "main")
        listed = [f'[submodule "{path}"]\n\tpath = {path}\n\turl = {url}\n' for path, (_, url) in (links or {}).items()]
        for path, text in (files | ({".gitmodules": "".join(listed)} if links else {})).items():
            (seed / path).parent.mkdir(parents=True, exist_ok=True)
            (seed / path).write_text(text)
        git(seed, "add", ".")
        for path, (other, _) in (links or {}).items():
            git(seed, "update-index", "--add", "--cacheinfo", f"160000,{self.head(other)},{path}")
        git(seed, "commit", "-q", "-m", name)
        git(self.root, "clone", "-q", "--bare", str(seed), str(self.root / f"{name}.git"))
        return str(self.root / f"{name}.git")

    def head(self, name: str) -> str:
        known = self.root / f"{name}.git"
        return git(known, "rev-parse", "HEAD").strip() if known.exists() else "1" * 40


@pytest.fixture
def forge(tmp_path: Path) -> Forge:
    return Forge(tmp_path / "forge")


@pytest.fixture
def layout(tmp_path: Path) -> Settings:
    return empty(tmp_path / "root")


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Forge:
    """A repository with a library in it, and one in that; nobody writes there."""
    forge = Forge(tmp_path_factory.mktemp("shops"))
    forge.put("core", {"core.c": "int core;\n"})
    forge.put("lib", {"lib.c": "int lib;\n", ".gitignore": "*.o\n"}, {"deep/core": ("core", "../core.git")})
    forge.put("shop", {"app.c": "int app;\n"}, {"third/lib": ("lib", "../lib.git")})
    return forge


@pytest.fixture
def shop(shops: Forge) -> str:
    return str(shops.root / "shop.git")


FILES = {"app.c", ".gitmodules", "third/lib/lib.c", "third/lib/.gitignore", "third/lib/.gitmodules"}
FILES |= {"third/lib/deep/core/core.c"}


def cloned(layout: Settings, address: str, **more: Any) -> Order:
    order = order_for(address, **({"submodules": True} | more))
    checkout.clone(layout, order)
    return order


def below(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()} - {".git"}


def test_their_files_are_there_and_no_repository_of_theirs(layout: Settings, shop: str) -> None:
    cloned(layout, shop)
    assert below(layout.work) == FILES
    assert (layout.work / "third/lib/deep/core/core.c").read_text() == "int core;\n"
    assert Git(layout, work_tree=layout.work).text("status", "--porcelain") == ""
    assert Repository(layout).commit("nothing") is None
    assert Repository(layout).left_out() == []


def test_without_being_asked_for_their_folders_are_empty(layout: Settings, shop: str) -> None:
    cloned(layout, shop, submodules=False)
    assert below(layout.work) == {"app.c", ".gitmodules"}
    assert list((layout.work / "third/lib").iterdir()) == []


def test_the_proof_has_them_as_the_commit_records_them(layout: Settings, shops: Forge, shop: str) -> None:
    cloned(layout, shop)
    (layout.work / "app.c").write_text("int changed;\n")
    (layout.work / "third/lib/lib.c").write_text("forged\n")
    (layout.work / "third/lib/new.c").write_text("forged\n")
    commit = Repository(layout).commit("change")
    assert commit is not None
    publish.export(layout, commit, with_submodules=True)

    assert below(layout.proof) == FILES
    assert (layout.proof / "app.c").read_text() == "int changed;\n"
    assert (layout.proof / "third/lib/lib.c").read_text() == "int lib;\n"
    assert f"160000 commit {shops.head('lib')}\tthird/lib" in git(layout.git_dir, "ls-tree", "-r", commit)


def test_a_proof_without_what_it_records_is_refused(layout: Settings, shops: Forge, shop: str) -> None:
    cloned(layout, shop)
    git(layout.git_dir, "update-ref", "-d", f"{REFS}/{shops.head('core')}")
    with pytest.raises(Infrastructure, match=r"SubmoduleMissing.* third/lib/deep/core"):
        publish.export(layout, "HEAD", with_submodules=True)


def test_changes_of_theirs_are_named_and_those_of_the_set_up_undone(layout: Settings, shop: str) -> None:
    cloned(layout, shop)
    repository, folder = Repository(layout), layout.work / "third/lib"
    (folder / "lib.c").write_text("by the set-up\n")
    (folder / "built").mkdir()
    (folder / "built/x").write_text("by the set-up\n")
    (folder / "lib.o").write_text("ignored\n")
    repository.settle()
    assert (folder / "lib.c").read_text() == "int lib;\n"
    assert repository.left_out() == []

    (folder / "lib.c").write_text("mine\n")
    (folder / "deep/core/core.c").unlink()
    (folder / "mine.c").write_text("mine\n")
    (folder / "built/y").write_text("built\n")
    changed = "third/lib/deep/core/core.c, third/lib/lib.c, third/lib/mine.c"
    assert repository.left_out() == [f"{changed} in the submodule third/lib, which is read-only here"]
    assert repository.commit("mine") is None


def test_tools_read_them_and_write_nothing_there(layout: Settings, shop: str) -> None:
    cloned(layout, shop)
    tree = WorkTree(layout)
    assert "int core;" in tree.read_file("third/lib/deep/core/core.c")
    assert "third/lib/lib.c" in tree.list_files("**/*.c").splitlines()
    assert "third/lib/lib.c:1:int lib;" in tree.search("int lib").splitlines()
    for path in ("third/lib/lib.c", "third/lib/new.c", "third/lib/deep/core/core.c"):
        with pytest.raises(ToolError, match="in the submodule third/lib"):
            tree.write_file(path, "x")
    assert "is created" in tree.write_file("third/library.c", "x")


def test_what_is_planted_among_their_files_runs_nothing(layout: Settings, shop: str, tmp_path: Path) -> None:
    cloned(layout, shop)
    folder, mark = layout.work / "third/lib", tmp_path / "mark"
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "planted")
    git(folder, "config", "filter.x.clean", f"touch {mark}; cat")
    git(folder, "config", "core.fsmonitor", f"touch {mark}")
    (folder / ".gitattributes").write_text("* filter=x\n")
    (folder / "lib.c").write_text("changed\n")
    repository = Repository(layout)
    repository.settle()
    (folder / "lib.c").write_text("changed again\n")
    (layout.work / "app.c").write_text("changed\n")
    assert repository.commit("change")
    assert "lib.c" in repository.left_out()[0]
    repository.settle()
    publish.export(layout, "HEAD", with_submodules=True)
    assert not mark.exists()


def test_a_link_in_their_place_leads_nowhere(layout: Settings, shop: str) -> None:
    cloned(layout, shop)
    (layout.work / "third").rename(layout.work / "gone")
    (layout.serve / "lib").mkdir()
    (layout.work / "third").symlink_to(layout.serve)
    Repository(layout).submodules.undo()
    assert list((layout.serve / "lib").iterdir()) == []


def test_a_sparse_work_tree_leaves_out_theirs_and_the_proof_does_not(layout: Settings, forge: Forge) -> None:
    forge.put("lib", {"lib.c": "int lib;\n"})
    links = {"third/lib": ("lib", "../lib.git"), "docs/lib": ("lib", "../lib.git")}
    cloned(layout, forge.put("shop", {"docs/a.md": "a\n", "third/b.c": "b\n"}, links), sparse=["docs"])
    assert below(layout.work) == {".gitmodules", "docs/a.md", "docs/lib/lib.c"}
    publish.export(layout, "HEAD", with_submodules=True)
    assert below(layout.proof) == {".gitmodules", "docs/a.md", "docs/lib/lib.c", "third/b.c", "third/lib/lib.c"}


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://elsewhere.test/lib.git", "SubmoduleElsewhere"),
        ("git@elsewhere.test:lib.git", "SubmoduleElsewhere"),
        ("ext::sh -c touch", "SubmoduleUnknown"),
        ("../absent.git", "GitRepositoryNotFound"),
    ],
)
def test_a_place_that_is_not_allowed_is_configuration_with_its_path(
    layout: Settings, forge: Forge, url: str, reason: str
) -> None:
    forge.put("lib", {"lib.c": "int lib;\n"})
    with pytest.raises(Configuration, match="Submodule third/lib") as raised:
        cloned(layout, forge.put("shop", {"a": "a"}, {"third/lib": ("lib", url)}))
    assert raised.value.reason == reason


def test_a_commit_that_is_not_there_is_configuration(layout: Settings, forge: Forge) -> None:
    forge.put("lib", {"lib.c": "int lib;\n"})
    with pytest.raises(Configuration, match=r"SubmoduleCommitMissing.* third/lib"):
        cloned(layout, forge.put("shop", {"a": "a"}, {"third/lib": ("absent", "../lib.git")}))


def test_no_more_than_three_levels_are_followed(layout: Settings, forge: Forge) -> None:
    forge.put("level4", {"a": "a"})
    for level in (3, 2, 1, 0):
        forge.put(f"level{level}", {"a": "a"}, {"in": (f"level{level + 1}", f"../level{level + 1}.git")})
    with pytest.raises(Configuration, match=r"SubmodulesTooDeep.* in/in/in/in "):
        cloned(layout, str(forge.root / "level0.git"))


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("../lib.git", "https://forge.test:8443/team/lib.git"),
        ("../../other/lib.git", "https://forge.test:8443/other/lib.git"),
        ("./lib", "https://forge.test:8443/team/shop.git/lib"),
        ("https://forge.test:8443/x.git", "https://forge.test:8443/x.git"),
    ],
)
def test_addresses_on_the_repositorys_own_server(url: str, address: str) -> None:
    assert resolved("lib", url, "https://forge.test:8443/team/shop.git") == address


@pytest.mark.parametrize(
    "url",
    [
        "../../../x.git",
        "http://forge.test:8443/x.git",
        "https://forge.test/x.git",
        "https://forge.test:8443@evil.test/x.git",
        "file:///etc",
        "/etc",
        "",
        None,
    ],
)
def test_no_other_address_is_asked(url: str | None) -> None:
    with pytest.raises(Configuration, match="Submodule lib"):
        resolved("lib", url, "https://forge.test:8443/team/shop.git")


@given(st.text(alphabet="./:@ab-", max_size=30))
def test_whatever_a_url_says_no_other_server_gets_the_credentials(url: str) -> None:
    try:
        found = resolved("lib", url, "https://forge.test/team/shop.git")
    except Configuration:
        return
    assert found.startswith("https://forge.test/")


def test_git_itself_agrees_on_relative_addresses(tmp_path: Path) -> None:
    urls, parent = ["../lib.git", "../../other/lib.git", "./lib"], "https://forge.test/team/shop.git"
    git(tmp_path, "init", "-q")
    git(tmp_path, "remote", "add", "origin", parent)
    listed = [f'[submodule "{at}"]\n\tpath = lib{at}\n\turl = {url}\n' for at, url in enumerate(urls)]
    (tmp_path / ".gitmodules").write_text("".join(listed))
    for at, _ in enumerate(urls):
        git(tmp_path, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},lib{at}")
    git(tmp_path, "submodule", "init")
    theirs = [git(tmp_path, "config", "--get", f"submodule.{at}.url") for at, _ in enumerate(urls)]
    assert theirs == [resolved("lib", url, parent) for url in urls]


def test_they_are_fetched_with_the_pools_credentials_and_the_work_is_pushed(
    server: str,  # noqa: F811
    layout: Settings,
    tmp_path: Path,
) -> None:
    served = tmp_path / "served"
    forge = Forge(served)
    forge.put("lib", {"lib.c": "int lib;\n"})
    bare = forge.put(
        "market", {"app.c": "int app;\n"}, {"lib": ("lib", "../lib.git"), "same": ("lib", f"{server}/lib.git")}
    )
    git(Path(bare), "config", "http.receivepack", "true")
    mount(layout, TOKEN)
    order = order_for(f"{server}/market.git", submodules=True)
    checkout.main(layout, order)
    assert {"lib/lib.c", "same/lib.c"} <= below(layout.work)
    (layout.work / "app.c").write_text("int changed;\n")
    assert Repository(layout).commit("change")
    head = publish.main(layout, order).commit
    assert git(Path(bare), "rev-parse", order.branch) == head
    assert {"lib/lib.c", "same/lib.c"} <= below(layout.proof)
    assert git(Path(bare), "fsck", "--connectivity-only", order.branch) == ""
