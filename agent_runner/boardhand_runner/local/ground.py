"""What a local run begins with: the folders that are volumes in a pod, the repository, the secrets."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from boardhand_runner.git import execute, git_environment
from boardhand_runner.settings import Settings

GIT_SECONDS = 900


class Unusable(Exception):
    """What was given cannot be run; the message says what to change."""


def lay_out(root: Path) -> Settings:
    """The folders that are volumes in a pod."""
    settings = Settings(root=root, termination_log=root / "termination")
    for folder in (settings.git_dir.parent, settings.exec, settings.serve, settings.proof, settings.home):
        folder.mkdir(parents=True)
    settings.order.parent.mkdir()
    return settings


def source_of(arguments: argparse.Namespace, settings: Settings) -> tuple[str, str]:
    """The repository to clone, and the branch to start from.

    A folder is copied into a bare repository, which is then pushed to: nothing of yours is written. A folder that is
    no repository of its own becomes one, so that an example can be tried as it lies there.
    """
    folder = Path(arguments.repo)
    if not folder.is_dir():
        return arguments.repo, arguments.branch
    folder, bare = folder.resolve(), settings.root / "repository.git"
    if not ((folder / ".git").exists() or (folder / "HEAD").is_file()):
        copy = settings.root / "source"
        shutil.copytree(folder, copy)
        for command in (["init", "-q", "-b", "main"], ["add", "--all"], ["commit", "-q", "-m", "As it was given"]):
            _git(settings, *command, cwd=copy)
        folder = copy
    _git(settings, "clone", "-q", "--bare", str(folder), str(bare), cwd=settings.root)
    return str(bare), _git(settings, "symbolic-ref", "--short", "HEAD", cwd=bare)


def place_secrets(arguments: argparse.Namespace, settings: Settings) -> None:
    """Copies of the given secrets where the stages look for them. Raises Unusable."""
    try:
        if arguments.api_key_file:
            for folder in (settings.large_secret, settings.small_secret):
                folder.mkdir(parents=True)
                (folder / "apiKey").write_text(arguments.api_key_file.read_text("utf-8"))
                (folder / "apiKey").chmod(0o600)
        if arguments.git_secret:
            shutil.copytree(arguments.git_secret, settings.git_secret)
    except OSError as error:
        raise Unusable(f"{error.filename} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        # Without the error it comes from, which holds the key.
        raise Unusable(f"{arguments.api_key_file} is no text: it must hold the key alone, in UTF-8") from None


def _git(settings: Settings, *arguments: str, cwd: Path) -> str:
    environment = git_environment(settings) | {"GIT_ALLOW_PROTOCOL": "file"}
    done = execute(arguments, environment, GIT_SECONDS, cwd=cwd)
    if done.code:
        raise Unusable(f"git {arguments[0]} of {cwd} failed: {done.stderr.strip()}")
    return done.text
