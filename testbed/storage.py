"""A stand-in for a storage provisioner: the embedded cluster has none, so volumes are made by hand, as folders of the
host. Unlike a provisioner's they are there before anybody claims them, and stay when the claim is gone."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from testbed.world import SYSTEM, World

Json = dict[str, Any]
SIZE = "1Gi"


@contextmanager
def storage_class(world: World, volumes: int) -> Iterator[str]:
    """The name of a storage class with so many volumes of SIZE, on which any user may write."""
    name, kubectl = f"testbed-{uuid.uuid4().hex[:8]}", world.kubectl(SYSTEM)
    folder = world.plan.service_state / "volumes" / name
    names = [f"{name}-{number}" for number in range(volumes)]
    for one in names:
        (folder / one).mkdir(parents=True)
        (folder / one).chmod(0o777)
    made = [_volume(name, one, str(folder / one)) for one in names]
    kubectl.apply(_class(name), *made)
    try:
        yield name
    finally:
        # A claim that is still there, after a test that failed, keeps its volume until it goes.
        kubectl("delete", "persistentvolume", *names, "--wait=false")
        kubectl.delete("storageclass", name)
        shutil.rmtree(folder)


def _class(name: str) -> Json:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": "kubernetes.io/no-provisioner",
    }


def _volume(storage_class: str, name: str, path: str) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": SIZE},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": storage_class,
            "hostPath": {"path": path, "type": "Directory"},
        },
    }
