"""The commands for pools and runs, against an API server over HTTP: what they print, do and end with."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.cells import cell_len
from rich.console import Console

from boardhand_api.events import DiffPiece, Ended, Routed, Step
from boardhand_api.pod import LABEL_RUN, Stage
from boardhand_api.result import Result, Usage
from boardhand_cli.main import main
from boardhand_cli.printing import duration, lines, money, run_cells, run_heads, table
from boardhand_cli.problems import Exit
from boardhand_cli.questions import Questions
from boardhand_client.rows import RunRow
from boardhand_operator.kube import Resource
from tests.support.api_server import ApiServer, threaded
from tests.support.objects import NOON, ended, pod_body, pool_body, run_body, running
from tests.support.terminal import Said, Terminal, boardhand

RED = {"class": "Red", "reason": "VerifyFailed", "message": "2 of 9 tests failed"}
PULL = {"url": "http://forge.test/shop/cart/pulls/7", "number": 7}
POD = "run-1-1-x"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def up() -> Iterator[ApiServer]:
    with threaded(ApiServer()) as server:
        yield server


@pytest.fixture
def server(up: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    monkeypatch.setenv("KUBECONFIG", str(up.kubeconfig(tmp_path / "config")))
    monkeypatch.delenv("BOARDHAND_HISTORY", raising=False)
    yield up
    for objects in up.kube.objects.values():
        objects.clear()
    up.logs.clear()
    up.growing.clear()
    up.denied, up.absent = set(), set()


def put_run(server: ApiServer, name: str = "run-1", namespace: str = "team", **about: Any) -> None:
    """A run with its status."""
    body = run_body(name, namespace=namespace, **about)
    server.kube.put(Resource.RUNS, namespace, body)
    server.kube.set_status(Resource.RUNS, (namespace, name), body["status"])


def put_pod(server: ApiServer, run: str = "run-1", **states: Json) -> None:
    """Its pod with these stages."""
    pod = pod_body({Stage(stage): state for stage, state in states.items()}, name=POD)
    pod["metadata"].setdefault("labels", {})[LABEL_RUN] = run
    server.kube.put(Resource.PODS, "team", pod)
    server.kube.set_status(Resource.PODS, ("team", POD), pod["status"])


def a_step(number: int, text: str = "I look.", result: str = "fine") -> str:
    usage = Usage(prompt_tokens=1200, completion_tokens=34, money="0.0125")  # type: ignore[arg-type]
    step = Step(
        at=NOON, number=number, role="coder", text=text, calls=['read_file {"path": "a.py"}'],
        results=[f"0123456789ab {result}"], outcomes=["done"], tool_seconds=[0.25], usage=usage, seconds=3,
    )  # fmt: skip
    return step.model_dump_json()


LOG = [
    Routed(at=NOON, specialist="coder", reason="code is to change").model_dump_json(),
    a_step(1),
    Ended(at=NOON, result=Result(title="Fix the cart", summary="Because.", steps=1)).model_dump_json(by_alias=True),
]


def test_runs_are_listed_the_newest_first_in_plain_text(server: ApiServer) -> None:
    put_run(server, phase="Failed", failure=RED, usage={"money": "0.5"})
    put_run(server, "run-2", phase="Working")
    put_run(server, "run-3", namespace="other")
    code, out, err = boardhand("runs")
    assert (code, err) == (0, "")
    head, *rows = [line.split() for line in out.splitlines()]
    assert head == ["NAME", "POOL", "TICKET", "PHASE", "WHY", "ATTEMPT", "MONEY", "AGE"]
    assert {row[0] for row in rows} == {"run-1", "run-2"}
    assert next(row for row in rows if row[0] == "run-1")[1:7] == [
        "shop",
        "#1",
        "Failed",
        "Red/VerifyFailed",
        "1",
        "$0.5000",
    ]
    assert "\x1b" not in out


def test_a_pipe_cuts_nothing_off(server: ApiServer) -> None:
    title = "word " * 39 + "last"
    put_run(server, ticket={"title": title}, branch="boardhand/" + "b" * 100)
    _, out, _ = boardhand("runs", "-o", "wide")
    assert title in out and "b" * 100 in out and "…" not in out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--phase", "working"], {"run-2"}),
        (["--phase", "Failed", "--phase", "Working"], {"run-1", "run-2"}),
        (["--pool", "till"], {"run-4"}),
        (["-A", "--pool", "shop"], {"run-1", "run-2", "run-3"}),
        (["-n", "other"], {"run-3"}),
        (["-n", "empty"], set()),
    ],
)
def test_runs_are_filtered(server: ApiServer, options: list[str], found: set[str]) -> None:
    put_run(server, phase="Failed", failure=RED)
    put_run(server, "run-2", phase="Working")
    put_run(server, "run-3", namespace="other")
    put_run(server, "run-4", pool="till")
    code, out, err = boardhand("runs", *options, "-o", "json")
    assert code == 0
    assert {item["metadata"]["name"] for item in json.loads(out)["items"]} == found
    code, out, err = boardhand("runs", *options)
    assert (code, bool(out)) == (0, bool(found))
    assert err == ("" if found else "no such runs in namespace empty\n")


@pytest.mark.parametrize(("form", "read"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_programs_get_the_objects(server: ApiServer, form: str, read: Callable[[str], Any]) -> None:
    put_run(server, phase="Succeeded", ticket={"title": "caf\u00e9 \x1b[31m\u202e"})
    _, out, _ = boardhand("runs", "-o", form)
    (item,) = read(out)["items"]
    assert (item["kind"], item["status"]["phase"], item["spec"]["ticket"]["title"]) == (
        "TicketRun", "Succeeded", "caf\u00e9 \x1b[31m\u202e",
    )  # fmt: skip
    assert out.isascii() and "\x1b" not in out


def test_nothing_that_strangers_wrote_steers_the_terminal(server: ApiServer) -> None:
    evil = "\x1b]0;owned\x07[bold]\u202e\r[link=http://evil.test]x[/link]"
    put_run(server, ticket={"title": evil, "key": evil[:40]}, phase="Failed", failure=RED | {"reason": evil[:40]})
    put_pod(server, agent=ended(0))
    server.logs[(POD, "agent")] = [a_step(1, evil, evil), f"plain {evil}"]
    for command in (["runs", "-o", "wide"], ["logs", "run-1"], ["logs", "run-1", "-o", "json"]):
        code, out, _ = boardhand(*command)
        assert code == 0
        assert not {"\x1b", "\x07", "\r", "\u202e"} & set(out)
        assert "[bold]" in out
    _, _, err = boardhand("logs", evil)
    assert "owned" in err and not {"\x1b", "\x07", "\r", "\u202e"} & set(err)


def test_what_a_board_calls_its_columns_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Questions({}, (), quiet=False).say("the columns are: \x1b]0;owned\x07\nTo do")
    assert capsys.readouterr().err == "the columns are: \\x1b]0;owned\\x07\nTo do\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["runs", "--nonsense"], Exit.USAGE, "No such option"),
        (["runs", "--phase", "x"], Exit.USAGE, "is not one of"),
        (["cancel"], Exit.USAGE, "Missing argument"),
        (["cancel", "pool/shop"], Exit.USAGE, "a run is asked for"),
        (["suspend", "card/x"], Exit.USAGE, "neither NAME, run/NAME nor pool/NAME"),
        (["retry", "run-1", "--money", "much"], Exit.USAGE, "an amount in US dollars"),
        (["retry", "run-1", "--money", "nan"], Exit.USAGE, "an amount in US dollars"),
        (["logs", "none"], Exit.CLUSTER, "there is no TicketRun none in namespace team"),
        (["logs", "../pods/x"], Exit.USAGE, "neither NAME"),
        (["cancel", "none"], Exit.CLUSTER, "there is no TicketRun none"),
        (["suspend", "pool/none"], Exit.CLUSTER, "there is no CodingAgent none"),
        (["watch", "none"], Exit.CLUSTER, "there is no TicketRun none"),
        (["diff", "none"], Exit.CLUSTER, "there is no TicketRun none"),
        (["runs", "--kubeconfig", "/none"], Exit.CLUSTER, "no kubeconfig can be used"),
        (["runs", "--context", "none"], Exit.CLUSTER, "no kubeconfig can be used"),
        (["cancel", "run-1"], Exit.REFUSED, "there is nothing to cancel"),
        (["suspend", "run-1"], Exit.REFUSED, "it cannot be suspended"),
        (["diff", "run-1", "--history", "nonsense"], Exit.INPUT, "the history cannot be read"),
    ],
)
def test_each_end_has_its_code(server: ApiServer, arguments: list[str], code: Exit, said: str) -> None:
    put_run(server, phase="Succeeded")
    ended_with, out, err = boardhand(*arguments)
    assert (ended_with, out) == (code, "")
    assert said in " ".join(err.replace("│", " ").split())


@pytest.mark.slow
def test_what_the_cluster_refuses_is_a_sentence(server: ApiServer) -> None:
    server.denied = {("list", "ticketruns"), ("patch", "codingagents")}
    code, out, err = boardhand("runs")
    assert (code, out) == (Exit.CLUSTER, "") and "not allowed: ticketruns is forbidden" in err
    code, _, err = boardhand("suspend", "pool/shop")
    assert code == Exit.CLUSTER and "not allowed" in err
    server.absent, server.denied = {"ticketruns"}, set()
    assert "is Boardhand installed in this cluster?" in boardhand("runs")[2]


def test_a_run_is_cancelled_with_one_word(server: ApiServer) -> None:
    put_run(server, phase="Working")
    put_run(server, "run-2", phase="Queued")
    assert boardhand("cancel", "run-1", "run/run-2") == (
        0,
        "run/run-1 is told to stop\nrun/run-2 is told to stop\n",
        "",
    )
    assert boardhand("cancel", "run-1")[0] == 0
    for name in ("run-1", "run-2"):
        assert server.kube.objects[Resource.RUNS][("team", name)]["spec"]["cancel"] is True


@pytest.mark.slow
def test_pools_and_runs_are_suspended_and_resumed(server: ApiServer) -> None:
    put_run(server, phase="Queued")
    server.kube.put(Resource.POOLS, "team", pool_body("shop"))
    objects = server.kube.objects
    code, out, _ = boardhand("suspend", "pool/shop", "run/run-1")
    assert (code, out) == (0, "pool/shop is suspended\nrun/run-1 is suspended\n")
    assert objects[Resource.POOLS][("team", "shop")]["spec"]["suspend"] is True
    assert objects[Resource.RUNS][("team", "run-1")]["spec"]["suspend"] is True
    assert boardhand("resume", "codingagent/shop", "run-1")[1] == "pool/shop is resumed\nrun/run-1 is resumed\n"
    assert objects[Resource.POOLS][("team", "shop")]["spec"]["suspend"] is False
    assert objects[Resource.RUNS][("team", "run-1")]["spec"]["suspend"] is False


def test_the_next_attempt_is_begun_once(server: ApiServer) -> None:
    pool = pool_body("shop")
    server.kube.put(Resource.POOLS, "team", pool)
    server.kube.set_status(Resource.POOLS, ("team", "shop"), pool["status"])
    put_run(server, phase="Failed", failure=RED, finishedAt=NOON)
    code, name, err = boardhand("retry", "run-1", "--money", "$2.50")
    assert (code, err) == (0, "attempt 2 of 3 begun\n")
    made = server.kube.objects[Resource.RUNS][("team", name.strip())]
    assert (made["spec"]["money"], made["spec"]["attempt"]) == (2.5, 2)
    assert boardhand("retry", "run-1") == (0, name, "attempt 2 of 3 was begun before\n")
    code, _, err = boardhand("retry", name.strip())
    assert code == Exit.REFUSED and "has not ended yet (Queued)" in err


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [("--say", os.fsdecode(b"caf\xe9"), "is no UTF-8"), ("--money", "1e999999", "at most 1,000,000,000 US dollars")],
)
def test_what_no_run_can_hold_is_said_before_it_is_made(server: ApiServer, option: str, value: str, said: str) -> None:
    pool = pool_body("shop")
    server.kube.put(Resource.POOLS, "team", pool)
    server.kube.set_status(Resource.POOLS, ("team", "shop"), pool["status"])
    put_run(server, phase="Failed", failure=RED, finishedAt=NOON)
    code, _, err = boardhand("retry", "run-1", option, value)
    assert code == Exit.REFUSED and said in err
    assert len(server.kube.objects[Resource.RUNS]) == 1


@pytest.mark.slow
def test_a_full_disk_is_said(server: ApiServer) -> None:
    put_run(server)
    path = Path(sys.executable).with_name("boardhand")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([path, "runs", "-o", "yaml"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (
        Exit.INPUT,
        "boardhand: what is printed cannot be written: No space left on device\n",
    )


def test_the_transcript_is_readable(server: ApiServer) -> None:
    put_run(server, phase="Succeeded")
    put_pod(server, agent=ended(0))
    server.logs[(POD, "agent")] = LOG
    code, out, err = boardhand("logs", "run-1")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "12:00:00      goes to the coder: code is to change",
        "12:00:00   1  coder  1,200 + 34 tokens  $0.0125 of $0.0125  3s",
        "              I look.",
        '              read_file {"path": "a.py"}',
        "              → done in 0.25 s  fine",
        "12:00:00      finished: Fix the cart",
        "              1 steps  0 + 0 tokens  -  0s",
        "              Because.",
    ]
    _, out, _ = boardhand("logs", "run-1", "-o", "json")
    assert [json.loads(line)["entry"] for line in out.splitlines()] == ["note", "step", "result"]


@pytest.mark.slow
def test_the_transcript_is_followed_until_the_run_is_finished(server: ApiServer) -> None:
    put_run(server, phase="Working")
    key = (POD, "agent")

    def goes_on() -> None:
        put_pod(server, agent=running())
        server.growing.add(key)
        server.logs[key] = LOG[:1]
        time.sleep(0.2)
        server.logs[key] = LOG[:2]
        time.sleep(0.2)
        server.kube.set_status(Resource.RUNS, ("team", "run-1"), {"phase": "Succeeded"})
        server.logs[key] = LOG
        server.kube.set_status(Resource.PODS, ("team", POD), pod_body({Stage.AGENT: ended(0)})["status"])
        server.growing.clear()

    thread = threading.Thread(target=goes_on)
    thread.start()
    code, out, _ = boardhand("logs", "run-1", "-f")
    thread.join()
    assert code == 0
    assert out.splitlines()[-1].strip() == "Because."
    assert out.count("I look.") == 1


@pytest.mark.slow
def test_the_logs_of_other_stages_are_lines(server: ApiServer) -> None:
    put_run(server, phase="Succeeded")
    put_pod(server, verify=ended(0))
    server.logs[(POD, "verify")] = ["9 passed\x1b[0m"]
    assert boardhand("logs", "run-1", "--stage", "verify") == (0, "9 passed[0m\n", "")
    code, _, err = boardhand("logs", "run-1")
    assert code == Exit.CLUSTER and "stage agent of run run-1 has no log (yet)" in err


@pytest.mark.slow
def test_a_run_without_a_pod_has_no_log(server: ApiServer) -> None:
    put_run(server, phase="Succeeded")
    for command in (["logs", "run-1"], ["logs", "run-1", "-f"]):
        code, _, err = boardhand(*command)
        assert code == Exit.CLUSTER and "pod" in err


def diff_log(*texts: str, cut: bool = False) -> list[str]:
    pieces = [
        DiffPiece(event="diff", number=at, of=len(texts), text=text, cut=cut and at == len(texts))
        for at, text in enumerate(texts, 1)
    ]
    return ["pushed", *(piece.model_dump_json() for piece in pieces)]


@pytest.mark.slow
def test_the_diff_is_what_git_says(server: ApiServer) -> None:
    put_run(server, phase="Succeeded")
    put_pod(server, publish=ended(0))
    server.logs[(POD, "publish")] = diff_log("diff --git a/a b/a\n--- a/a\n", "+++ b/a\n@@ -1 +1 @@\n-x\n+[bold]y\n")
    code, out, err = boardhand("diff", "run-1")
    assert (code, err) == (0, "")
    assert out == "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+[bold]y\n"
    server.logs[(POD, "publish")] = diff_log("+x\n", cut=True)
    assert "larger than what is kept" in boardhand("diff", "run-1")[2]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "said"),
    [
        ({"phase": "Succeeded", "pullRequest": PULL}, f"its pull request is {PULL['url']}"),
        ({"phase": "Failed", "branch": "boardhand/1"}, "its branch is boardhand/1"),
        ({"phase": "Failed"}, "pushed nothing (Failed)"),
        ({"phase": "Working"}, "has not pushed anything yet (Working)"),
    ],
)
def test_a_diff_that_is_gone_says_where_else_it_is(server: ApiServer, status: Json, said: str) -> None:
    put_run(server, **status)
    code, out, err = boardhand("diff", "run-1")
    assert (code, out) == (Exit.CLUSTER, "") and said in err


@pytest.mark.slow
def test_changes_are_told_in_a_pipe_until_the_run_is_finished(server: ApiServer) -> None:
    put_run(server, phase="Working")

    def finishes() -> None:
        deadline = time.monotonic() + 60
        while not any("watch=" in path for _, path, _ in server.asked):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        server.kube.set_status(Resource.RUNS, ("team", "run-1"), {"phase": "Failed", "failure": RED})

    thread = threading.Thread(target=finishes)
    thread.start()
    code, out, _ = boardhand("watch", "run-1")
    thread.join()
    assert code == 0
    assert [line.split("  ", 1)[1] for line in out.splitlines()] == [
        "run-1  Working  The agent is at work.",
        "run-1  Failed  The verify commands failed, so the change is not proved.",
    ]


@pytest.mark.slow
def test_at_a_terminal_the_table_changes_within_a_second(server: ApiServer) -> None:
    put_run(server, phase="Queued")
    terminal = Terminal("watch")
    try:
        terminal.until("Queued")
        server.kube.set_status(Resource.RUNS, ("team", "run-1"), {"phase": "Verifying"})
        changed = time.monotonic()
        assert terminal.until("Verifying") - changed < 1
        assert "\x1b[" in terminal.text
    finally:
        assert terminal.close() == 130


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("boardhand logs run-", {"run-1", "run-2"}),
        ("boardhand cancel ", {"run-2"}),
        ("boardhand runs --pool s", {"shop"}),
        ("boardhand suspend p", {"pool/shop", "pool/till"}),
        ("boardhand logs -n other ", {"run-3"}),
        ("boardhand logs --kubeconfig /none ", set()),
    ],
)
def test_names_are_completed_from_the_cluster(server: ApiServer, line: str, found: set[str]) -> None:
    put_run(server, phase="Failed")
    put_run(server, "run-2", phase="Working")
    put_run(server, "run-3", namespace="other")
    for name in ("shop", "till"):
        server.kube.put(Resource.POOLS, "team", pool_body(name))
    assert completed(line) == found


def completed(line: str) -> set[str]:
    """What bash would offer."""
    words = line.split(" ")
    environment = os.environ | {
        "_BOARDHAND_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1),
    }  # fmt: skip
    program = Path(sys.executable).with_name("boardhand")
    return set(subprocess.run([program], env=environment, capture_output=True, text=True, check=False).stdout.split())


def test_on_a_narrow_terminal_only_what_can_be_long_gives_way() -> None:
    row = RunRow.of(run_body("trello-1-0123456789ab", phase="Cancelled", created=NOON, usage={"money": "0.1234"}))
    heads, now = run_heads(wide=False, namespaces=True), datetime(2026, 1, 1, 13, tzinfo=UTC)
    console = Console(width=80, file=io.StringIO())
    console.print(table(heads, [run_cells(row, now, wide=False, namespaces=True)]))
    assert isinstance(console.file, io.StringIO)
    head, line = console.file.getvalue().splitlines()
    assert head.split() == [name for name, _ in heads]
    assert [line.split()[at] for at in (-4, -3, -2, -1)] == ["Cancelled", "1", "$0.1234", "60m"]


@pytest.mark.parametrize(
    ("seconds", "said"), [(-5, "0s"), (119, "119s"), (120, "2m"), (7199, "119m"), (7200, "2h"), (172800, "2d")]
)
def test_durations_are_said_in_the_unit_that_says_enough(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(("dollars", "said"), [(None, "-"), (0, "$0.00"), (0.00125, "$0.0013"), (12.5, "$12.50")])
def test_money_is_said_with_the_digits_that_count(dollars: float | None, said: str) -> None:
    assert money(dollars) == said


def test_kubectl_finds_it() -> None:
    assert Path(sys.executable).with_name("kubectl-boardhand").exists()


def test_usage_is_wrong(server: ApiServer) -> None:
    said: Said = boardhand("nonsense")
    assert said[0] == Exit.USAGE


def test_an_api_server_that_cannot_now_is_no_refusal(server: ApiServer) -> None:
    server.busy = 1
    code, out, err = boardhand("runs")
    assert (code, out) == (Exit.CLUSTER, "")
    assert "cannot do that now (503): apiserver not ready; try again in a while" in err


def test_columns_stand_below_each_other_in_a_pipe_whatever_the_letters(server: ApiServer) -> None:
    put_run(server, "a", ticket={"key": "漢字"})
    put_run(server, "run-2", ticket={"key": "e\u0301\u200d-1"})
    code, out, _ = boardhand("runs")
    assert code == 0
    at = {
        cell_len(line[: line.index(word)])
        for line, word in zip(out.splitlines(), ["PHASE", "Queued", "Queued"], strict=True)
    }
    assert len(at) == 1, out


@pytest.mark.slow
def test_ten_thousand_runs_are_written_into_a_pipe_at_once() -> None:
    rows = [RunRow.of(run_body(f"run-{number}")) for number in range(10_000)]
    cells = [run_cells(row, datetime.now(UTC), wide=False, namespaces=False) for row in rows]
    began = time.process_time()
    assert len(list(lines(run_heads(wide=False, namespaces=False), cells))) == 10_001
    assert time.process_time() - began < 1


def test_letters_that_the_output_does_not_know_are_spelt_out(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_run(server, ticket={"title": "Größe 漢"})
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    monkeypatch.setattr(sys, "argv", ["boardhand", "runs", "-o", "wide"])
    monkeypatch.setattr(sys, "stdout", out)
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    assert isinstance(out.buffer, io.BytesIO)
    assert b"Gr\\xf6\\xdfe \\u6f22" in out.buffer.getvalue()


def test_one_that_cannot_be_cancelled_keeps_no_other_from_it(server: ApiServer) -> None:
    put_run(server, "over", phase="Succeeded")
    put_run(server, "run-2", phase="Working")
    code, out, err = boardhand("cancel", "nothing", "over", "run/run-2")
    assert (code, out) == (Exit.REFUSED, "run/run-2 is told to stop\n")
    assert [line.split(":")[0] for line in err.splitlines()] == ["boardhand"] * 2
    assert "there is no TicketRun nothing" in err and "run over is finished" in err
    code, out, err = boardhand("suspend", "pool/nothing", "run-2")
    assert (code, out) == (Exit.CLUSTER, "run/run-2 is suspended\n")


def test_who_closed_the_output_is_told_nothing(server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    put_run(server)
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(sys, stream, None)
    monkeypatch.setattr(sys, "argv", ["boardhand", "runs"])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
