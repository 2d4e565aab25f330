"""Submodules: their commits in the run's own repository, their files in the work tree, and no repository of theirs.

A repository within the work tree would be the workbench's to write, with filters that git runs. So each commit is
fetched into the run's git directory, and its files stand in the work tree by an index of their own, which the
superproject's git never looks at (`Git.hide_submodules`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

from boardhand_runner.errors import Configuration, Infrastructure
from boardhand_runner.git import BASE_REF, Git
from boardhand_runner.remote import Remote
from boardhand_runner.settings import Settings

LEVELS = 3
REFS = "refs/boardhand/submodules"
"""Below it, each fetched commit under its own name."""
INDEX = "boardhand-submodules.index"
"""In the git directory: the submodules' files that stand in the work tree."""
NAMED = 3
_NO_COMMIT = re.compile(r"not our ref|unadvertised object|couldn't find remote ref|does not allow request")
_ADDRESS = re.compile(r"[^\s\x00-\x1f-][^\s\x00-\x1f]*\Z")


@dataclass(frozen=True)
class Submodule:
    """One of them, as a commit records it."""

    path: str
    """From the repository's root."""
    commit: str


Fetch = Callable[[Submodule, str], None]
"""Of a submodule and its address."""


def place(settings: Settings, address: str, hidden: Collection[str]) -> None:
    """Fetch the submodules of the base commit, and write their files into the work tree. `address` is the repository's.

    Those that are `hidden` are fetched all the same: the proof has them. Only while nothing else can write there.

    Raises Configuration with the submodule's path where its place is not known or not allowed, or where they go deeper
    than LEVELS, and what the fetch comes to.
    """
    git = Git(settings)

    def fetch(one: Submodule, source: str) -> None:
        _fetch(settings, git, one, source)

    found = list(_walk(git, BASE_REF, "", address, 1, fetch))
    shown = [one for one in found if not any(_below(one.path, path) for path in hidden)]
    index = Git(settings, work_tree=settings.work, index=settings.git_dir / INDEX)
    add_files(index, shown)
    index.run("checkout-index", "--all", "--index", "--quiet")


def recorded(git: Git, tree: str) -> list[Submodule]:
    """The submodules of a commit, those of submodules too. Raises Infrastructure where one was not fetched."""
    known = {ref.rsplit("/", 1)[-1] for ref in git.text("for-each-ref", "--format=%(refname)", REFS).split()}

    def all_of(commit: str, prefix: str) -> Iterator[Submodule]:
        for one in links(git, commit, prefix):
            if one.commit not in known:
                raise Infrastructure("SubmoduleMissing", f"Checkout fetched no commit {one.commit} for {one.path}.")
            yield one
            yield from all_of(one.commit, f"{one.path}/")

    return list(all_of(tree, ""))


def links(git: Git, tree: str, prefix: str = "") -> list[Submodule]:
    """What the tree itself records, each path after `prefix`."""
    rows = git.run("ls-tree", "-r", "-z", "--full-tree", tree).stdout.decode("utf-8", "surrogateescape").split("\0")
    parts = [row.partition("\t") for row in rows if row.startswith("160000 ")]
    return [Submodule(prefix + path, about.split()[2]) for about, _, path in parts]


def add_files(index: Git, submodules: Sequence[Submodule]) -> None:
    """Put the files of their commits into the index, in place of the submodules themselves."""
    entries = []
    for one in submodules:
        entries.append(f"0 {'0' * 40}\t{one.path}")
        rows = index.run("ls-tree", "-r", "-z", "--full-tree", one.commit).stdout.decode("utf-8", "surrogateescape")
        for row in rows.split("\0"):
            about, _, path = row.partition("\t")
            if about and not about.startswith("160000 "):
                mode, _, name = about.split()
                entries.append(f"{mode} {name}\t{one.path}/{path}")
    lines = "".join(f"{entry}\0" for entry in entries).encode("utf-8", "surrogateescape")
    index.run("update-index", "-z", "--index-info", stdin=lines)


