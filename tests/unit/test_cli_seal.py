"""`boardhand seal` and `boardhand keys`: what they print, what they never show, and with which codes they end."""

from __future__ import annotations

import base64
import getpass
import io
import os
import pty
import subprocess
import sys
import traceback
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml

from boardhand_api.sealed import VALUE_BYTES
from boardhand_cli import keys, session
from boardhand_cli.cluster import Cluster, Where
from boardhand_cli.main import app, main
from boardhand_cli.problems import Exit, Problem
from boardhand_cli.seal import _asked
from boardhand_cli.texts import Field
from boardhand_client.refusals import told
from boardhand_operator.cluster.snapshots import build_revision
from boardhand_operator.kube import Conflict, Resource
from boardhand_operator.memory.store import key_of
from boardhand_operator.sealed.keyring import KEYS_TYPE, Key, Keyring, Place
from boardhand_operator.views import Pool
from tests.support.api_server import ApiServer, threaded
from tests.support.fake_kube import FakeKube
from tests.support.objects import pool_body, run_body
from tests.support.sealing import CANARIES, a_ring, key_file, pool_spec

VALUE = "canary-cli-7Jx2QpZ4"
HERE = Place("team", "shop", "board.token")
WHERE = ["--namespace", "team", "--pool", "shop", "--field", "board.token"]
Said = tuple[int, str, str]
"""Exit code, standard output, standard error."""


