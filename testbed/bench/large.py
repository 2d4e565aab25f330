"""A repository of 50,000 files: how long until the model is asked, and how long a search takes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from boardhand_api.model import Model
from boardhand_api.order import Order
from boardhand_runner.local.stages import workbench
from boardhand_runner.settings import ROOT_VARIABLE, TERMINATION_VARIABLE, Settings
from boardhand_runner.tools.files import WorkTree
from testbed.bench import runs
from testbed.bench.played import LARGE, SMALL
from testbed.bench.rows import RUNS, Row, row
from testbed.bench.serving import served
from testbed.model.scripts import Script, Step, ToolCall
from testbed.shell import TestbedError

FILES = 50_000
_SERVICES = 250
_TITLE = "What does service 7 do?"
_RARE = "service_7_file_77_marker"
_LANGUAGES = {
    "py": "import os\n\nfrom common.base import Base\n\n\nclass {name}(Base):\n{body}",
    "java": "package services;\n\nimport common.Base;\n\npublic class {name} extends Base {{\n{body}}}\n",
    "go": "package services\n\nimport \"common/base\"\n\ntype {name} struct {{ base.Base }}\n{body}",
    "ts": "import {{ Base }} from '../common/base';\n\nexport class {name} extends Base {{\n{body}}}\n",
    "rs": "use common::base;\n\npub struct {name};\n{body}",
    "cpp": "#include \"common/base.hpp\"\n\nclass {name} : public Base {{\n{body}}};\n",
    "md": "# {name}\n\n{body}",
}  # fmt: skip
_BODIES = {
    "py": "    def step_{at}(self, amount: int) -> int:\n        return amount * {at} + len(os.sep)\n",
    "java": "    public int step{at}(int amount) {{\n        return amount * {at};\n    }}\n",
    "go": "\nfunc (s *{name}) Step{at}(amount int) int {{\n\treturn amount * {at}\n}}\n",
    "ts": "  step{at}(amount: number): number {{\n    return amount * {at};\n  }}\n",
    "rs": "\nimpl {name} {{\n    pub fn step_{at}(&self, amount: i64) -> i64 {{\n        amount * {at}\n    }}\n}}\n",
    "cpp": "  int step{at}(int amount) {{\n    return amount * {at};\n  }}\n",
    "md": "Step {at} multiplies the amount by {at}.\n",
}  # fmt: skip


def files() -> Iterator[tuple[str, str]]:
    """50,000 files in seven languages, the same each time."""
    suffixes = list(_LANGUAGES)
    # A text in the middle of the list.
    marked = next(at for at in range(FILES // 2, FILES) if suffixes[at % len(suffixes)] == "md")
    for number in range(FILES):
        service, suffix = number % _SERVICES, suffixes[number % len(suffixes)]
        name = f"Service{service}File{number // _SERVICES}"
        body = "".join(_BODIES[suffix].format(name=name, at=at) for at in range(8))
        marker = f"{_RARE}\n" if number == marked else ""
        yield (
            f"services/s{service:03}/src/part{number % 11}/{name}.{suffix}",
            _LANGUAGES[suffix].format(name=name, body=body + marker),
        )


def measure() -> list[Row]:
    """Start of the agent's process to the large model's first request (baseline, map and routing before it); search."""
    with runs.checked_out(files(), runs.order(_TITLE, "Please explain.", "true")) as (settings, order):
        order = order.model_copy(update={"require_tests": False})
        starts = [_to_first_request(settings, order) for _ in range(RUNS)]
        first = [_search(WorkTree(settings), _RARE, 1) for _ in range(RUNS)]
        frequent = [_search(WorkTree(settings), r"step_?\d", 200) for _ in range(RUNS)]
    return [
        row("50,000 files: agent's start to first request with the map", [took.wall for took in starts], 10),
        row("50,000 files: that run, processor time of all its processes", [took.processor for took in starts]),
        row("50,000 files: search, one hit", [took.wall for took in first], 1),
        row("50,000 files: that search, processor time", [took.processor for took in first]),
        row("50,000 files: search, 200 hits", [took.wall for took in frequent], 1),
    ]


@dataclass(frozen=True)
class Took:
    """Seconds."""

    wall: float
    processor: float


def _search(tree: WorkTree, pattern: str, hits: int) -> Took:
    began, used = time.perf_counter(), runs.processor_seconds()
    found = tree.search(pattern).splitlines()
    took = Took(time.perf_counter() - began, runs.processor_seconds() - used)
    if sum(line.startswith("services/") for line in found) != hits:
        raise TestbedError(f"search for {pattern}: not {hits} hits: {found[:3]}")
    return took


def _to_first_request(settings: Settings, order: Order) -> Took:
    """The script routes to the analyst, who answers at once; that ends the run."""
    done = Step(calls=(ToolCall(name="finish", arguments={"summary": "It multiplies."}),))
    answers = {"Route": {"specialist": "analyst", "reason": "A question."}}
    with served(Script(name="first-request", ticket="service 7", answers=answers, steps=(done,))) as model:
        models = {"large": Model(name=LARGE, base_url=model.url), "small": Model(name=SMALL, base_url=model.url)}
        settings.order.write_text(order.model_copy(update=models).model_dump_json(by_alias=True, exclude_none=True))
        settings.serve_closed.unlink(missing_ok=True)
        used = runs.processor_seconds()
        with workbench(settings):
            began = time.perf_counter()
            _agent(settings)
        if LARGE not in model.first:
            raise TestbedError("the agent's stage asked the large model nothing")
        return Took(model.first[LARGE] - began, runs.processor_seconds() - used)


def _agent(settings: Settings) -> None:
    environment = {ROOT_VARIABLE: str(settings.root), TERMINATION_VARIABLE: str(settings.termination_log)}
    command = [sys.executable, "-c", "import sys; from boardhand_runner.cli import main; sys.exit(main())", "agent"]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise TestbedError(f"the agent's stage ended with {done.returncode}\n{done.stdout[-500:]}{done.stderr[-500:]}")
