"""Everything a card needs to travel: cluster, images, forge, board, model, and Boardhand itself from its chart."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from testbed import standin
from testbed.board import TrelloClient
from testbed.cluster.network import GATEWAY
from testbed.cluster.provider import Cluster, Provider
from testbed.cluster.selection import choose
from testbed.forge import server as forge_server
from testbed.forge.build import ensure_gitea
from testbed.forge.info import ForgeInfo
from testbed.images import store as image_store
from testbed.images.build import BuiltImage, ensure_image
from testbed.kubectl import Kubectl
from testbed.plan import Plan
from testbed.shell import run, say

ROOT = Path(__file__).resolve().parents[1]
RELEASE = "boardhand"
SYSTEM = "boardhand-system"
"""Namespace of the operator."""
NAMESPACES = ("demo", "e2e")
"""Namespaces whose pools are worked."""
IMAGES = ("operator", "runner", "workbench-python", "workbench-java")
TRELLO_KEY = "f00dfacef00dfacef00dfacef00dface"
TRELLO_TOKEN = "standin-token-of-the-testbed"
TRELLO_SECRET = "standin-secret-of-the-testbed"
"""Signs the stand-in's webhooks."""
MODEL_KEY = "scripted-model-key-of-the-testbed"


@dataclass(frozen=True)
class World:
    """A testbed that is up. All addresses are the same from the host and from pods."""

    plan: Plan
    cluster: Cluster
    forge: ForgeInfo
    trello_url: str
    model_url: str
    images: dict[str, str]
    """Name to the reference that pods use."""

    def kubectl(self, namespace: str) -> Kubectl:
        return Kubectl(self.cluster, namespace)

    def board(self) -> TrelloClient:
        """The board's API as a person's program would use it."""
        return TrelloClient(self.trello_url, TRELLO_KEY, TRELLO_TOKEN)


@contextmanager
def _timed(what: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    say(f"{what}: {time.monotonic() - started:.0f} s")


def _built(names: tuple[str, ...]) -> dict[str, BuiltImage]:
    return {name: ensure_image(name) for name in names}


def _loaded(provider: Provider, images: dict[str, BuiltImage]) -> dict[str, str]:
    return {name: provider.load_image(image.archive, image.reference) for name, image in images.items()}


def up(plan: Plan, images: tuple[str, ...] = IMAGES) -> World:
    """Bring everything up, or find it up. Raises TestbedError saying what to do."""
    provider = choose(plan, os.environ)
    with ThreadPoolExecutor(max_workers=2) as pool:
        # Compiling keeps the cores busy, installing packages the network: side by side they cost little more.
        building = pool.submit(lambda: (_built(images), ensure_gitea()))
        with _timed("cluster"):
            cluster = provider.up()
        built, _ = building.result()
    address = cluster.host_address
    with _timed("images in the cluster"):
        references = _loaded(provider, built)
    forge = forge_server.up(plan, address)
    trello, model = start_standins(plan, address)
    world = World(plan, cluster, forge, trello, model, references)
    with _timed("chart"):
        install(world)
    return world


def start_standins(plan: Plan, address: str) -> tuple[str, str]:
    """The addresses of the stand-ins for Trello and for a model, started where they do not run."""
    who = ["--key", TRELLO_KEY, "--token", TRELLO_TOKEN, "--secret", TRELLO_SECRET]
    trello = standin.start("testbed.trello", plan, "trello", address, who)
    return trello, standin.start("testbed.model", plan, "model", address, ["--key", MODEL_KEY])


def install(world: World, **more: object) -> None:
    """Install or upgrade the chart, and wait until the operator is ready. more: further values of it."""
    kubectl = world.kubectl(SYSTEM)
    for name in (SYSTEM, *NAMESPACES):
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    _finish_killed_install(world)
    values = {
        "operator": {
            "image": world.images["operator"],
            "imageGraceSeconds": 5,
            "configurationRetrySeconds": 3600,
            # On the node's own address, which the stand-in on the host reaches.
            "webhooks": {"enabled": True, "service": {"type": "NodePort"}},
        },
        "runner": {"image": world.images["runner"]},
        "watchNamespaces": list(NAMESPACES),
        "userNamespaces": "Auto",
        # On the embedded cluster, DNS is a process of the node's.
        "network": {"dns": {"addresses": [GATEWAY]}},
        **more,
    }
    run(
        [
            *(world.cluster.bin_dir / "helm", "upgrade", "--install", RELEASE, ROOT / "helm" / "boardhand"),
            *("--kubeconfig", world.cluster.kubeconfig, "--namespace", SYSTEM),
            *("--values", "-", "--wait", "--timeout", "90s"),
        ],
        stdin=json.dumps(values),
        timeout=240,
    )


def helm(world: World, *words: str) -> str:
    """What helm prints, asked about the chart's namespace. Raises TestbedError."""
    helm = [str(world.cluster.bin_dir / "helm"), "--kubeconfig", str(world.cluster.kubeconfig), "--namespace", SYSTEM]
    return run([*helm, *words], timeout=120)


def _finish_killed_install(world: World) -> None:
    """A killed helm leaves its release pending, and refuses every further upgrade; the CRDs and pools stay."""
    if RELEASE in helm(world, "list", "--pending", "--short").split():
        say("an earlier installation of the chart was killed; it is taken away and made anew")
        helm(world, "uninstall", RELEASE, "--wait")


def down(plan: Plan, provider: Provider | None = None) -> None:
    """Remove every trace of the testbed but the cache of built artefacts. provider: of its cluster, where known."""
    cluster = provider or choose(plan, os.environ)
    steps: list[Callable[[], object]] = [
        lambda: standin.stop(plan, "model"),
        lambda: standin.stop(plan, "trello"),
        # What testbed.storage made; the forge, which keeps its things beside it, removes the folder of both.
        lambda: shutil.rmtree(plan.service_state / "volumes", ignore_errors=True),
        lambda: forge_server.down(plan),
        cluster.down,
        image_store.release,
    ]
    for step in steps:
        step()
    shutil.rmtree(plan.state, ignore_errors=True)