class Input(io.TextIOWrapper):
    """Standard input from a pipe."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))


@pytest.fixture
def boardhand(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """Runs the program in this process."""

    def call(*arguments: object, given: bytes = b"") -> Said:
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr(sys, "argv", ["boardhand", *map(str, arguments)])
        with (
            mock.patch.object(sys, "stdin", Input(given)),
            mock.patch.object(sys, "stdout", out),
            mock.patch.object(sys, "stderr", err),
            pytest.raises(SystemExit) as end,
        ):
            main()
        return int(end.value.code or 0), out.getvalue(), err.getvalue()

    return call


@pytest.fixture
def kube(monkeypatch: pytest.MonkeyPatch) -> FakeKube:
    """The cluster that the program reaches."""
    made = FakeKube()

    @asynccontextmanager
    async def to(where: Where) -> AsyncIterator[Cluster]:
        yield Cluster(made, where)

    monkeypatch.setattr(keys, "connected", to)
    monkeypatch.setattr(session, "connected", to)
    return made


def put_keys(kube: FakeKube, ring: Keyring) -> None:
    data = {"keys": base64.b64encode(ring.text().encode()).decode()}
    kube.put(
        Resource.SECRETS, "boardhand", {"metadata": {"name": "boardhand-sealing"}, "type": KEYS_TYPE, "data": data}
    )


def ring_in(kube: FakeKube) -> Keyring:
    body = kube.objects[Resource.SECRETS]["boardhand", "boardhand-sealing"]
    assert body["type"] == KEYS_TYPE
    return Keyring.parse(base64.b64decode(body["data"]["keys"]).decode())


def put_pool(kube: FakeKube, ring: Keyring, name: str = "shop") -> Pool:
    body = pool_body(name, **pool_spec(ring, pool=name))
    return Pool.of(kube.put(Resource.POOLS, "team", body))


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (f"{VALUE}\n", VALUE),
        (f"{VALUE}\r\n", VALUE),
        (VALUE, VALUE),
        (f" {VALUE} \n", f" {VALUE} "),
        ("-----BEGIN KEY-----\nabc\n-----END KEY-----\n", "-----BEGIN KEY-----\nabc\n-----END KEY-----\n"),
    ],
)
def test_a_value_is_sealed_from_standard_input(
    given: str, value: str, boardhand: Callable[..., Said], tmp_path: Path
) -> None:
    ring = a_ring(2)
    code, out, err = boardhand("seal", *WHERE, "--key-file", key_file(tmp_path, ring), given=given.encode())
    assert (code, err) == (0, "")
    assert out.startswith("# under spec.board\nsealed:\n  token: gAAAA")
    text = yaml.safe_load(out)["sealed"]["token"]
    assert ring.open(HERE, text) == value
    assert ring.which(text) == ring.ids[0]
    assert VALUE not in out


@pytest.mark.parametrize(
    ("field", "under", "name"),
    [
        ("board.token", "spec.board", "sealed"),
        ("repository.push.sshKey", "spec.repository", "pushSealed"),
        ("repository.read.token", "spec.repository", "readSealed"),
        ("models.large.apiKey", "spec.models.large", "sealed"),
        ("models.small.fallback.apiKey", "spec.models.small.fallback", "sealed"),
        ("mcpServers.my-tracker.X-Api-Key", "spec.mcpServers[my-tracker]", "sealed"),
        ("notifications.team.url", "spec.notifications[team]", "sealed"),
    ],
)
def test_the_field_is_printed_where_it_belongs(field: str, under: str, name: str) -> None:
    found = Field.parse(field)
    assert (found.under, found.name) == (under, name)
    assert f"{found.place}.{found.key}" == field


@pytest.mark.parametrize(
    "field", ["board", "token", "spec.board.token", f"board.token={VALUE}", "models.token", f"{VALUE}.token", "board."]
)
def test_a_field_that_is_none_is_refused_and_not_quoted(
    field: str, boardhand: Callable[..., Said], tmp_path: Path
) -> None:
    wrong = ["--namespace", "team", "--pool", "shop", "--field", field]
    code, out, err = boardhand("seal", *wrong, "--key-file", key_file(tmp_path, a_ring()), given=b"x")
    assert (code, out) == (Exit.USAGE, "")
    assert "--field is PLACE.KEY, such as board.token" in err
    assert VALUE not in err


@pytest.mark.parametrize("arguments", [[VALUE, *WHERE], [*WHERE, VALUE, "more"], [*WHERE, f"--value={VALUE}"]])
def test_a_value_on_the_command_line_is_refused_and_not_repeated(
    arguments: list[str], boardhand: Callable[..., Said], tmp_path: Path
) -> None:
    code, out, err = boardhand("seal", *arguments, "--key-file", key_file(tmp_path, a_ring()), given=b"x")
    assert (code, out) == (Exit.USAGE, "")
    assert VALUE not in err
    assert "standard input" in err or "No such option: --value" in err


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (b"", "1 to 8192 bytes"),
        (b"\n", "1 to 8192 bytes"),
        (b"x" * (VALUE_BYTES + 5), "1 to 8192 bytes"),
        (b"\xff\xfe" + VALUE.encode(), "no text"),
    ],
)
def test_a_value_that_cannot_be_taken(given: bytes, says: str, boardhand: Callable[..., Said], tmp_path: Path) -> None:
    code, out, err = boardhand("seal", *WHERE, "--key-file", key_file(tmp_path, a_ring()), given=given)
    assert (code, out) == (Exit.INPUT, "")
    assert says in err
    assert VALUE not in err


def test_without_all_options_it_says_which(boardhand: Callable[..., Said]) -> None:
    code, _, err = boardhand("seal", "--namespace", "team", given=b"x")
    assert code == Exit.USAGE
    assert "--pool and --field are required, or --reseal FILE" in err


@pytest.mark.parametrize("content", [None, "", f"{VALUE}\n"])
def test_a_key_file_that_is_none(content: str | None, boardhand: Callable[..., Said], tmp_path: Path) -> None:
    file = tmp_path / "keys"
    if content is not None:
        file.write_text(content)
    code, _, err = boardhand("seal", *WHERE, "--key-file", file, given=b"x")
    assert code == Exit.INPUT
    assert f"{file} cannot be used" in err
    assert VALUE not in err


def test_no_kubeconfig_is_a_sentence(boardhand: Callable[..., Said], tmp_path: Path) -> None:
    code, _, err = boardhand("seal", *WHERE, "--kubeconfig", tmp_path / "absent", given=b"x")
    assert code == Exit.CLUSTER
    assert "no kubeconfig can be used" in err


@pytest.mark.parametrize("where", ["seal", "parse"])
def test_a_traceback_shows_neither_value_nor_key(where: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What nobody foresaw ends in a traceback: without the values of variables, and cleaned."""
    ring, err = a_ring(), io.StringIO()

    def broken(*given: object) -> str:
        raise RuntimeError("broken", *map(str, given), VALUE, ring.keys[0].text)

    file = key_file(tmp_path, ring)
    monkeypatch.setattr(Keyring, "seal", broken)
    monkeypatch.setattr(sys, "argv", ["boardhand", "seal", *WHERE, "--key-file", str(file)])
    with mock.patch.object(sys, "stdin", Input(VALUE.encode())), mock.patch.object(sys, "stderr", err):
        with pytest.raises(RuntimeError) as wrong:
            main()
        if where == "seal":
            sys.excepthook(type(wrong.value), wrong.value, wrong.value.__traceback__)
        else:
            traceback.print_exception(wrong.value, file=sys.stderr)
    said = err.getvalue()
    assert not app.pretty_exceptions_enable
    assert "RuntimeError" in said
    assert VALUE not in said
    assert ring.keys[0].text not in said


