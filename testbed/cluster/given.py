"""A cluster somebody else runs: used as it is, and left as it is."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from testbed.cluster import layout
from testbed.cluster.binaries import ensure, link_programs
from testbed.cluster.provider import Cluster
from testbed.images.store import buildah, exclusive
from testbed.plan import Plan
from testbed.shell import TestbedError, run, say


class GivenCluster:
    """Provider of the cluster KUBECONFIG names; images reach it through a registry of the user's."""

    def __init__(self, plan: Plan, env: Mapping[str, str]) -> None:
        self._plan = plan
        self._env = env

    def up(self) -> Cluster:
        """Check that the cluster answers, and copy its kubeconfig (the current context only) into the state."""
        host_address = self._required(
            "BOARDHAND_HOST_ADDRESS", "the address of this machine that pods of the cluster can reach"
        )
        home = layout.home(self._plan)
        folders = {"kubectl": ensure("kubectl"), "helm": ensure("helm")}
        bin_dir = link_programs(home / "bin", folders)
        kubeconfig = layout.admin_kubeconfig(self._plan)
        source = {"PATH": self._env.get("PATH", ""), "KUBECONFIG": self._env["KUBECONFIG"]}
        view: list[str | Path] = [bin_dir / "kubectl", "config", "view", "--raw", "--flatten", "--minify"]
        text = run(view, env=source)
        kubeconfig.touch(mode=0o600)
        kubeconfig.write_text(text)
        run([bin_dir / "kubectl", "--kubeconfig", kubeconfig, "get", "--raw", "/readyz"], timeout=30)
        say(f"using the given cluster of KUBECONFIG={self._env['KUBECONFIG']}")
        return Cluster(self._plan, kubeconfig, host_address, bin_dir)

    def load_image(self, archive: Path, reference: str) -> str:
        """Push the image to the registry BOARDHAND_REGISTRY names, under its name there."""
        registry = self._required(
            "BOARDHAND_REGISTRY",
            "a registry (with a path if it wants one) that this machine can push to and the cluster pulls from",
        )
        name = registry_name(registry, reference)
        say(f"pushing {name}")
        with exclusive():
            image = buildah("pull", "--quiet", f"oci-archive:{archive}").split()[-1]
            buildah("push", image, f"docker://{name}")
        return name

    def down(self) -> None:
        """Forget the copy of the kubeconfig; the cluster is not ours to stop."""
        layout.admin_kubeconfig(self._plan).unlink(missing_ok=True)
        if layout.home(self._plan).exists():
            shutil.rmtree(layout.home(self._plan))

    def status(self) -> dict[str, bool]:
        return {"given cluster": layout.admin_kubeconfig(self._plan).exists()}

    def _required(self, variable: str, what: str) -> str:
        value = self._env.get(variable)
        if not value:
            raise TestbedError(f"KUBECONFIG is set, so {variable} is needed too: set it to {what}")
        return value


def registry_name(registry: str, reference: str) -> str:
    """`localhost/boardhand/x:1` as it is called in a registry."""
    return f"{registry.rstrip('/')}/{reference.removeprefix('localhost/')}"