class ReadOnly:
    """The submodules in the work tree while the agent works: nothing of them is committed."""

    def __init__(self, settings: Settings) -> None:
        self._superproject = Git(settings)
        self._index = settings.git_dir / INDEX
        self._git = Git(settings, work_tree=settings.work, index=self._index)

    @cached_property
    def paths(self) -> list[str]:
        """Those of the repository itself, whether fetched or not."""
        rows = self._superproject.run("ls-files", "--stage", "-z").stdout.decode("utf-8", "surrogateescape").split("\0")
        return [row.partition("\t")[2] for row in rows if row.startswith("160000 ")]

    def holding(self, path: str) -> str | None:
        """The submodule that a path is in."""
        return next((submodule for submodule in self.paths if _below(path, submodule)), None)

    def files(self, spec: str) -> list[str]:
        """Their files that match the pathspec."""
        return self._listed("ls-files", "-z", "--cached", "--", spec) if self._index.exists() else []

    def untracked(self) -> list[str]:
        """What was put among their files, and they do not ignore."""
        where = [f":(top,literal){path}" for path in self.paths]
        options = ("-z", "--others", "--exclude-standard", "--directory", "--no-empty-directory")
        return self._listed("ls-files", *options, "--", *where) if where else []

    def undo(self) -> None:
        """Put back the files that were changed or removed."""
        if paths := self._altered():
            lines = "".join(f"{path}\0" for path in paths).encode("utf-8", "surrogateescape")
            self._git.run("checkout-index", "--force", "--index", "--quiet", "-z", "--stdin", stdin=lines)

    def changed(self) -> list[str]:
        """In words, submodule by submodule, what commands did to their files."""
        found: dict[str, list[str]] = defaultdict(list)
        for path in [*self._altered(), *self.untracked()]:
            submodule = self.holding(path)
            assert submodule is not None
            found[submodule].append(path)
        return [f"{_some(files)} in the submodule {path}, which is read-only here" for path, files in found.items()]

    def _altered(self) -> list[str]:
        return self._listed("diff-files", "-z", "--name-only") if self._index.exists() else []

    def _listed(self, *arguments: str) -> list[str]:
        done = self._git.run(*arguments)
        return [path for path in done.stdout.decode("utf-8", "surrogateescape").split("\0") if path]


def resolved(path: str, url: str | None, parent: str) -> str:
    """The address of the submodule at `path`, whose .gitmodules says `url`, in the repository at `parent`.

    Only the parent's own server is asked, since only that one is known to take the pool's credentials. Raises
    Configuration.
    """
    if not url or not _ADDRESS.match(url):
        raise Configuration("SubmoduleUnknown", f"Submodule {path}: .gitmodules has no usable url for it.")
    if url.startswith(("./", "../")):
        return _relative(path, url, parent)
    if parent.startswith("/") and url.startswith("/"):
        return url
    here, there = urlsplit(parent), urlsplit(url)
    if there.scheme not in ("http", "https", "ssh") or (there.scheme, there.netloc) != (here.scheme, here.netloc):
        raise Configuration(
            "SubmoduleElsewhere",
            f"Submodule {path}: only submodules on {here.netloc or 'this machine'} are fetched, and its url is"
            f" {url[:200]}. Make it relative in .gitmodules, or set spec.repository.submodules to false.",
        )
    return url


def _relative(path: str, url: str, parent: str) -> str:
    """As git does: `..` takes the last part off the parent's address, and never its server."""
    server = f"{urlsplit(parent).scheme}://{urlsplit(parent).netloc}" if "://" in parent else ""
    folders = [part for part in parent.removeprefix(server).split("/") if part]
    for part in url.split("/"):
        if part == ".." and not folders:
            raise Configuration("SubmoduleUnknown", f"Submodule {path}: its url {url[:200]} leads above the server.")
        if part == "..":
            folders.pop()
        elif part not in ("", "."):
            folders.append(part)
    return "/".join([server, *folders])


def _walk(git: Git, tree: str, prefix: str, address: str, level: int, fetch: Fetch) -> Iterator[Submodule]:
    found = links(git, tree, prefix)
    if found and level > LEVELS:
        raise Configuration(
            "SubmodulesTooDeep", f"Submodule {found[0].path} is more than {LEVELS} levels deep; no more are fetched."
        )
    urls = _urls(git, tree) if found else {}
    for one in found:
        source = resolved(one.path, urls.get(one.path.removeprefix(prefix)), address)
        fetch(one, source)
        yield one
        yield from _walk(git, one.commit, f"{one.path}/", source, level + 1, fetch)


def _urls(git: Git, tree: str) -> dict[str, str]:
    """Path to address, as the tree's own .gitmodules says."""
    done = git.run("config", "--blob", f"{tree}:.gitmodules", "--no-includes", "-z", "--list", check=False)
    values = dict(entry.split("\n", 1) for entry in done.text.split("\0") if "\n" in entry)
    names = {key.removesuffix(".path"): path for key, path in values.items() if key.endswith(".path")}
    return {path: values[f"{name}.url"] for name, path in names.items() if f"{name}.url" in values}


def _fetch(settings: Settings, git: Git, one: Submodule, source: str) -> None:
    ref = f"{REFS}/{one.commit}"
    if git.run("rev-parse", "--verify", "--quiet", ref, check=False).code == 0:
        return
    remote = Remote(settings, source)
    done = remote.attempt(
        "fetch",
        "--quiet",
        "--depth=1",
        "--no-tags",
        "--no-recurse-submodules",
        "--no-write-fetch-head",
        "--",
        remote.address,
        f"{one.commit}:{ref}",
    )
    if done.code == 0:
        return
    if _NO_COMMIT.search(done.stderr):
        raise Configuration(
            "SubmoduleCommitMissing",
            f"Submodule {one.path}: {source} has no commit {one.commit}, or gives none: {remote.tail(done.stderr)}",
        )
    fault = remote.fault(done.stderr)
    raise type(fault)(fault.reason, f"Submodule {one.path}: {fault.message}")


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _some(files: Sequence[str]) -> str:
    more = f" and {len(files) - NAMED} more" if len(files) > NAMED else ""
    return f"{', '.join(files[:NAMED])}{more}"
