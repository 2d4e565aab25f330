"""The form's pure parts: where a problem is said, how credentials are kept, what would change."""

from __future__ import annotations

import re
from typing import Any

import pytest

from boardhand_api.pool import CodingAgentSpec
from boardhand_dashboard.form.credentials import Typed, kept, typed
from boardhand_dashboard.form.differences import Line, between
from boardhand_dashboard.form.fields import Secrets, all_fields, all_secrets
from boardhand_dashboard.form.posted import name_problem
from boardhand_dashboard.form.problems import Problem, by_control, control_of, of_sentence, of_status, of_validation
from boardhand_dashboard.form.view import inline
from boardhand_dashboard.form.yamls import Unreadable, dump, read
from boardhand_operator.credentials import sources
from boardhand_operator.sealed.keyring import Place
from tests.support.sealing import a_ring

Json = dict[str, Any]


def at(place: str) -> Secrets:
    return next(one for one in all_secrets() if one.place == place)


@pytest.mark.parametrize(
    ("path", "control"),
    [
        ("board.columns.ready", "board.columns.ready"),
        ("board", "board.secretRef.name"),
        ("board.sealed.token", "board.secretRef.name"),
        ("repository.pushSealed", "repository.pushSecretRef.name"),
        ("repository", "repository.readSecretRef.name"),
        ("models.large.secretRef", "models.large.secretRef.name"),
        ("limits", "limits.money"),
        ("workbench.services.0.name", "rest"),
        ("mcpServers", "rest"),
        ("secret:board.token", "secret:board.token"),
        ("name", "name"),
        ("", ""),
    ],
)
def test_every_problem_has_a_place_in_the_form(path: str, control: str) -> None:
    assert control_of(path) == control


def test_causes_of_the_api_server_are_read() -> None:
    causes = [
        {"field": "spec.limits.attempts", "message": "should be less than or equal to 20"},
        {"field": "spec", "message": "spec.limits.money is required with spec.budget: it is what a run reserves"},
        {"field": "spec.workbench.services[1].ports[0]", "message": "too small"},
        {"field": "metadata.name", "message": "is no name"},
        "nonsense",
    ]
    assert [one.path for one in of_status({"details": {"causes": causes}})] == [
        "limits.attempts",
        "limits.money",
        "workbench.services.1.ports.0",
        "name",
    ]
    assert of_status({"message": 'unknown field "spec.bord"'}) == [Problem("bord", 'unknown field "spec.bord"')]
    assert of_status({})[0].said
    assert of_status({"details": {"causes": None}, "reason": "Invalid"}) == [Problem("", "Invalid")]
    assert of_sentence("denied") == Problem("", "denied")


def test_what_is_missing_is_said_beside_the_fields_to_fill_in() -> None:
    assert {(one.path, one.said) for one in of_validation({})} == {
        ("repository.url", "is required"),
        ("models.large.name", "is required"),
        ("workbench.image", "is required"),
    }


def test_fields_of_a_newer_version_are_the_api_servers_to_judge() -> None:
    spec = {
        "repository": {"url": "https://g.test/a.git", "pushSecretRef": {"name": "p"}, "newer": 1},
        "models": {"large": {"name": "m"}},
        "workbench": {"image": "i"},
    }
    assert of_validation(spec) == []


def test_the_same_is_said_once() -> None:
    found = [Problem("board.board", "is required"), Problem("board.board", "is required"), Problem("pod.disk", "no")]
    assert by_control(found) == {"board.board": ["is required"], "rest": ["pod.disk: no"]}


def test_what_was_typed_is_found_by_its_place() -> None:
    key = "-----BEGIN-----\r\nabc\r\n-----END-----"
    form = {"secret:board.token": " t1 \n", "secret:board.key": "  ", "secret:repository.push.sshKey": key}
    assert [(one.at.place, dict(one.values)) for one in typed(form)] == [
        ("board", {"token": "t1"}),
        ("repository.push", {"sshKey": "-----BEGIN-----\nabc\n-----END-----\n"}),
    ]
    assert "t1" not in repr(typed(form))


@pytest.mark.parametrize("place", [one.place for one in all_secrets()])
def test_each_place_is_sealed_as_the_operator_opens_it(place: str) -> None:
    ring = a_ring()
    spec: Json = {
        "board": {"type": "gitea", "board": "a/b"},
        "forge": {"type": "gitea"},
        "repository": {"url": "https://g.test/a.git"},
        "models": {"large": {"name": "l"}, "small": {"name": "s"}},
        "workbench": {"image": "i"},
    }
    values = {"token": "t-1", "username": "u", "apiKey": "k-1"}
    every = [Typed(one, {key: values[key] for key in one.keys if key in values}) for one in all_secrets()]
    done = kept(spec, every, ring, "team", "shop")
    assert (done.problems, done.wanted, of_validation(done.spec)) == ([], [], [])
    source = sources(CodingAgentSpec.model_validate(done.spec))[place]
    for key, text in (source.sealed or {}).items():
        assert ring.open(Place("team", "shop", f"{place}.{key}"), text) == values[key]


