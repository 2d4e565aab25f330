"""From inside a pod of the testbed's cluster: what its probes reached.

What only an enforcing network plugin stops (a metadata service, other pods, names asked of DNS) is no row here: the
testbed has none, see docs/network.md.
"""

from __future__ import annotations

from collections.abc import Callable

from testbed.redteam.attack import Attack, Outcome
from testbed.redteam.cluster_probes import Seen, probed, probed_agent


def attacks() -> list[Attack]:
    """Every attack of this theme."""
    return [
        _attack("service-account-token-in-a-pod", "the API server, as the pod's account", _token),
        _attack("api-server-from-a-pod", "Secrets and pools read without a name", _api),
        _attack(
            "secrets-of-other-stages",
            "the model's key and the git token, from their folders and through /proc/*/root",
            _folders,
        ),
        _attack("environment-of-other-processes", "keys out of /proc/*/environ", _environ),
        _attack("processes-of-other-stages", "a stage with secrets seen, or killed", _processes),
        _attack("paths-of-the-node", "the kubelet's folders, the runtime's socket", _host),
        _attack("rights-in-a-container", "a capability, a mount, a namespace of its own", _rights),
        _attack("programs-of-the-image-replaced", "a PATH full of false tools for later stages", _root),
        _attack("webhooks-from-a-pod", "a poll at the word of a pod", _webhook),
        _attack("push-from-the-workbench", "a branch and a tag without publish", _push),
        _attack("agent-service-account-token", "the API server, by an MCP server of the agent's", _token, AGENT),
        _attack("agent-api-server", "Secrets and pools, by an MCP server of the agent's container", _api, AGENT),
        _attack("agent-git-token", "the push token, by an MCP server beside the model's key", _git_token, AGENT),
        _attack("agent-environment", "keys out of the harness' own environment", _environ, AGENT),
        _attack("agent-other-stages", "a stage with other secrets seen, or killed", _others, AGENT),
        _attack("agent-paths-of-the-node", "the kubelet's folders, the runtime's socket", _host, AGENT),
        _attack("agent-rights", "a capability, a mount, a namespace of its own", _rights, AGENT),
        _attack("agent-programs-replaced", "false tools for the harness, and for publish", _root, AGENT),
        _attack("agent-webhooks", "a poll at the word of a pod", _webhook, AGENT),
        _attack("agent-push", "a branch and a tag without publish", _push, AGENT),
    ]


AGENT = True


def _attack(name: str, wants: str, judge: Callable[[Seen], tuple[bool, str]], agent: bool = False) -> Attack:
    def tried() -> Outcome:
        seen = probed_agent() if agent else probed()
        reached, said = judge(seen)
        return Outcome(reached, f"{said}; the run came to {seen.came_to}")

    return Attack(f"cluster-{name}", wants, tried, cluster=True)


def _token(seen: Seen) -> tuple[bool, str]:
    return seen.anywhere("token", "kubernetes.io") or seen.anywhere("token", "token"), "no service account is mounted"


def _api(seen: Seen) -> tuple[bool, str]:
    answers = [code for found in seen.inside for code in found["api"]]
    return 200 in answers, f"it answers {answers}"


def _folders(seen: Seen) -> tuple[bool, str]:
    listed = [str(found["secrets"][0]) for found in seen.inside]
    reached = any(found["secrets"][1] for found in seen.inside) or any("model-large" in text for text in listed)
    return reached, "no such folder is there, neither here nor below another process's root"


def _git_token(seen: Seen) -> tuple[bool, str]:
    listed = [str(found["secrets"][0]) for found in seen.inside]
    return any("secrets/git" in text for text in listed), "the stage has the models' keys alone"


def _others(seen: Seen) -> tuple[bool, str]:
    return any(seen.anywhere("commands", word) for word in ("workbench.sh", "publish", "verify.sh")), (
        "the container sees its own processes"
    )


def _environ(seen: Seen) -> tuple[bool, str]:
    read = [hit for found in seen.inside for hit in found["environ"]]
    return any(read), f"{len(read)} environments read, without a key"


def _processes(seen: Seen) -> tuple[bool, str]:
    return seen.anywhere("commands", "boardhand-runner"), "each container sees its own processes"


def _host(seen: Seen) -> tuple[bool, str]:
    return any(found["host"] for found in seen.inside), "neither the kubelet's folders nor a socket is there"


def _rights(seen: Seen) -> tuple[bool, str]:
    wanted = ("CapEff:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2")
    lines = [found["rights"] for found in seen.inside]
    lacking = any(line not in rights for rights in lines for line in wanted)
    more = any(word in str(rights) for rights in lines for word in ("'uid=0'", "unshared", "mounted"))
    return lacking or more, "no capability, no new privileges, seccomp, no root"


def _root(seen: Seen) -> tuple[bool, str]:
    made = [found for found in seen.inside if "/usr/bin/evil\n" in str(found["root"])]
    return bool(made), "the programs' folders cannot be written"


def _webhook(seen: Seen) -> tuple[bool, str]:
    answers = [found["webhook"] for found in seen.inside]
    return 200 in answers, f"it answers {answers}"


def _push(seen: Seen) -> tuple[bool, str]:
    evil = [ref for ref in seen.refs if ref.endswith("/evil")]
    return bool(evil), "the forge wants a name, and there is none"