def test_at_a_terminal_nothing_is_shown(tmp_path: Path) -> None:
    """With a real terminal, in a process of its own: the value is typed, and neither echoed nor in the arguments."""
    ring, program = a_ring(), Path(sys.executable).with_name("boardhand")
    command = [str(program), "seal", *WHERE, "--key-file", str(key_file(tmp_path, ring))]
    child, terminal = pty.fork()
    if child == 0:
        os.execv(command[0], command)
    shown = b""
    while b"not shown" not in shown:
        shown += os.read(terminal, 1000)
    os.write(terminal, VALUE.encode() + b"\n")
    try:
        while piece := os.read(terminal, 1000):
            shown += piece
    except OSError:
        os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert VALUE.encode() not in shown
    text = shown.decode().split("token: ")[1].split()[0]
    assert ring.open(HERE, text) == VALUE


def test_a_terminal_that_would_echo_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def echoing(_: str) -> str:
        warnings.warn("the terminal's echo cannot be switched off", getpass.GetPassWarning, stacklevel=2)
        return VALUE

    monkeypatch.setattr(getpass, "getpass", echoing)
    with pytest.raises(Problem, match="would show the value") as wrong:
        _asked()
    assert wrong.value.code is Exit.INPUT


def test_in_a_pipe_there_is_no_colour(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("boardhand")
    for arguments in (["seal", "--help"], ["seal", VALUE]):
        done = subprocess.run([program, *arguments], capture_output=True, text=True, input="x", check=False)
        assert "\x1b" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert VALUE not in done.stdout + done.stderr


def test_a_file_is_sealed_anew_in_place(boardhand: Callable[..., Said], tmp_path: Path) -> None:
    old = a_ring()
    ring = Keyring([Key.generate(), *old.keys])
    spec = pool_spec(old)
    spec["forge"]["sealed"]["token"] = ring.seal(Place("team", "shop", "forge.token"), CANARIES["forge.token"])
    body = {"apiVersion": "boardhand.dev/v1alpha1", "kind": "CodingAgent", "metadata": {"name": "shop"}}
    document = yaml.safe_dump(body | {"spec": spec | {"workbench": {"image": "i"}}}, width=100_000)
    file = tmp_path / "pool.yaml"
    before = f"# kept\nkind: ConfigMap\n---\n{document}# kept, too\n"
    file.write_text(before)
    file.chmod(0o640)
    arguments = ("seal", "--reseal", file, "--namespace", "team", "--key-file", key_file(tmp_path, ring))
    code, out, err = boardhand(*arguments)
    texts = len(CANARIES) + 2
    assert (code, out) == (0, "")
    assert f"{texts - 1} of {texts} texts sealed anew with key {ring.ids[0]}" in err
    after = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert after.startswith("# kept\n")
    assert after.endswith("# kept, too\n")
    found = list(yaml.safe_load_all(after))[1]
    assert ring.open(HERE, found["spec"]["board"]["sealed"]["token"]) == CANARIES["board.token"]
    new = Keyring([ring.keys[0]])
    assert not [text for text in after.split() if text.startswith("gAAAA") and new.which(text) is None]
    assert boardhand(*arguments)[2].startswith(f"{file}: 0 of {texts} texts")
    assert file.read_text() == after


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (lambda text: "a: [", Exit.INPUT, "no YAML"),
        (lambda text: text.replace("name: shop", "name: other"), Exit.INPUT, "pool other: the text of"),
        (lambda text: text.replace("url: http://forge.test\n", "url: none\n"), Exit.INPUT, "pool shop: spec.forge.url"),
        (lambda text: text.replace("  namespace: team\n", ""), Exit.USAGE, "give --namespace"),
    ],
)
def test_a_file_that_cannot_be_sealed_anew_stays(
    change: Callable[[str], str], code: Exit, says: str, boardhand: Callable[..., Said], tmp_path: Path
) -> None:
    old = a_ring()
    body = pool_body("shop", **pool_spec(old))
    body["metadata"] = {"name": "shop", "namespace": "team"}
    file = tmp_path / "pool.yaml"
    text = change(yaml.safe_dump(body, width=100_000))
    file.write_text(text)
    ring = Keyring([Key.generate(), *old.keys])
    found, _, err = boardhand("seal", "--reseal", file, "--key-file", key_file(tmp_path, ring))
    assert found == code
    assert says in err
    assert file.read_text() == text


