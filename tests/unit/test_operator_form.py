"""A repository's pull-request template, filled in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_operator.texts.form import filled, quoted, sections_of
from boardhand_operator.texts.words import pull_request_body
from tests.support.objects import a_pool, a_run

TEMPLATE = """<!-- Thank you! -->

## What does this change?

<!-- In short:
# not a heading
-->

## How was it tested

- [ ] by hand

```sh
# no heading either
```

## Checklist

- [ ] docs
"""


def test_why_and_proof_stand_where_they_are_asked_for() -> None:
    found = filled(TEMPLATE, "Because.\n\nReally.", "All green.")
    assert (found.why, found.proof) == (True, True)
    assert found.text == (
        "<!-- Thank you! -->\n\n## What does this change?\n\n> Because.\n>\n> Really.\n\n"
        "## How was it tested\n\nAll green.\n\n- [ ] by hand\n\n```sh\n# no heading either\n```\n\n"
        "## Checklist\n\n- [ ] docs"
    )


@pytest.mark.parametrize(
    ("template", "why", "proof"),
    [
        ("", False, False),
        ("Just words.", False, False),
        ("# Checklist\n- [ ] a", False, False),
        ("# Description", True, False),
        ("### Test plan ###", False, True),
        ("## What was tested", False, True),
        ("## What was tested\n## What changed", True, True),
        ("```\n# Why\n```", False, False),
        ("<!-- a\n# Why\n-->\n# Tests", False, True),
        ("#Why", False, False),
    ],
)
def test_which_headings_ask_for_it(template: str, why: bool, proof: bool) -> None:
    found = filled(template, "W", "P")
    assert (found.why, found.proof) == (why, proof)
    assert (("> W" in found.text), ("P" in found.text.replace("Test P", ""))) == (why, proof)


@given(st.text(alphabet="#wWhytes \n`<>-!", max_size=80), st.text(min_size=1, max_size=40))
def test_nothing_of_the_why_is_outside_its_quotation(template: str, why: str) -> None:
    found = filled(template, why, "P")
    assert len(list(sections_of(template))) >= 1
    if found.why and why.strip():
        assert quoted(why) in found.text
    assert all(line.startswith(">") for line in quoted(why).splitlines())


def test_a_description_follows_the_template() -> None:
    run, pool = a_run(summary="Because of this.", phase="Verifying"), a_pool()
    plain = pull_request_body(run, pool)
    assert plain.endswith("## Why\n\nBecause of this.")
    assert pull_request_body(run, pool, "") == plain
    body = pull_request_body(run, pool, TEMPLATE)
    assert body.startswith("Ticket: ")
    assert body.endswith("## Checklist\n\n- [ ] docs")
    assert "> Because of this." in body
    assert "## How was it tested\n\nNothing was run." in body
    kept = pull_request_body(run, pool, "Sign here.")
    assert kept.endswith("Sign here.\n\n## Why\n\nBecause of this.")
