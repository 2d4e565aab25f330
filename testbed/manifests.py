"""The objects a person would apply: Secrets, a pool, a run. Pure."""

from __future__ import annotations

from typing import Any

from boardhand_api import API_VERSION
from testbed.forge.info import ForgeInfo
from testbed.world import MODEL_KEY, TRELLO_KEY, TRELLO_SECRET, TRELLO_TOKEN, World

Json = dict[str, Any]

VERIFY = {"python-shop": "python3 -m pytest -q -p no:cacheprovider", "java-ledger": "mvn -B -ntp test"}
WORKBENCH = {"python-shop": "workbench-python", "java-ledger": "workbench-java"}
SCRIPTED = "boardhand-scripted"
"""The model's name says what it is wherever a person meets it."""
ISSUES_SECRET = "gitea-signs-with-this-on-the-testbed"
"""With it the testbed's Gitea signs its calls about issues."""


def secret(namespace: str, name: str, **data: str) -> Json:
    """A Secret with these keys."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "stringData": data,
    }


def secrets(namespace: str, forge: ForgeInfo, model_key: str = MODEL_KEY) -> list[Json]:
    """Every Secret that `pool` refers to."""
    return [
        secret(namespace, "trello", key=TRELLO_KEY, token=TRELLO_TOKEN, webhookSecret=TRELLO_SECRET),
        secret(namespace, "forge", token=forge.api_token),
        secret(namespace, "issues", token=forge.api_token, webhookSecret=ISSUES_SECRET),
        secret(namespace, "git-read", username=forge.bot_user, token=forge.read_token),
        secret(namespace, "git-push", username=forge.bot_user, token=forge.push_token),
        secret(namespace, "model", apiKey=model_key),
    ]


def model(name: str, base_url: str | None, scripted: bool) -> Json:
    """A model of an OpenAI-compatible server. The scripted one has a price, so that money can be seen."""
    out: Json = {"provider": "openai", "name": name, "secretRef": {"name": "model"}}
    if base_url:
        out["baseURL"] = base_url
    if scripted:
        out["price"] = {"prompt": 2.5, "cached": 1.25, "completion": 10}
    return out


def trello(world: World, board: str) -> Json:
    """spec.board for a board at Trello's stand-in."""
    return {
        "type": "trello",
        "board": board,
        "url": f"{world.trello_url}/1",
        "secretRef": {"name": "trello"},
        "columns": {"failed": "Needs a person"},
        "pollSeconds": 1,
    }


def gitea_issues(forge: ForgeInfo, repository: str, callback: str | None) -> Json:
    """spec.board for a repository's issues. callback: where Gitea is to call; None: polls alone show changes."""
    out: Json = {
        "type": "gitea",
        "board": f"{forge.organisation}/{repository}",
        "url": forge.base_url,
        "secretRef": {"name": "issues"},
        "columns": {"failed": "Needs a person"},
        "pollSeconds": 30 if callback else 2,
    }
    return out | ({"webhook": {"callbackUrl": callback}} if callback else {})


def pool(world: World, namespace: str, name: str, repository: str, board: str | None, **spec: Any) -> Json:
    """A CodingAgent on the testbed; `spec` replaces whole fields of its spec."""
    base_url = f"{world.model_url}/v1"
    clone = f"{world.forge.base_url}/{world.forge.organisation}/{repository}.git"
    out: Json = {
        "repository": {
            "url": clone,
            "branch": "main",
            "readSecretRef": {"name": "git-read"},
            "pushSecretRef": {"name": "git-push"},
        },
        "forge": {"type": "gitea", "url": world.forge.base_url, "secretRef": {"name": "forge"}},
        "models": {
            "large": model(f"{SCRIPTED}-large", base_url, True),
            "small": model(f"{SCRIPTED}-small", base_url, True),
        },
        "workbench": {"image": world.images[WORKBENCH[repository]], "verify": [VERIFY[repository]]},
        "limits": {"concurrency": 2, "deadlineSeconds": 600, "retrySeconds": 2, "modelPatienceSeconds": 120},
    }
    if board:
        out["board"] = trello(world, board)
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": API_VERSION, "kind": "CodingAgent", "metadata": metadata, "spec": out | spec}


def run(namespace: str, name: str, pool_name: str, title: str, body: str, task: str = "Auto") -> Json:
    """A TicketRun written by hand: no board."""
    return {
        "apiVersion": API_VERSION,
        "kind": "TicketRun",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"pool": pool_name, "task": task, "ticket": {"id": name, "title": title, "body": body}},
    }
