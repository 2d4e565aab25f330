"""`boardhand doctor` on a real API server: each misconfiguration is planted, found alone, and its fix is named."""

from __future__ import annotations

import base64
import copy
import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from boardhand_cli.main import app
from boardhand_operator.sealed.keyring import Key, Keyring, Place
from testbed import chart
from testbed.board import TrelloClient
from testbed.github import pull_desk, token_desk
from testbed.load import LoadCluster, objects, standins
from testbed.load.api import GROUP
from testbed.load.programs import OPERATOR_NAMESPACE as HOME
from testbed.shell import TestbedError, wait_for
from tests.support.github_site import github_site
from tests.support.registry import PASSWORD, Registry, a_registry
from tests.support.ssh_server import SshServer, new_key, serving
from tests.unit.test_github_app import key, pem

pytestmark = pytest.mark.slow
Json = dict[str, Any]
State = dict[str, Json]
"""Path of an object, or of its status, to its body."""
TEAM, POOL = "team", "shop"
CORE, TEAMS = f"/api/v1/namespaces/{HOME}", f"/api/v1/namespaces/{TEAM}"
DEPLOYMENT = f"/apis/apps/v1/namespaces/{HOME}/deployments/boardhand"
LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{HOME}/leases/boardhand"
POLICY = f"/apis/networking.k8s.io/v1/namespaces/{TEAM}/networkpolicies/boardhand-{POOL}"
AT_POOL = f"{GROUP}/namespaces/{TEAM}/codingagents/{POOL}"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
RUNS = f"{CRDS}/ticketruns.boardhand.dev"
ROLE = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{TEAM}/roles/boardhand"
PLURALS = {"NetworkPolicy": "networkpolicies", "StorageClass": "storageclasses"}
MODEL_KEY = "standin-key-of-the-model"
CALLBACK = f"https://boardhand.example/webhooks/{TEAM}/{POOL}"


def path_of(body: Json) -> str:
    group, kind, meta = body["apiVersion"], body["kind"], body["metadata"]
    base = f"/apis/{group}" if "/" in group else f"/api/{group}"
    space = f"/namespaces/{meta['namespace']}" if "namespace" in meta else ""
    return f"{base}{space}/{PLURALS.get(kind, kind.lower() + 's')}/{meta['name']}"


def coded(data: dict[str, str]) -> dict[str, str]:
    return {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}


def made(kind: str, name: str, version: str = "v1", space: str | None = TEAM, **rest: Any) -> tuple[str, Json]:
    meta = {"name": name} | ({"namespace": space} if space else {})
    body = {"apiVersion": version, "kind": kind, "metadata": meta, **rest}
    return path_of(body), body


@dataclass
class Scene:
    """A cluster with one healthy installation, whose objects can be made otherwise."""

    cluster: LoadCluster
    healthy: State
    there: State = field(default_factory=dict)
    ring: Keyring = field(default_factory=lambda: Keyring([Key.generate()]))

    def make(self, wanted: State) -> None:
        """Have exactly these objects; what has not changed is left alone."""
        for path in [path for path in self.there if path not in wanted]:
            if not path.endswith("/status"):
                self.cluster.api.delete(path)
                wait_for(f"the end of {path}", partial(self.is_gone, path), 30, every=0.05)
        for path, body in wanted.items():
            if self.there.get(path) != body:
                self.cluster.api.apply(path, body)
        self.there = copy.deepcopy(wanted)

    def is_gone(self, path: str) -> bool:
        try:
            self.cluster.api.get(path)
        except TestbedError:
            return True
        return False

    def doctor(self, *words: str, kubeconfig: Path | None = None) -> tuple[int, list[Json], list[Json]]:
        config = kubeconfig or self.cluster.layout.kubeconfig("admin")
        where = ["doctor", "--kubeconfig", str(config), "--operator-namespace", HOME, "-n", TEAM, "-o", "json"]
        done = CliRunner().invoke(app, [*where, *words])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        said = json.loads(done.stdout)
        return done.exit_code, said["findings"], said["notLookedAt"]


