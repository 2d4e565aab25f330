"""Which stage sees which volume: the table of DESIGN section 2 as data."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from boardhand_api import pod
from boardhand_api.order import Order
from boardhand_api.pod import Stage
from boardhand_api.pool import CodingAgentSpec
from boardhand_api.workbench import Cache
from boardhand_operator.credentials import PUSH, READ, Source, agent_volumes, sources
from boardhand_operator.minted import secret
from boardhand_operator.names import git_secret_name, sealed_secret_name
from boardhand_operator.sealed import secret as sealed
from boardhand_operator.specs import isolation, kept

_SECRET_MODE = 0o440


@dataclass(frozen=True)
class Mount:
    """A volume, or one file of it, in a stage."""

    volume: str
    path: PurePosixPath
    read_only: bool = False
    sub_path: str | None = None

    def wire(self) -> dict[str, Any]:
        out: dict[str, Any] = {"name": self.volume, "mountPath": str(self.path), "readOnly": self.read_only}
        return out | ({"subPath": self.sub_path} if self.sub_path else {})


def java_options(pool: CodingAgentSpec) -> dict[str, str]:
    """What the JVM would get wrong: its home is not $HOME, and it reads no PEM (checkout makes a trust store)."""
    options = {"user.home": str(pod.HOME)}
    if pool.certificates:
        options |= {
            "javax.net.ssl.trustStore": str(pod.TRUST_STORE),
            "javax.net.ssl.trustStoreType": "PKCS12",
            "javax.net.ssl.trustStorePassword": pod.TRUST_STORE_PASSWORD,
        }
    return {"JAVA_TOOL_OPTIONS": " ".join(f"-D{key}={value}" for key, value in options.items())}


def _scratch(stage: Stage) -> list[Mount]:
    volume = f"scratch-{stage.value}"
    return [
        Mount(volume, pod.HOME, sub_path="home"),
        Mount(volume, PurePosixPath("/tmp"), sub_path="tmp"),  # noqa: S108 (a volume of the stage's own)
    ]


def _secrets(stage: Stage, pool: CodingAgentSpec) -> list[Mount]:
    mounts: list[Mount] = []
    if stage is Stage.CHECKOUT and READ in sources(pool):
        mounts.append(Mount("git-read", pod.GIT_SECRET, read_only=True))
    if stage is Stage.PUBLISH:
        mounts.append(Mount("git-push", pod.GIT_SECRET, read_only=True))
    if stage is Stage.AGENT:
        mounts += [Mount(volume, pod.SECRETS / volume, read_only=True) for volume in agent_volumes(pool)]
    return mounts


_SHARED: dict[Stage, list[Mount]] = {
    Stage.CHECKOUT: [
        Mount("work", pod.WORK),
        Mount("git", pod.GIT),
        Mount("exec", pod.EXEC),
        Mount("serve", pod.SERVE),
        Mount("order", pod.ORDER.parent, read_only=True),
    ],
    Stage.WORKBENCH: [
        Mount("work", pod.WORK),
        Mount("git", pod.GIT, read_only=True),
        Mount("git", pod.WORK / ".git", read_only=True, sub_path=pod.GIT_POINTER.name),
        Mount("exec", pod.EXEC),
        Mount("serve", pod.SERVE, read_only=True),
    ],
    Stage.AGENT: [
        Mount("work", pod.WORK),
        Mount("git", pod.GIT),
        Mount("exec", pod.EXEC),
        Mount("serve", pod.SERVE),
        Mount("order", pod.ORDER.parent, read_only=True),
    ],
    Stage.PUBLISH: [
        Mount("git", pod.GIT),
        Mount("proof", pod.PROOF),
        Mount("order", pod.ORDER.parent, read_only=True),
    ],
    Stage.VERIFY: [
        Mount("proof", pod.PROOF),
        Mount("serve", pod.SERVE, read_only=True),
    ],
}


def _caches(stage: Stage, pool: CodingAgentSpec) -> list[Mount]:
    """What the workbench can write, the proof never sees: it has an empty folder there."""
    if stage not in (Stage.WORKBENCH, Stage.VERIFY):
        return []
    shared = {True: "", False: f"-{stage.value}"}
    return [
        Mount(f"cache-{number}{shared[cache.read_only]}", PurePosixPath(cache.path), read_only=cache.read_only)
        for number, cache in enumerate(pool.workbench.caches)
    ]


def _cache_volumes(pool: CodingAgentSpec) -> dict[str, dict[str, Any]]:
    """By the names that `_caches` mounts."""
    made: dict[str, dict[str, Any]] = {}
    for number, cache in enumerate(pool.workbench.caches):
        name = f"cache-{number}"
        for volume in (name,) if cache.read_only else (f"{name}-{Stage.WORKBENCH}", f"{name}-{Stage.VERIFY}"):
            made[volume] = {"name": volume} | _cache_source(cache, pool, proof=volume.endswith(Stage.VERIFY))
    return made


def _cache_source(cache: Cache, pool: CodingAgentSpec, *, proof: bool) -> dict[str, Any]:
    if cache.claim and not proof:
        return {"persistentVolumeClaim": {"claimName": cache.claim, "readOnly": cache.read_only}}
    return {"emptyDir": {"sizeLimit": cache.size or pool.pod.disk}}


def mounts(stage: Stage, pool: CodingAgentSpec) -> list[Mount]:
    """Everything the stage sees, its secrets and the pool's certificates with it."""
    certificates = [Mount("certificates", pod.CERTIFICATES.parent, read_only=True)] if pool.certificates else []
    shared = _on_kept(stage) if pool.persistence else _SHARED[stage]
    return [*shared, *_secrets(stage, pool), *certificates, *_scratch(stage), *_caches(stage, pool)]


