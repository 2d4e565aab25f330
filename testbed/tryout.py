"""`make try`: the demo's ticket through the runner's stages as local processes; no cluster, no root, no Docker."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from testbed import demo, manifests, standin
from testbed.forge.seed import REPOSITORIES
from testbed.plan import Plan
from testbed.shell import TestbedError, say
from testbed.world import MODEL_KEY

_RUNNER = Path(sys.executable).with_name("boardhand-runner")


def _command(folder: Path, base_url: str | None, model: str, key: str) -> list[str]:
    ticket, secret = folder / "ticket.yaml", folder / "key"
    ticket.write_text(yaml.safe_dump({"title": demo.TITLE, "body": demo.BODY}))
    secret.write_text(key)
    words = [str(_RUNNER), "run", "--ticket", str(ticket), "--repo", str(REPOSITORIES / demo.REPOSITORY)]
    words += ["--model", model, "--api-key-file", str(secret), "--verify", manifests.VERIFY[demo.REPOSITORY]]
    return words + (["--base-url", base_url] if base_url else [])


def main() -> int:
    """Run it; the exit code of the runner."""
    plan = Plan("try")
    name, folder = os.environ.get("MODEL", ""), Path(tempfile.mkdtemp(prefix="boardhand-try-"))
    try:
        base_url, key = os.environ.get("BASE_URL") or None, os.environ.get("OPENAI_API_KEY") or "none"
        if not name:
            url = standin.start("testbed.model", plan, "model", "127.0.0.1", ["--key", MODEL_KEY])
            base_url, key, name = f"{url}/v1", MODEL_KEY, manifests.SCRIPTED
            say("the model is a scripted stand-in, no language model; MODEL=… with OPENAI_API_KEY or BASE_URL uses one")
        # The project's tests run on pytest of this environment, as the workbench image's would in a pod.
        path = f"{_RUNNER.parent}:{os.environ.get('PATH', os.defpath)}"
        return subprocess.run(
            _command(folder, base_url, name, key), env=os.environ | {"PATH": path}, check=False
        ).returncode
    except (TestbedError, ValueError) as problem:
        print(f"try: {problem}", file=sys.stderr)
        return 1
    finally:
        standin.stop(plan, "model")
        shutil.rmtree(folder)
        shutil.rmtree(plan.state, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