def test_without_keys_a_secret_takes_the_place_of_sealed_texts() -> None:
    spec = {"board": {"type": "trello", "sealed": {"key": "gAAAA", "token": "gAAAA"}}}
    done = kept(spec, [Typed(at("board"), {"token": "t", "key": "k"})], None, "team", "shop")
    assert done.spec["board"] == {"type": "trello", "secretRef": {"name": "shop-board"}}
    assert done.wanted[0].command("team") == (
        "kubectl create secret generic shop-board --namespace team --from-file=key=key.txt --from-file=token=token.txt"
    )
    one = kept(spec, [Typed(at("board"), {"token": "t"})], None, "team", "shop")
    assert [problem.path for problem in one.problems] == ["secret:board.key"]


def test_a_value_that_is_too_long_to_seal_is_said() -> None:
    done = kept({"board": {"type": "gitea"}}, [Typed(at("board"), {"token": "t" * 9000})], a_ring(), "team", "shop")
    assert ("secret:board.token", True) in [(one.path, "8192 bytes" in one.said) for one in done.problems]


@pytest.mark.parametrize(
    ("values", "missing"),
    [({"token": "t"}, ["username"]), ({"sshKey": "k"}, ["knownHosts"]), ({"appId": "1"}, ["privateKey"])],
)
def test_credentials_for_git_are_asked_for_whole(values: dict[str, str], missing: list[str]) -> None:
    done = kept({}, [Typed(at("repository.push"), values)], a_ring(), "team", "shop")
    assert [one.path.rpartition(".")[2] for one in done.problems] == missing


def test_only_what_changes_is_shown() -> None:
    before = {"workbench": {"image": "a", "setup": []}, "suspend": False, "models": {"large": {"name": "m"}}}
    after = {"models": {"large": {"name": "m", "provider": "openai"}}, "workbench": {"image": "b"}}
    assert between(before, before) == []
    assert [one for one in between(before, after) if one.sign] == [Line("-", "  image: a"), Line("+", "  image: b")]
    assert {one.sign for one in between({}, after)} == {"", "+"}


def test_help_is_text_whatever_it_holds() -> None:
    assert inline("a <b> `c <d>` e") == "a &lt;b&gt; <code>c &lt;d&gt;</code> e"


def test_choices_are_those_that_are_there() -> None:
    kinds = {one.path: one.choices for one in all_fields() if one.kind == "choice"}
    assert "trello" in kinds["board.type"]
    assert "git" in kinds["forge.type"]
    assert kinds["policy.approval"] == ("None", "Plan")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "no YAML in line 1"),
        ("- a\n- b", "must be fields of the spec"),
        ("a: &x 1\nb: *x", "anchors and aliases"),
        ("a: !!bool maybe", "tags, such as !!int"),
        ("a: !!int ''", "tags, such as !!int"),
        ("!!timestamp x: 1", "tags, such as !!int"),
        ("a: !!float []", "tags, such as !!int"),
        ("pod:\n  labels: {a: b, a: c}", "stands here twice"),
        ("a: 2026-01-01", "put it in quotes"),
        ("1: 2", "is no text"),
        ("a: .nan", "no spec can hold"),
        ("[" * 100, "nested deeper"),
        ("a:\n" + "- {b: c}\n" * 1500, "more than 4000 parts"),
        ("a: 1" + ":00" * 6000, "such as no spec can hold"),
        ("a: 1" + ":00" * 7000, "more than 20000 characters"),
        ("x: " + "y" * 400_001, "more than 400000 characters"),
        ("!!python/object/apply:os.system ['true']", "no YAML"),
    ],
)
def test_wrong_yaml_is_said(text: str, said: str) -> None:
    with pytest.raises(Unreadable, match=re.escape(said)) as raised:
        read(text)
    assert "os.system" not in str(raised.value)


def test_yaml_is_read_as_it_was_written() -> None:
    text = "a \x85 b\u2028c\ufeff\td\r\ne: {'=': \"1\"}"
    assert read(dump({"x": text, "y": ["", " ", "yes", "2026-01-01", "1e3", 1e-7, None]})) == {
        "x": text,
        "y": ["", " ", "yes", "2026-01-01", "1e3", 1e-7, None],
    }
    assert (read(""), dump({})) == ({}, "")


@pytest.mark.parametrize("name", ["", "Shop", "-a", "a/../b", "x" * 64, "a.b", "a\n"])
def test_a_name_that_is_none_is_said(name: str) -> None:
    assert [one.path for one in name_problem(name)] == ["name"]
    assert name_problem("a-1") == []
