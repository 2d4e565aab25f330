"""What is sealed opens with the right key, in the right namespace, pool and field, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from boardhand_api.sealed import KEYS, TEXT_CHARACTERS, VALUE_BYTES, Sealed
from boardhand_operator.errors import Misconfigured
from boardhand_operator.sealed.keyring import Key, Keyring, Place, Unusable
from tests.support.sealing import a_ring

RING = a_ring(2)
HERE = Place("team", "shop", "board.token")
VALUE = "tok-4Rt8WnC3-secret"


@given(st.text(min_size=1, max_size=200))
def test_what_is_sealed_opens_to_the_same(value: str) -> None:
    if value.encode("utf-8", "replace").decode() == value:
        assert RING.open(HERE, RING.seal(HERE, value)) == value


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(HERE, namespace="evil"),
        replace(HERE, pool="other"),
        replace(HERE, field="forge.token"),
        replace(HERE, field="board.webhookSecret"),
    ],
)
def test_a_text_copied_elsewhere_does_not_open(elsewhere: Place) -> None:
    text = RING.seal(HERE, VALUE)
    with pytest.raises(Misconfigured, match=rf"{elsewhere.field} was sealed for another pool or field") as wrong:
        RING.open(elsewhere, text)
    assert wrong.value.reason == "SealedElsewhere"
    for told in (VALUE, text, "shop", "team"):
        if told not in (elsewhere.pool, elsewhere.namespace):
            assert told not in wrong.value.message.split("; ")[0]


def test_a_text_of_an_unknown_key_names_the_field_and_the_known_keys() -> None:
    text = a_ring().seal(HERE, VALUE)
    with pytest.raises(Misconfigured, match=r"board\.token opens with none of the keys") as wrong:
        RING.open(HERE, text)
    assert wrong.value.reason == "SealedUnreadable"
    assert f"ids {RING.ids[0]}, {RING.ids[1]}" in wrong.value.message
    assert "boardhand seal --namespace team --pool shop --field board.token" in wrong.value.message
    assert text not in wrong.value.message
    assert RING.which(text) is None


@given(st.integers(min_value=0, max_value=150), st.integers(min_value=1, max_value=255))
def test_a_changed_text_does_not_open(at: int, by: int) -> None:
    """Fernet reads `/` and `+` as the `_` and `-` of its alphabet: that is the same text, spelt otherwise."""
    text = RING.seal(HERE, VALUE)
    changed = text[:at] + chr((ord(text[at]) ^ by) % 128) + text[at + 1 :]
    if changed.translate({ord("/"): "_", ord("+"): "-"}) == text:
        assert RING.open(HERE, changed) == VALUE
    else:
        with pytest.raises(Misconfigured):
            RING.open(HERE, changed)


def test_what_others_sealed_with_the_key_is_bound_too() -> None:
    """Text of the key without an envelope, or with one of another form, opens nothing."""
    bare = Fernet(RING.keys[0].text).encrypt(b'"just a value"').decode()
    with pytest.raises(Misconfigured, match="seal it anew") as wrong:
        RING.open(HERE, bare)
    assert wrong.value.reason == "SealedElsewhere"
    half = Fernet(RING.keys[0].text).encrypt(b"\xff not json").decode()
    with pytest.raises(Misconfigured, match="seal it anew"):
        RING.open(HERE, half)


def test_old_keys_open_and_the_newest_seals() -> None:
    old = a_ring()
    rotated = Keyring([Key.generate(), *old.keys])
    text = old.seal(HERE, VALUE)
    assert rotated.open(HERE, text) == VALUE
    assert rotated.which(text) == rotated.ids[1] == old.ids[0]
    assert rotated.which(rotated.seal(HERE, VALUE)) == rotated.ids[0]


def test_keys_are_read_as_they_are_written() -> None:
    assert Keyring.parse("\n" + RING.text() + "\n  \n").ids == RING.ids
    assert len(set(RING.ids)) == 2


@pytest.mark.parametrize(
    "line",
    ["short", "x" * 44, "/" * 43 + "=", Key.generate().text[:-2], "\N{SNOWMAN}" * 44],
    ids=["short", "unpadded", "slashes", "cut", "snow"],
)
def test_a_key_that_is_none_is_named_by_its_line(line: str) -> None:
    with pytest.raises(Unusable, match=r"^line 2 of the keys is no key") as wrong:
        Keyring.parse(f"{Key.generate().text}\n{line}\n")
    assert line not in str(wrong.value)


def test_no_key_is_unusable_and_no_repr_shows_one() -> None:
    with pytest.raises(Unusable, match="there is no key"):
        Keyring.parse("\n")
    key = Key.generate()
    assert key.text not in repr(key)
    assert key.id not in key.text


@pytest.mark.parametrize("value", ["", "x" * (VALUE_BYTES + 1), "ä" * (VALUE_BYTES // 2 + 1)])
def test_values_are_bounded(value: str) -> None:
    with pytest.raises(Unusable, match=f"1 to {VALUE_BYTES} bytes"):
        RING.seal(HERE, value)


def test_the_longest_value_fits_the_field() -> None:
    there = Place("n" * 63, "p" * 253, f"mcpServers.{'m' * 20}.{'k' * 100}")
    text = RING.seal(there, "x" * VALUE_BYTES)
    assert TypeAdapter(Sealed).validate_python({"k": text}) == {"k": text}
    with pytest.raises(Unusable, match="too long with all its line breaks"):
        RING.seal(there, "\n" * VALUE_BYTES)


@pytest.mark.parametrize(
    "texts",
    [
        {},
        {"token": "the-token-itself"},
        {"token": "gAAAA"},
        {"token": "gAAAA" + "x" * TEXT_CHARACTERS},
        {"to ken": RING.seal(HERE, VALUE)},
        {"a.b": RING.seal(HERE, VALUE)},
        {"token": RING.seal(HERE, VALUE) + "\n"},
        {f"k{number}": RING.seal(HERE, VALUE) for number in range(KEYS + 1)},
    ],
)
def test_a_field_takes_sealed_texts_alone(texts: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Sealed).validate_python(texts)
