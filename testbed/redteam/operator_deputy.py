"""The operator as a confused deputy: what its own rights are used for by people who have not got them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

from boardhand_operator.names import sealed_secret_name
from boardhand_operator.sealed.keyring import Key, Keyring, Place
from testbed.load import objects
from testbed.load.api import APPLY, MERGE
from testbed.redteam.attack import Attack, Outcome
from testbed.redteam.lures import listening
from testbed.redteam.operator_ground import KEYS, Json
from testbed.redteam.operator_planted import only_checkout
from testbed.redteam.operator_scene import SECONDS, Scene, as_user, scene
from testbed.shell import TestbedError, wait_for

RUN = "deputy"
NAMES = "what cannot be an object's name is asked for nowhere"
OTHERS = "canary-of-another-namespace-77e1"
MALLORY = "mallory"


def attacks() -> list[Attack]:
    """Every attack of this theme."""
    return [
        _attack(
            "pool-with-another-namespaces-secret", "another namespace's token at the attacker's server",
            _other_secret, "names", NAMES,
        ),
        _attack(
            "status-deletes-a-volume-elsewhere", "a volume of another namespace deleted by the operator",
            _other_volume, "volumes", f"{NAMES}, and only what is the run's is deleted",
        ),
        _attack("run-of-another-namespaces-pool", "a run by a pool that the attacker may not use", _other_pool),
        _attack(
            "sealed-text-of-another-pool", "another pool's model key, in a pool of the attacker's",
            _sealed, "places", "a text opens where it was sealed for, and nowhere else",
        ),
        _attack("run-by-somebody-without-secrets", "a Secret, by who may make runs and read no Secret", _no_secrets),
        _attack("status-without-the-right", "a run that is called proved, by who may change runs", _status),
        _attack("run-with-a-billion-tries", "an operator that counts to a billion", _tries),
        _attack("yaml-bomb-as-a-pool", "the API server's or the operator's memory", _bomb),
        _attack("run-for-a-card-elsewhere", "words and moves on a card of a board that is not the pool's", _card),
    ]  # fmt: skip


def _attack(name: str, wants: str, tried: Callable[[Scene], Outcome], off: str = "", guard: str = "") -> Attack:
    def with_operator(without: str) -> Outcome:
        with scene(without) as here:
            return tried(here)

    without = (lambda: with_operator(off)) if off else None
    return Attack(name, wants, lambda: with_operator(""), without, guard)


def _elsewhere(here: Scene) -> str:
    """Another namespace, with a Secret and a volume."""
    space = f"{here.space}-other"
    here.ground.cluster.apply(objects.namespace(space))
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "theirs", "namespace": space}}
    here.ground.cluster.apply({**secret, "stringData": {"key": OTHERS, "token": OTHERS}})
    return space


def _other_secret(here: Scene) -> Outcome:
    space = _elsewhere(here)
    with listening() as attacker:
        body = here.pool(board=True)
        body["spec"]["board"] |= {"url": attacker.url, "secretRef": {"name": f"../../{space}/secrets/theirs"}}
        here.ground.cluster.apply(body)
        reached = here.comes(lambda: attacker.has(OTHERS), 8)
    ready = here.condition("codingagents", "pool", "Ready")
    return Outcome(reached, f"{ready['reason']}: {ready['message']}")


def _other_volume(here: Scene) -> Outcome:
    space = _elsewhere(here)
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    claims = here.path("persistentvolumeclaims", space=space)
    meta = {"name": "data", "namespace": space}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": spec}
    here.api.create(claims, claim)
    here.ground.fates["Held"] = only_checkout
    here.apply(here.pool())
    here.run(RUN, title="Held")
    here.phase(RUN, "Working")
    here.write_status("ticketruns", RUN, {"volume": f"../../{space}/persistentvolumeclaims/data"})
    here.api.patch(here.path("ticketruns", RUN), {"spec": {"cancel": True}})
    here.phase(RUN, "Cancelled")

    def gone() -> bool:
        (found,) = here.api.list(claims)
        return "deletionTimestamp" in found["metadata"]

    return Outcome(here.comes(gone, 5), f"the run is Cancelled, and {space}/data is there")


def _other_pool(here: Scene) -> Outcome:
    here.apply(here.pool())
    with scene() as attacker:
        for number, name in enumerate((f"../{here.space}/pool", f"{here.space}/pool", "pool")):
            attacker.run(f"{RUN}-{number}", name)
        reached = attacker.comes(lambda: bool(attacker.all("jobs") or here.all("jobs")))
        said = attacker.condition("ticketruns", f"{RUN}-0", "Reconciling")
    return Outcome(reached, f"{said['reason']}: {said['message']}")


def _sealed(here: Scene) -> Outcome:
    """The text, copied as it stands in Git, in a pool of the same namespace."""
    key = Key.generate()
    Path(here.ground.cluster.layout.state / KEYS).write_text(f"{key.text}\n")
    body = here.pool()
    large = body["spec"]["models"]["large"]
    del large["secretRef"]
    large["sealed"] = {"apiKey": Keyring([key]).seal(Place(here.space, "theirs", "models.large.apiKey"), OTHERS)}
    here.ground.cluster.apply(body)
    here.run(RUN)

    def unsealed() -> bool:
        data = (here.get("secrets", sealed_secret_name(RUN)).get("data") or {}).values()
        return any(OTHERS in base64.b64decode(value).decode() for value in data)

    reached = here.comes(unsealed, 10)
    said = here.condition("codingagents", "pool", "Ready")
    return Outcome(reached, f"{said['reason']}: {said['message']}")


def _let(here: Scene, *resources: str) -> None:
    """Mallory may make, read and change these, and nothing else."""
    rule = {"apiGroups": ["boardhand.dev"], "resources": list(resources), "verbs": ["*"]}
    kind = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": MALLORY, "namespace": here.space}}
    about = "/apis/rbac.authorization.k8s.io/v1/namespaces/" + here.space
    here.api.apply(f"{about}/roles/{MALLORY}", {**kind, "kind": "Role", "rules": [rule]})
    who = {"kind": "User", "name": MALLORY, "apiGroup": "rbac.authorization.k8s.io"}
    role = {"kind": "Role", "name": MALLORY, "apiGroup": "rbac.authorization.k8s.io"}
    bound = {**kind, "kind": "RoleBinding", "roleRef": role, "subjects": [who]}
    here.api.apply(f"{about}/rolebindings/{MALLORY}", bound)


def _no_secrets(here: Scene) -> Outcome:
    _let(here, "ticketruns", "codingagents")
    here.apply(here.pool())
    with as_user(here.ground.cluster.layout, MALLORY) as mallory:
        secret = mallory.get(here.path("secrets", "git-push"))
        here.run(RUN)
        here.phase(RUN, "Succeeded")
        seen = "".join(mallory.get(here.path(plural)).text for plural in ("ticketruns", "codingagents"))
    reached = secret.status_code == 200 or objects.FORGE_TOKEN in seen
    return Outcome(reached, f"Secrets: {secret.status_code}; her run Succeeded, and no object of it has a secret")


def _status(here: Scene) -> Outcome:
    _let(here, "ticketruns")
    here.ground.fates["Held"] = only_checkout
    here.apply(here.pool())
    here.run(RUN, title="Held")
    here.phase(RUN, "Working")
    forged = {"status": {"phase": "Succeeded", "verdict": {"passed": True, "exitCode": 0}, "finishedAt": None}}
    with as_user(here.ground.cluster.layout, MALLORY) as mallory:
        kind = {"content-type": MERGE}
        plain = mallory.patch(here.path("ticketruns", RUN), json=forged, headers=kind).status_code
        status = mallory.patch(here.path("ticketruns", RUN) + "/status", json=forged, headers=kind).status_code
    reached = here.comes(lambda: here.status(RUN).get("phase") == "Succeeded")
    return Outcome(reached, f"through the run: {plain}, which leaves the status alone; its status: {status}")


def _tries(here: Scene) -> Outcome:
    """By who was given the right to write a status."""
    here.ground.fates["Held"] = only_checkout
    here.apply(here.pool())
    here.run(RUN, title="Held")
    here.phase(RUN, "Working")
    said = "the API server takes it"
    try:
        here.write_status("ticketruns", RUN, {"tries": 10**9})
    except TestbedError as refused:
        said = str(refused).partition("message")[2][:160] or str(refused)[:160]
    here.api.patch(here.path("ticketruns", RUN), {"spec": {"cancel": True}})
    ended = here.comes(lambda: here.status(RUN).get("phase") == "Cancelled", 10)
    here.run(f"{RUN}-2")
    worked = here.comes(lambda: here.status(f"{RUN}-2").get("phase") == "Succeeded", SECONDS)
    return Outcome(not (ended and worked and here.ground.operator.ready()), f"other runs go on; {said}")


def _bomb(here: Scene) -> Outcome:
    """Nine times nine times … nine: 10^9 strings in a kilobyte."""
    lines = ["a: &a [lol,lol,lol,lol,lol,lol,lol,lol,lol]"]
    for last, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{','.join([f'*{last}'] * 9)}]")
    bomb = "\n".join(["apiVersion: boardhand.dev/v1alpha1", "kind: CodingAgent", "metadata: {name: bomb}", *lines])
    before = here.ground.operator.rss_mb()
    with as_user(here.ground.cluster.layout, "system:admin") as http:
        http.headers["Impersonate-Group"] = "system:masters"
        path = here.path("codingagents", "bomb") + "?fieldManager=x"
        answer = http.patch(path, content=bomb.encode(), headers={"content-type": APPLY}, timeout=60)
    grown = here.ground.operator.rss_mb() - before
    reached = answer.is_success or grown > 60 or not here.ground.cluster.api.ready()
    sentence = " ".join(str(json.loads(answer.text).get("message", "")).split())[:160]
    return Outcome(reached, f"the API server answered {answer.status_code}: {sentence}")


def _card(here: Scene) -> Outcome:
    board = here.ground.board
    other = board.board(f"{here.space} other")
    card: Json = board.add_card(other, "Not yours", "")
    here.apply(here.pool(board=True))
    here.run(RUN, id=card["id"], event="an-event", url=card["shortUrl"])
    wait_for("the run's end", lambda: bool(here.status(RUN).get("finishedAt")), SECONDS)
    reached = bool(board.comments(card["id"])) or bool(board.moves(card["id"]))
    failure = here.status(RUN)["failure"]
    return Outcome(reached, f"{failure['class']}/{failure['reason']}: {failure['message']}")