def lease(renewed: datetime) -> Json:
    spec = {"holderIdentity": "boardhand-0", "leaseDurationSeconds": 15}
    spec |= {"renewTime": renewed.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}
    return made("Lease", "boardhand", "coordination.k8s.io/v1", HOME, spec=spec)[1]


def ready(path: str) -> tuple[str, Json]:
    name = path.rpartition("/")[2]
    body = made("Deployment", name, "apps/v1", HOME)[1]
    return f"{path}/status", body | {"status": {"replicas": 1, "readyReplicas": 1}}


def pool_status(status: str = "True", reason: str = "Ready", message: str = "tickets are taken") -> Json:
    condition = {"type": "Ready", "status": status, "reason": reason, "message": message}
    condition["lastTransitionTime"] = "2026-01-01T12:00:00Z"
    body = made("CodingAgent", POOL, "boardhand.dev/v1alpha1")[1]
    return body | {"status": {"observedGeneration": 1, "conditions": [condition]}}


def installation(runner: str) -> State:
    """The chart's objects, which nobody carries out here: what they come to is written by hand."""
    values = {"watchNamespaces": [TEAM], "operator": {"webhooks": {"enabled": True}}, "runner": {"image": runner}}
    rendered = chart.rendered(HOME, values)
    for body in rendered:
        body["metadata"].setdefault("namespace", HOME)
    out = {path_of(body): body for body in rendered}
    for name in ("codingagents", "ticketruns"):
        file = chart.FOLDER / "files" / "crds" / f"{name}.boardhand.dev.yaml"
        out[f"{CRDS}/{name}.boardhand.dev"] = yaml.safe_load(file.read_text())
    return out | dict([ready(DEPLOYMENT)])


@pytest.fixture(scope="module")
def images() -> Iterator[Registry]:
    with a_registry() as registry:
        yield registry


@pytest.fixture(scope="module")
def git_over_ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    root = tmp_path_factory.mktemp("served")
    subprocess.run(["git", "init", "-q", "--bare", str(root / "load" / f"{POOL}.git")], check=True)
    with serving(root) as server:
        yield server


@pytest.fixture(scope="module")
def apps() -> Iterator[State]:
    """Secrets of GitHub Apps, by what each may."""
    all_of_it = {"contents": "write", "pull_requests": "write", "checks": "read", "statuses": "read"}
    with github_site() as github:
        pull_desk.push(github, github.add_repository(f"load/{POOL}"), "main")
        held = dict[str, Json]()
        for name, may in {"app": all_of_it, "app-reads": {"contents": "read"}}.items():
            app = token_desk.add_app(github, name, key().public_key())
            token_desk.install(github, app, "load", may)
            data = coded({"appId": str(app.id), "privateKey": pem(), "address": github.site})
            held |= dict([made("Secret", name, data=data)])
        yield held