def test_a_text_on_several_lines_is_named(boardhand: Callable[..., Said], tmp_path: Path) -> None:
    old = a_ring()
    body = pool_body("shop", **pool_spec(old))
    token = body["spec"]["board"]["sealed"]["token"]
    text = yaml.safe_dump(body, width=100_000).replace(token, f'"{token[:50]}\\\n          {token[50:]}"')
    file = tmp_path / "pool.yaml"
    file.write_text(text)
    ring = Keyring([Key.generate(), *old.keys])
    code, _, err = boardhand("seal", "--reseal", file, "--key-file", key_file(tmp_path, ring))
    assert code == Exit.INPUT
    assert "pool shop: the text of board.token must stand on one line" in err
    assert file.read_text() == text


def test_a_value_is_sealed_with_the_clusters_key(boardhand: Callable[..., Said], kube: FakeKube) -> None:
    code, _, err = boardhand("seal", *WHERE, given=b"x")
    assert (code, "there is no Secret boardhand/boardhand-sealing" in err) == (Exit.CLUSTER, True)
    ring = a_ring()
    put_keys(kube, ring)
    code, out, _ = boardhand("seal", *WHERE, given=VALUE.encode())
    assert code == 0
    assert ring.open(HERE, yaml.safe_load(out)["sealed"]["token"]) == VALUE


def test_keys_are_rotated_and_dropped_once_nobody_needs_them(boardhand: Callable[..., Said], kube: FakeKube) -> None:
    code, out, err = boardhand("keys", "rotate")
    assert (code, "next: " in err) == (0, False)
    first = ring_in(kube)
    assert out == f"{first.ids[0]}  (seals)\n"
    code, _, err = boardhand("keys", "drop", first.ids[0])
    assert (code, "newest key" in err) == (Exit.REFUSED, True)

    pool = put_pool(kube, first)
    code, out, err = boardhand("keys", "rotate")
    second = ring_in(kube)
    assert code == 0
    assert second.ids[1] == first.ids[0]
    assert out.splitlines()[:3] == [f"{second.ids[0]}  (seals)", second.ids[1], "  team/shop board.token"]
    assert "boardhand seal --reseal" in err
    code, _, err = boardhand("keys", "drop", second.ids[1])
    assert (code, "team/shop board.token" in err) == (Exit.REFUSED, True)

    kube.put(Resource.REVISIONS, "team", build_revision(pool))
    run = kube.put(Resource.RUNS, "team", run_body("run-9"))
    kube.set_status(Resource.RUNS, key_of(run), {"generation": 1})
    renewed = {**kube.objects[Resource.POOLS]["team", "shop"]["spec"], **pool_spec(second)}
    renewed["board"]["url"] = "http://another.test"
    kube.objects[Resource.POOLS]["team", "shop"]["spec"] = renewed
    kube.objects[Resource.POOLS]["team", "shop"]["metadata"]["generation"] = 2
    code, _, err = boardhand("keys", "drop", second.ids[1])
    assert code == Exit.REFUSED, "a run under way began with the old texts, for a board that is elsewhere now"
    assert "team/shop board.token" in err
    assert "forge.token" not in err

    kube.objects[Resource.RUNS]["team", "run-9"]["metadata"]["labels"] = {"boardhand.dev/settled": "true"}
    code, _, err = boardhand("keys", "drop", second.ids[1])
    assert (code, f"key {second.ids[1]} is gone" in err) == (0, True)
    assert ring_in(kube).ids == [second.ids[0]]
    code, _, err = boardhand("keys", "drop", "12345678")
    assert (code, "no key of that id" in err) == (Exit.INPUT, True)
    assert [key.text for key in (*first.keys, *second.keys) if key.text in out + err] == []


def test_texts_that_open_with_no_key_are_listed(boardhand: Callable[..., Said], kube: FakeKube) -> None:
    put_keys(kube, a_ring())
    put_pool(kube, a_ring())
    code, out, _ = boardhand("keys", "list")
    assert code == 0
    assert "opens with none of them: team/shop board.token" in out
    assert "opens with none" not in boardhand("keys", "list", "--namespace", "elsewhere")[1]


