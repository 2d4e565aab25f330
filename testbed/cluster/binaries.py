"""Programs compiled from locked Go modules, kept in the cache by version.

Each folder of `testbed/go` is a module whose go.mod names the version and whose go.sum holds the hashes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from testbed.artefact import build_once
from testbed.plan import cache_dir
from testbed.shell import TestbedError, say

_MODULES = Path(__file__).parent.parent / "go"
_PROGRESS_SECONDS = 15.0
_KUBERNETES = "k8s.io/kubernetes"
_KUBERNETES_PROGRAMS = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "kubectl",
)


@dataclass(frozen=True)
class Tool:
    """Programs built together from one module."""

    folder: str
    module: str
    programs: Mapping[str, str]
    """Program name to the import path of its main package."""

    @property
    def source(self) -> Path:
        return _MODULES / self.folder

    @property
    def version(self) -> str:
        """As required by go.mod, without the leading v."""
        text = (self.source / "go.mod").read_text()
        found = re.search(rf"^\s*(?:require )?{re.escape(self.module)} v(\S+)", text, re.MULTILINE)
        if found is None:
            raise TestbedError(f"{self.source / 'go.mod'}: no version of {self.module}; run `go get` there")
        return found[1]

    @property
    def linker_flags(self) -> str:
        """Small, and for Kubernetes with the version its programs compare with each other."""
        if self.module != _KUBERNETES:
            return "-s -w"
        major, minor, _ = self.version.split(".")
        values = {
            "gitVersion": f"v{self.version}",
            "gitMajor": major,
            "gitMinor": minor,
            "gitTreeState": "clean",
        }
        settings = (f"-X k8s.io/component-base/version.{name}={value}" for name, value in values.items())
        return " ".join(("-s -w", *settings))


TOOLS: Mapping[str, Tool] = {
    "kubernetes": Tool("kubernetes", _KUBERNETES, {name: f"{_KUBERNETES}/cmd/{name}" for name in _KUBERNETES_PROGRAMS}),
    "kubectl": Tool("kubernetes", _KUBERNETES, {"kubectl": f"{_KUBERNETES}/cmd/kubectl"}),
    "etcd": Tool("etcd", "go.etcd.io/etcd/server/v3", {"etcd": "go.etcd.io/etcd/server/v3"}),
    "coredns": Tool("coredns", "github.com/coredns/coredns", {"coredns": "github.com/coredns/coredns"}),
    "helm": Tool("helm", "helm.sh/helm/v4", {"helm": "helm.sh/helm/v4/cmd/helm"}),
    "kind": Tool("kind", "sigs.k8s.io/kind", {"kind": "sigs.k8s.io/kind"}),
    "kwok": Tool("kwok", "sigs.k8s.io/kwok", {"kwok": "sigs.k8s.io/kwok/cmd/kwok"}),
}


def ensure(name: str) -> Path:
    """The folder with the programs of a tool, compiled if this machine does not have them yet.

    Raises TestbedError when the name is not one of TOOLS, Go is missing, or the build fails.
    """
    if name not in TOOLS:
        raise TestbedError(f"no recipe for {name!r}; there is one for {', '.join(sorted(TOOLS))}")
    tool = TOOLS[name]
    return build_once(cache_dir() / "bin" / f"{name}-{tool.version}", lambda into: _build(name, tool, into))


def link_programs(into: Path, folders: Mapping[str, Path]) -> Path:
    """Make `into` a folder of links, program name to the folder that holds it; returns `into`."""
    into.mkdir(parents=True, exist_ok=True)
    for program, folder in folders.items():
        link = into / program
        link.unlink(missing_ok=True)
        link.symlink_to(folder / program)
    return into


def _build(name: str, tool: Tool, into: Path) -> None:
    if shutil.which("go") is None:
        raise TestbedError("go is not installed; install Go 1.26 or newer and put it on PATH")
    log = cache_dir() / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    title = f"{name} {tool.version}"
    say(f"{title}: compiling (once; kept in {cache_dir()})")
    started = time.monotonic()
    with log.open("w") as sink:
        build = subprocess.Popen(
            _go_build(tool, into),
            cwd=tool.source,
            env={**os.environ, "CGO_ENABLED": "0"},
            stdout=sink,
            stderr=sink,
        )
        try:
            code = _watch(build, lambda: f"{title}: {_lines(log)} packages in {_since(started)}")
        finally:
            build.kill()
    if code != 0:
        last = "\n".join(log.read_text().splitlines()[-15:])
        raise TestbedError(f"{title}: go build: exit {code}\n{last}\nThe whole log: {log}")
    say(f"{title}: compiled in {_since(started)}")


def _go_build(tool: Tool, into: Path) -> list[str]:
    command = ["go", "build", "-v", "-mod=readonly", "-buildvcs=false", "-trimpath"]
    # Several programs take their names from their packages; a single one need not (etcd's package is "server").
    output = f"{into}/" if len(tool.programs) > 1 else str(into / next(iter(tool.programs)))
    return [*command, "-ldflags", tool.linker_flags, "-o", output, *tool.programs.values()]


def _watch(process: subprocess.Popen[bytes], progress: Callable[[], str]) -> int:
    """Wait for the end, with a line of progress now and then; returns the exit code."""
    while True:
        try:
            return process.wait(timeout=_PROGRESS_SECONDS)
        except subprocess.TimeoutExpired:
            say(progress())


def _since(started: float) -> str:
    return f"{time.monotonic() - started:.0f} s"


def _lines(log: Path) -> int:
    return len(log.read_text().splitlines())