def _on_kept(stage: Stage) -> list[Mount]:
    """The shared mounts where the run has a volume of its own; the state on it is for checkout and agent alone."""
    state = [Mount("state", pod.STATE)] if stage in (Stage.CHECKOUT, Stage.AGENT) else []
    return [
        replace(mount, volume=kept.VOLUME, sub_path="/".join(filter(None, (mount.volume, mount.sub_path))))
        if mount.volume in kept.FOLDERS
        else mount
        for mount in [*_SHARED[stage], *state]
    ]


def _secret(volume: str, given: Source, run: str) -> dict[str, Any]:
    """Of the Secret that the pool names, or of the run's own with what is sealed at this place, and nothing else."""
    if given.reference:
        return {"name": volume, "secret": {"secretName": given.reference.name, "defaultMode": _SECRET_MODE}}
    own = {"secretName": sealed_secret_name(run), "defaultMode": _SECRET_MODE, "items": sealed.items(given)}
    return {"name": volume, "secret": own}


def _minted(volume: str, run: str, stage: Stage) -> dict[str, Any]:
    source = {"secretName": git_secret_name(run), "defaultMode": _SECRET_MODE, "items": secret.items(stage)}
    return {"name": volume, "secret": source}


def volumes(pool: CodingAgentSpec, order: Order, minted: Collection[Stage] = ()) -> list[dict[str, Any]]:
    """The pod's volumes, each only where a stage mounts it. minted: stages whose tokens are in the run's own Secret."""
    stages = [Stage.CHECKOUT, Stage.WORKBENCH, Stage.AGENT]
    if not order.task.reads_only:
        stages += [Stage.PUBLISH, Stage.VERIFY]
    used = {mount.volume for stage in stages for mount in mounts(stage, pool)}
    annotation = f"metadata.annotations['{pod.ORDER_ANNOTATION}']"
    order_item = {"path": pod.ORDER.name, "fieldRef": {"fieldPath": annotation}}
    known: dict[str, dict[str, Any]] = {"order": {"name": "order", "downwardAPI": {"items": [order_item]}}}
    given = sources(pool)
    for stage, volume, place in ((Stage.CHECKOUT, "git-read", READ), (Stage.PUBLISH, "git-push", PUSH)):
        if place in given:
            known[volume] = _secret(volume, given[place], order.run)
        if stage in minted:
            known[volume] = _minted(volume, order.run, stage)
    known |= {volume: _secret(volume, source, order.run) for volume, source in agent_volumes(pool).items()}
    if pool.certificates:
        item = {"key": pool.certificates.key, "path": pod.CERTIFICATES.name}
        config = {"name": pool.certificates.config_map, "items": [item]}
        known["certificates"] = {"name": "certificates", "configMap": config}
    if pool.persistence:
        known[kept.VOLUME] = kept.source(order.run)
    known |= _cache_volumes(pool)
    return [known.get(name) or isolation.empty_volume(name, pool.pod) for name in sorted(used)]