def test_a_pool_that_cannot_be_read_is_not_passed_over(boardhand: Callable[..., Said], kube: FakeKube) -> None:
    put_keys(kube, a_ring(2))
    body = pool_body("odd")
    body["spec"]["unknown"] = 1
    kube.put(Resource.POOLS, "team", body)
    code, _, err = boardhand("keys", "drop", ring_in(kube).ids[1])
    assert code == Exit.CLUSTER
    assert "pool team/odd cannot be read by this version" in err
    assert len(ring_in(kube).keys) == 2


async def test_two_who_rotate_at_once_lose_nothing() -> None:
    kube = FakeKube()
    put_keys(kube, a_ring())

    class Slow(FakeKube):
        async def get(self, *about: Any) -> Any:
            found = await kube.get(*about)
            put = kube.objects[Resource.SECRETS]["boardhand", "boardhand-sealing"]
            put["metadata"]["resourceVersion"] = "999"
            return found

        async def patch(self, *about: Any, **more: Any) -> Any:
            with told():
                return await kube.patch(*about, **more)

        async def create(self, *about: Any) -> Any:
            raise Conflict("boardhand-sealing")

    cluster = Cluster(Slow(), Where(None, None, "boardhand", "boardhand-sealing"))
    with pytest.raises(Problem, match="changed meanwhile: try again"):
        await cluster.rotate()
    assert len(ring_in(kube).keys) == 1


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ("just text", "it is no kubeconfig; see --kubeconfig and --context"),
        ("[", "it is no kubeconfig; see --kubeconfig and --context"),
        ("", "see --kubeconfig and --context"),
    ],
)
def test_a_kubeconfig_that_is_none_is_a_sentence(config: str, says: str, tmp_path: Path, boardhand: Any) -> None:
    file = tmp_path / "config"
    file.write_text(config)
    code, _, err = boardhand("keys", "list", "--kubeconfig", str(file))
    assert (code, err.count("\n"), says in err) == (Exit.CLUSTER, 1, True), err


def test_what_the_cluster_refuses_is_a_sentence(tmp_path: Path, boardhand: Any) -> None:
    with threaded(ApiServer(denied={("get", "secrets")})) as server:
        config = str(server.kubeconfig(tmp_path / "config"))
        code, _, err = boardhand("keys", "list", "--kubeconfig", config)
        assert code == Exit.CLUSTER
        assert 'User "ada" cannot get resource "secrets"; ask who runs the cluster for a role' in err
        server.denied = set()
        put_keys(server.kube, a_ring())
        code, out, err = boardhand("keys", "rotate", "--kubeconfig", config)
        assert (code, len(ring_in(server.kube).keys), ring_in(server.kube).ids[0] in out) == (0, 2, True), err
    code, _, err = boardhand("keys", "list", "--kubeconfig", config)
    assert (code, "cannot be reached" in err) == (Exit.CLUSTER, True)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("at: 2026-13-45", "holds a date that is none"),
        ("[" * 3000, "is nested too deep"),
        ("kind: CodingAgent\nmetadata: shop", "has no metadata"),
        ("kind: List\nitems: 5", "0 of 0 texts"),
        ("a: [", "is no YAML (line"),
    ],
)
def test_a_file_that_holds_no_pools_is_a_sentence(
    content: str, says: str, tmp_path: Path, boardhand: Callable[..., Said]
) -> None:
    file = tmp_path / "pools.yaml"
    file.write_text(content)
    code, _, err = boardhand("seal", "--reseal", file, "--key-file", key_file(tmp_path, a_ring()))
    assert (says in err, code) == (True, 0 if "texts" in says else Exit.INPUT), err


def test_a_file_of_the_longest_name_is_sealed_anew(tmp_path: Path, boardhand: Callable[..., Said]) -> None:
    ring = a_ring()
    newer = Keyring([Key.generate(), *ring.keys])
    body = pool_body("shop", **pool_spec(ring, pool="shop"))
    file = tmp_path / f"{'n' * 250}.yaml"
    file.write_text(yaml.safe_dump(body, width=100_000))
    code, _, err = boardhand("seal", "--reseal", file, "--namespace", "team", "--key-file", key_file(tmp_path, newer))
    assert (code, "sealed anew" in err) == (0, True), err


def test_no_input_is_no_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setattr(sys, "argv", ["boardhand", "seal", *WHERE, "--key-file", str(key_file(tmp_path, a_ring()))])
    with pytest.raises(SystemExit) as end:
        main()
    assert (end.value.code, capsys.readouterr().out) == (Exit.INPUT, "")
