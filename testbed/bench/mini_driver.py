"""mini-swe-agent at work on scripted answers; run by the Python of build/bench/venv, knows nothing of Boardhand.

Reads from stdin {"task", "folder", "steps": [{"say", "command"}]}, writes to stdout what it would have sent to a model
with each request, and how it ended: {"status", "requests": [{"messages", "tools"}]}. Agent, local environment,
configuration (`mini.yaml`, the one of its command line) and observation messages are its own, and so is the scripted
model, which only notes here what it is asked.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import yaml
from minisweagent import package_dir
from minisweagent.agents.default import DefaultAgent
from minisweagent.environments.local import LocalEnvironment
from minisweagent.models.test_models import DeterministicToolcallModel, make_toolcall_output
from minisweagent.models.utils.actions_toolcall import BASH_TOOL

_ONLY_INTERACTIVE = ("mode",)


class Noting(DeterministicToolcallModel):  # type: ignore[misc]
    """Gives the answers in order, and notes each request as its other models would send it."""

    requests: list[dict[str, Any]]

    def query(self, messages: list[dict[str, Any]], **more: Any) -> Any:
        sent = [{name: value for name, value in message.items() if name != "extra"} for message in messages]
        self.requests.append({"messages": sent, "tools": [BASH_TOOL]})
        return super().query(messages, **more)


def main() -> None:
    """Work through the steps."""
    wanted = json.load(sys.stdin)
    config = yaml.safe_load((package_dir / "config" / "mini.yaml").read_text())
    template = config["model"]["observation_template"]
    model = Noting(
        outputs=[_answer(*step) for step in enumerate(wanted["steps"])],
        observation_template=template,
        cost_per_call=0.0,
    )
    model.requests = []
    environment = LocalEnvironment(cwd=wanted["folder"], **config["environment"])
    about = {name: value for name, value in config["agent"].items() if name not in _ONLY_INTERACTIVE}
    ended = DefaultAgent(model, environment, **about).run(wanted["task"])
    json.dump({"status": ended["exit_status"], "requests": model.requests}, sys.stdout)


def _answer(at: int, step: dict[str, str]) -> Any:
    call, arguments = f"call_{at}", json.dumps({"command": step["command"]})
    function = {"name": "bash", "arguments": arguments}
    made = make_toolcall_output(
        step["say"],
        [{"id": call, "type": "function", "function": function}],
        [{"command": step["command"], "tool_call_id": call}],
    )
    made["extra"]["cost"] = 0.0
    return made


if __name__ == "__main__":
    main()