@pytest.fixture(scope="module")
def scene(
    images: Registry, git_over_ssh: SshServer, apps: State, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    image = f"{images.host}/open/app:1"
    with LoadCluster(tmp_path_factory.mktemp("doctor") / "state", pods=False, rights=[]) as cluster:
        trello = standins.start_trello(cluster)
        forge = standins.start_gitea(cluster, [f"load/{POOL}"])
        model = standins.start_model(cluster, MODEL_KEY)
        board = TrelloClient(trello, objects.TRELLO_KEY, objects.TRELLO_TOKEN).board(POOL)
        made_here = Scene(cluster, {})
        state = dict([made("Namespace", HOME, space=None), made("Namespace", TEAM, space=None)])
        state[f"/api/v1/namespaces/{TEAM}"]["metadata"]["labels"] = {"pod-security.kubernetes.io/enforce": "restricted"}
        state |= installation(image)
        state |= dict([made("Secret", "boardhand-sealing", space=HOME, type="boardhand.dev/sealing-keys")])
        state[f"{CORE}/secrets/boardhand-sealing"]["stringData"] = {"keys": made_here.ring.text()}
        for body in objects.secrets(TEAM):
            # What is applied as text stays when it is left out.
            state[path_of(body)] = body | {"data": coded(body.pop("stringData"))}
        state[f"{TEAMS}/secrets/model"]["data"] = coded({"apiKey": MODEL_KEY})
        large = {"name": "boardhand-scripted", "baseURL": model, "secretRef": {"name": "model"}}
        body = objects.pool(TEAM, POOL, board, trello, forge, concurrency=1, models={"large": large})
        body["spec"]["workbench"]["image"] = image
        held = {"sshKey": git_over_ssh.key, "knownHosts": git_over_ssh.known_hosts, "address": git_over_ssh.address}
        state |= apps | dict([made("Secret", SSH, data=coded(held))])
        state |= {AT_POOL: body, f"{AT_POOL}/status": pool_status(), LEASE: lease(datetime.now(UTC))}
        made_here.make(state)
        uid = cluster.api.get(AT_POOL)["metadata"]["uid"]
        state |= dict([policy(uid)])
        made_here.healthy = state
        made_here.make(state)
        yield made_here


def policy(uid: str) -> tuple[str, Json]:
    owner = {"apiVersion": "boardhand.dev/v1alpha1", "kind": "CodingAgent", "name": POOL, "uid": uid}
    path, body = made("NetworkPolicy", f"boardhand-{POOL}", "networking.k8s.io/v1", spec={"podSelector": {}})
    body["metadata"]["ownerReferences"] = [owner]
    return path, body


def healthy(scene: Scene) -> State:
    return copy.deepcopy(scene.healthy) | {LEASE: lease(datetime.now(UTC))}


@dataclass(frozen=True)
class Row:
    """A misconfiguration, and what doctor is to say of it."""

    what: str
    check: str
    found: str
    fix: str
    plant: Callable[[State], object]
    words: tuple[str, ...] = ()


def environment(state: State) -> list[Json]:
    (box,) = state[DEPLOYMENT]["spec"]["template"]["spec"]["containers"]
    found: list[Json] = box["env"]
    return found


def with_variable(state: State, name: str, value: str | None) -> None:
    kept = [one for one in environment(state) if one["name"] != name]
    state[DEPLOYMENT]["spec"]["template"]["spec"]["containers"][0]["env"] = kept
    if value is not None:
        kept.append({"name": name, "value": value})


def spec(**change: Any) -> Callable[[State], None]:
    """The pool with these parts: `board__columns` is a part of a part."""

    def plant(state: State) -> None:
        for name, value in change.items():
            node, *rest = state[AT_POOL]["spec"], *name.split("__")
            for part in rest[:-1]:
                node = node[part]
            node[rest[-1]] = value

    return plant


def secret(name: str, **data: str) -> Callable[[State], None]:
    return lambda state: state[f"{TEAMS}/secrets/{name}"].update(data=coded(data))


def add(*one: Any, **rest: Any) -> Callable[[State], None]:
    return lambda state: state.update([made(*one, **rest)])


def both(*plants: Callable[[State], object]) -> Callable[[State], None]:
    def plant(state: State) -> None:
        for one in plants:
            one(state)

    return plant


def older(state: State) -> None:
    schema = state[RUNS]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    del schema["properties"]["status"]["properties"]["branch"]


def no_secrets(state: State) -> None:
    state[ROLE]["rules"] = [rule for rule in state[ROLE]["rules"] if rule["resources"] != ["secrets"]]


def proxied(state: State) -> None:
    with_variable(state, "BOARDHAND_EGRESS_PROXY", f"boardhand-egress.{HOME}.svc:3128")
    path, body = f"{DEPLOYMENT}-egress", copy.deepcopy(state[DEPLOYMENT])
    body["metadata"] |= {"name": "boardhand-egress", "labels": {"app.kubernetes.io/component": "egress-proxy"}}
    state |= {path: body} | dict([ready(path)])


def sealed_by_another(state: State) -> None:
    text = Keyring([Key.generate()]).seal(Place(TEAM, POOL, "models.large.apiKey"), MODEL_KEY)
    large = state[AT_POOL]["spec"]["models"]["large"]
    del large["secretRef"]
    large["sealed"] = {"apiKey": text}


def unlocked(state: State) -> None:
    sealed_by_another(state)
    del state[f"{CORE}/secrets/boardhand-sealing"]


def image(there: str) -> Callable[[State], None]:
    """The workbench's, elsewhere in the same registry."""

    def plant(state: State) -> None:
        bench = state[AT_POOL]["spec"]["workbench"]
        bench["image"] = bench["image"].replace("open/app:1", there)

    return plant


def runner_image(state: State) -> None:
    with_variable(state, "BOARDHAND_RUNNER_IMAGE", state[AT_POOL]["spec"]["workbench"]["image"].replace(":1", ":2"))


def pulled_with(password: str) -> Callable[[State], None]:
    """A private image, and a pull secret with this password."""

    def plant(state: State) -> None:
        image("basic/app:1")(state)
        spec(pod=copy.deepcopy(PULL))(state)
        login = Registry(state[AT_POOL]["spec"]["workbench"]["image"].partition("/")[0]).login(password)
        add("Secret", "registry", type=PULLING, data=coded(login))(state)

    return plant


def over_ssh(**change: str) -> Callable[[State], None]:
    """The same repository, to which is pushed with another Secret where this of it is otherwise."""

    def plant(state: State) -> None:
        held = state[f"{TEAMS}/secrets/{SSH}"]["data"]
        spec(repository__url=f"{base64.b64decode(held['address']).decode()}/load/{POOL}.git")(state)
        spec(repository__readSecretRef={"name": SSH}, repository__pushSecretRef={"name": "pusher"})(state)
        add("Secret", "pusher", data=held | coded(change))(state)

    return plant


def at_github(push: str) -> Callable[[State], None]:
    """The same repository at GitHub, to which is pushed with the App of this Secret."""

    def plant(state: State) -> None:
        site = base64.b64decode(state[f"{TEAMS}/secrets/app"]["data"]["address"]).decode()
        forge = {"type": "github", "url": site, "secretRef": {"name": "app"}}
        repository = {"url": f"{site}/load/{POOL}.git", "branch": "main", "pushSecretRef": {"name": push}}
        spec(forge=forge, repository=repository)(state)

    return plant


def old_node(state: State) -> None:
    path, node = made("Node", "old", space=None)
    status = {"nodeInfo": NODE_INFO, "runtimeHandlers": [{"name": "", "features": {"userNamespaces": True}}]}
    state |= {path: node, f"{path}/status": node | {"status": status}}


KEYS = ("architecture", "bootID", "containerRuntimeVersion", "kubeProxyVersion", "machineID", "operatingSystem")
NODE_INFO = dict.fromkeys((*KEYS, "osImage", "systemUUID"), "x") | {
    "kernelVersion": "5.15.0",
    "kubeletVersion": "v1.34.0",
}
PULLING, SSH = "kubernetes.io/dockerconfigjson", "git-ssh"
LIMIT = {"limits": [{"type": "Container", "max": {"memory": "1Gi"}}]}
POD_LIMIT = {"limits": [{"type": "Pod", "max": {"cpu": "1"}}]}
PULL = {"imagePullSecrets": [{"name": "registry"}]}
CACHE = [{"path": "/cache/maven", "claim": "maven"}]
METADATA = {"large": {"name": "m", "baseURL": "http://169.254.169.254/v1"}}
HOSTS = {"mode": "Proxy", "hosts": ["git.example.com"]}
LABEL = "pod-security.kubernetes.io/enforce"
ROWS = [
    Row("a definition is missing", "crd", "is not there", "kubectl apply", lambda s: s.pop(RUNS)),
    Row("a definition is old", "crd", "status.branch is not there", "kubectl apply", older),
    Row(
        "no operator",
        "operator",
        "no operator is there",
        "helm install boardhand",
        lambda s: [s.pop(DEPLOYMENT), s.pop(f"{DEPLOYMENT}/status")],
    ),
    Row(
        "an operator that is not ready",
        "operator",
        "no pod of it is ready",
        f"kubectl -n {HOME} logs deployment/boardhand",
        lambda s: s[f"{DEPLOYMENT}/status"].update(status={"replicas": 1, "unavailableReplicas": 1}),
    ),
    Row(
        "an operator without replicas",
        "operator",
        "no replica",
        "scale deployment boardhand --replicas=1",
        lambda s: s[DEPLOYMENT]["spec"].update(replicas=0),
    ),
    Row(
        "a runner image without a version",
        "image",
        "runner.image: 'boardhand/runner' names no version",
        "--set runner.image=",
        lambda s: with_variable(s, "BOARDHAND_RUNNER_IMAGE", "boardhand/runner"),
    ),
    Row(
        "a Lease that nobody renews",
        "lease",
        "has not renewed it for",
        f"kubectl -n {HOME} logs deployment/boardhand",
        lambda s: s.update({LEASE: lease(datetime.now(UTC) - timedelta(hours=1))}),
    ),
    Row(
        "an operator whose clock is ahead",
        "clock",
        "in the future",
        "timedatectl set-ntp true",
        lambda s: s.update({LEASE: lease(datetime.now(UTC) + timedelta(hours=1))}),
    ),
    Row(
        "a namespace that is not worked",
        "watched",
        "works the pools of: other",
        "--set 'watchNamespaces={other,team}'",
        lambda s: with_variable(s, "BOARDHAND_NAMESPACES", "other"),
    ),
    Row("rights taken from the operator", "operator-rights", "get secrets", "helm upgrade boardhand", no_secrets),
    Row(
        "an operator that may not see nodes",
        "operator-rights",
        "list nodes",
        "--set userNamespaces=Auto",
        lambda s: with_variable(s, "BOARDHAND_USER_NAMESPACES", "Auto"),
    ),
    Row(
        "a node without user namespaces",
        "user-namespaces",
        "node old, where its pods may go, cannot: its kernel is 5.15.0",
        "spec.pod.userNamespaces: Auto",
        both(old_node, spec(pod={"userNamespaces": "Always"})),
    ),
    Row(
        "user namespaces for all pools",
        "user-namespaces",
        "the chart's userNamespaces is Always",
        "spec.pod.userNamespaces: Never",
        both(old_node, lambda s: with_variable(s, "BOARDHAND_USER_NAMESPACES", "Always")),
    ),
    Row(
        "a namespace for any pod",
        "pod-security",
        "level is privileged",
        f"kubectl label namespace {TEAM} {LABEL}=restricted",
        lambda s: s[f"/api/v1/namespaces/{TEAM}"]["metadata"].update(labels={LABEL: "privileged"}),
    ),
    Row(
        "a Secret that is missing",
        "secret",
        "there is no Secret model",
        f"kubectl -n {TEAM} create secret generic model --from-file=apiKey=FILE",
        lambda s: s.pop(f"{TEAMS}/secrets/model"),
    ),
    Row(
        "a Secret without a key",
        "secret",
        "lacks the key 'token'",
        "--from-file=token=FILE --dry-run=client",
        secret("git-push", username="boardhand"),
    ),
    Row(
        "a Secret that is the cluster's",
        "secret",
        "is no pool's credentials",
        "secret generic NAME --from-file=token=FILE",
        both(
            add("Secret", "helm", type="helm.sh/release.v1", stringData={"token": objects.FORGE_TOKEN}),
            spec(forge__secretRef={"name": "helm"}),
        ),
    ),
    Row(
        "a board's token that is refused",
        "board",
        "refused the key and token in Secret trello",
        f"kubectl -n {TEAM} create secret generic trello --from-file=key=FILE --from-file=token=FILE --dry-run",
        secret("trello", key=objects.TRELLO_KEY, token="an-old-token", webhookSecret="w"),
    ),
    Row("a board that is none", "board", "has no board", "spec.board.board: ", spec(board__board="5" * 24)),
    Row(
        "a column that is missing",
        "board",
        "no open list 'In review'",
        "spec.board.columns: {review: 'In Review'}",
        spec(board__columns__review="In review"),
    ),
    Row(
        "a branch that is missing",
        "forge",
        "no branch 'trunk'",
        "spec.repository.branch: main",
        spec(repository__branch="trunk"),
    ),
    Row("a label that is missing", "forge", "no label 'robot'", "spec.forge.labels: []", spec(forge__labels=["robot"])),
    Row(
        "a forge's token that is refused",
        "forge",
        "forge",
        "secret generic forge --from-file=token=FILE",
        secret("forge", token="an-old-token"),
    ),
    Row(
        "a token that may not push",
        "git",
        "refused the push credentials",
        f"kubectl -n {TEAM} create secret generic git-push --from-file=username=FILE --from-file=token=FILE",
        secret("git-push", username="boardhand", token="an-old-token"),
    ),
    Row(
        "a GitHub App that may not push",
        "git",
        "lacks contents: write",
        "add it to the App's permissions",
        at_github("app-reads"),
    ),
    Row(
        "an ssh key that is refused",
        "git",
        "refuses the key to push",
        "give the public key of `sshKey` the access it lacks",
        over_ssh(sshKey=new_key()),
    ),
    Row(
        "a server that is not the known one",
        "git",
        "shows a host key that `knownHosts` does not hold",
        "ssh-keyscan -p ",
        over_ssh(knownHosts="git.example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA" + "A" * 40),
    ),
    Row(
        "an ssh key that is none",
        "git",
        "is no private key that ssh can read",
        "`sshKey`",
        over_ssh(sshKey="a-key-of-another-kind"),
    ),
    Row(
        "a model's key that is refused",
        "model",
        "refused the key in Secret model",
        "secret generic model --from-file=apiKey=FILE",
        secret("model", apiKey="an-old-key"),
    ),
    Row(
        "a model at a metadata service",
        "model",
        "closed to all trials",
        "spec.models.large.baseURL: ",
        spec(models=METADATA),
    ),
    Row(
        "a workbench without a version",
        "image",
        "spec.workbench.image",
        "NAME:VERSION",
        spec(workbench__image="registry.invalid/workbench:latest"),
    ),
    Row(
        "an image that is not there",
        "image",
        "the registry has no 127.0.0.1:",
        "spec.workbench.image: HOST/NAME:VERSION",
        image("open/app:2"),
    ),
    Row(
        "a runner image that is not there",
        "image",
        "runner.image: the registry has no",
        "--set runner.image=HOST/NAME:VERSION",
        runner_image,
    ),
    Row(
        "an image that is not for everybody",
        "image",
        "to who gives no credentials (401)",
        "spec.pod.imagePullSecrets: [{name: NAME}]",
        image("basic/app:1"),
    ),
    Row(
        "an image that a token does not open",
        "image",
        "to who gives no credentials (401)",
        f"kubectl -n {TEAM} create secret docker-registry NAME --from-file=.dockerconfigjson=FILE",
        image("token/app:1"),
    ),
    Row(
        "a pull secret that is refused",
        "image",
        "to the credentials of its pull secrets (401)",
        "create secret docker-registry registry --from-file=.dockerconfigjson=FILE --dry-run=client",
        pulled_with("an-old-password"),
    ),
    Row(
        "a pull secret with something else",
        "pull-secret",
        "is no list of registries",
        f"kubectl -n {TEAM} delete secret registry",
        both(
            # A list of registries is something the API server asks for: what is in it is not.
            add("Secret", "registry", type=PULLING, data=coded({".dockerconfigjson": '{"auths": []}'})),
            spec(pod=PULL),
        ),
    ),
    Row("a pull secret that is missing", "pull-secret", "no Secret registry", "docker-registry", spec(pod=PULL)),
    Row(
        "a pull secret of another type",
        "pull-secret",
        "of type Opaque",
        "docker-registry",
        both(add("Secret", "registry", stringData={"token": "x"}), spec(pod=PULL)),
    ),
    Row(
        "a runtime class that is missing",
        "named",
        "no RuntimeClass gvisor",
        "spec.pod.runtimeClassName: null",
        spec(pod={"runtimeClassName": "gvisor"}),
    ),
    Row(
        "a priority class that is missing",
        "named",
        "no PriorityClass low",
        "spec.pod.priorityClassName: null",
        spec(pod={"priorityClassName": "low"}),
    ),
    Row(
        "no default storage class",
        "named",
        "no default StorageClass",
        "spec.persistence.storageClass: fast",
        both(
            add("StorageClass", "fast", "storage.k8s.io/v1", None, provisioner="x.example"),
            spec(persistence={"size": "1Gi"}),
        ),
    ),
    Row(
        "a cache's claim", "named", "PersistentVolumeClaim maven", "caches[0].size: 2Gi", spec(workbench__caches=CACHE)
    ),
    Row(
        "a bundle under another key",
        "named",
        "has no key ca.crt; its keys are: bundle.pem",
        "spec.certificates.key: bundle.pem",
        both(add("ConfigMap", "ca", data={"bundle.pem": "x"}), spec(certificates={"configMap": "ca"})),
    ),
    Row(
        "a queue that is missing",
        "named",
        "no LocalQueue night",
        "spec.pod.queueName: null",
        spec(pod={"queueName": "night"}),
    ),
    Row(
        "a quota below one pod",
        "quota",
        "ResourceQuota small allows 1Gi",
        f"kubectl -n {TEAM} patch resourcequota small",
        add("ResourceQuota", "small", spec={"hard": {"limits.memory": "1Gi"}}),
    ),
    Row(
        "a limit below a container",
        "limit-range",
        "workbench may use 4Gi memory",
        f"kubectl -n {TEAM} edit limitrange small",
        add("LimitRange", "small", spec=LIMIT),
    ),
    Row(
        "what only the API server knows",
        "pod",
        "would refuse its pod",
        f"kubectl -n {TEAM} edit codingagent {POOL}",
        add("LimitRange", "whole", spec=POD_LIMIT),
    ),
    Row(
        "no network policy",
        "network-policy",
        "may reach everything",
        "restart deployment/boardhand",
        lambda s: s.pop(POLICY),
    ),
    Row(
        "somebody else's network policy",
        "network-policy",
        "somebody else's",
        f"delete networkpolicy boardhand-{POOL}",
        lambda s: s[POLICY]["metadata"].pop("ownerReferences"),
    ),
    Row(
        "a proxy that is not there",
        "egress",
        "the chart deployed none",
        "--set egressProxy.enabled=true",
        spec(egress={"mode": "Proxy", "hosts": ["127.0.0.1"], "direct": ["127.0.0.1"]}),
    ),
    Row(
        "a proxy that lets nothing through",
        "egress",
        "which spec.egress.hosts does not name",
        "spec.egress.hosts: [git.example.com, 127.0.0.1:",
        both(proxied, spec(egress=HOSTS)),
    ),
    Row(
        "a webhook that leads elsewhere",
        "webhook",
        "leads to /hooks",
        f"callbackUrl: https://boardhand.example/webhooks/{TEAM}/{POOL}",
        spec(board__webhook={"callbackUrl": "https://boardhand.example/hooks"}),
    ),
    Row(
        "a webhook that nobody takes",
        "webhook",
        "takes no webhooks",
        "--set operator.webhooks.enabled=true",
        both(lambda s: with_variable(s, "BOARDHAND_WEBHOOKS", None), spec(board__webhook={"callbackUrl": CALLBACK})),
    ),
    Row(
        "a text of another key",
        "sealed",
        "opens with none of the keys",
        f"boardhand seal --namespace {TEAM} --pool {POOL} --field models.large.apiKey",
        sealed_by_another,
    ),
    Row("no key for what is sealed", "sealed", "installed without a key", "boardhand keys rotate", unlocked),
    Row(
        "what only the operator knows",
        "pool",
        "not Ready (Weather): it rains",
        f"kubectl -n {TEAM} describe codingagent {POOL}",
        lambda s: s.update({f"{AT_POOL}/status": pool_status("False", "Weather", "it rains")}),
    ),
    Row(
        "a pool that is not there",
        "pool",
        "there is no CodingAgent cart",
        f"kubectl -n {TEAM} get codingagents",
        lambda _: None,
        ("cart",),
    ),
]
FOUND: list[tuple[str, str, str]] = []


def test_a_healthy_installation_has_no_finding(scene: Scene) -> None:
    scene.make(healthy(scene))
    code, findings, unseen = scene.doctor()
    assert (code, findings, unseen) == (0, [], [])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_what_is_planted_is_found_alone_with_its_fix(scene: Scene, row: Row) -> None:
    state = healthy(scene)
    row.plant(state)
    scene.make(state)
    try:
        code, findings, _ = scene.doctor(*row.words)
    finally:
        scene.make(healthy(scene))
    assert [one["check"] for one in findings] == [row.check], findings
    assert code == 1
    assert row.found in findings[0]["found"]
    assert row.fix in findings[0]["fix"]
    FOUND.append((row.what, row.check, findings[0]["fix"]))


@pytest.mark.parametrize("plant", [over_ssh(), at_github("app")])
def test_a_repository_elsewhere_is_as_it_is_to_be(scene: Scene, plant: Callable[[State], None]) -> None:
    state = healthy(scene)
    plant(state)
    scene.make(state)
    found = scene.doctor()
    scene.make(healthy(scene))
    assert found == (0, [], [])


def test_a_private_image_and_a_node_that_can_are_as_they_are_to_be(scene: Scene) -> None:
    state = healthy(scene)
    pulled_with(PASSWORD)(state)
    old_node(state)
    state["/api/v1/nodes/old/status"]["status"]["nodeInfo"] = NODE_INFO | {"kernelVersion": "6.12.0"}
    state[AT_POOL]["spec"]["pod"]["userNamespaces"] = "Always"
    scene.make(state)
    found = scene.doctor()
    scene.make(healthy(scene))
    assert found == (0, [], [])


def test_a_visitor_without_rights_is_told_so(scene: Scene, tmp_path: Path) -> None:
    scene.make(healthy(scene) | dict([made("ServiceAccount", "eve")]))
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    answer = scene.cluster.api.create(f"{TEAMS}/serviceaccounts/eve/token", asked)
    config = yaml.safe_load(scene.cluster.layout.kubeconfig("admin").read_text())
    config["users"][0]["user"] = {"token": answer["status"]["token"]}
    (tmp_path / "eve").write_text(yaml.safe_dump(config))
    code, findings, unseen = scene.doctor(kubeconfig=tmp_path / "eve")
    assert (code, [one["check"] for one in findings]) == (1, ["your-rights"])
    assert "get codingagents.boardhand.dev" in findings[0]["found"]
    assert "create rolebinding" in findings[0]["fix"]
    assert {"crd", "operator"} <= {one["check"] for one in unseen}
    FOUND.append(("a visitor without rights", "your-rights", findings[0]["fix"]))


def test_a_clock_that_is_wrong_here_is_found(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    class Late(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + timedelta(minutes=5)

    scene.make(healthy(scene))
    monkeypatch.setattr("boardhand_client.trials.asking.datetime", Late)
    code, findings, _ = scene.doctor()
    assert (code, [one["check"] for one in findings]) == (1, ["clock"])
    assert "s ahead of the API server's" in findings[0]["found"]
    FOUND.append(("a clock that is wrong here", "clock", findings[0]["fix"]))


def test_a_cluster_that_does_not_answer_is_the_finding(scene: Scene, tmp_path: Path) -> None:
    config = yaml.safe_load(scene.cluster.layout.kubeconfig("admin").read_text())
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:9"
    (tmp_path / "gone").write_text(yaml.safe_dump(config))
    code, findings, _ = scene.doctor(kubeconfig=tmp_path / "gone")
    assert (code, [one["check"] for one in findings]) == (1, ["cluster"])
    FOUND.append(("a cluster that does not answer", "cluster", findings[0]["fix"]))


def test_at_least_twenty_were_found(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\n\n{'planted':<36}{'found by':<18}fix")
        for what, check, fix in FOUND:
            print(f"{what:<36}{check:<18}{fix[:110]}")
    assert len(FOUND) == len(ROWS) + 3
    assert len(FOUND) >= 20
