"""Pure: a spec as the texts of its controls and YAML for the rest, and back. Nothing of a spec is lost between."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from boardhand_dashboard.form import schema, yamls
from boardhand_dashboard.form.controls import Unfit, parsed, shown
from boardhand_dashboard.form.fields import Field, all_fields
from boardhand_dashboard.form.problems import REST, Problem

Json = dict[str, Any]


@dataclass(frozen=True)
class Filled:
    """What stands in the form, without credentials that were typed."""

    texts: Mapping[str, str] = field(default_factory=dict)
    """By a field's path."""
    rest: str = ""
    """What no control shows, sealed texts among it, as YAML."""

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> Filled:
        """Of a pool that is there."""
        left = schema.trimmed(copy.deepcopy(dict(spec)))
        texts = {one.path: text for one in all_fields() if (text := _taken(left, one)) is not None}
        return cls(texts, yamls.dump(schema.ordered(left)))

    def spec(self) -> tuple[Json, list[Problem]]:
        """The spec that it says, as far as it can be read, and what is wrong."""
        read, problems = self._read
        out, problems = copy.deepcopy(read), list(problems)
        for one in all_fields():
            try:
                value = parsed(one, self.texts.get(one.path, ""))
                if value is not None:
                    _put(out, one.path, value)
            except Unfit as wrong:
                problems.append(Problem(one.path, str(wrong)))
        return schema.ordered(out), problems

    @cached_property
    def _read(self) -> tuple[Json, list[Problem]]:
        """The YAML, which takes longer than all else, once."""
        try:
            return yamls.read(self.rest), []
        except yamls.Unreadable as wrong:
            return {}, [Problem(REST, str(wrong))]


def _taken(spec: Json, one: Field) -> str | None:
    """The text of a field, which then is no longer in the spec; None where it stays there or is not given."""
    *parents, last = one.path.split(".")
    chain = [spec]
    for name in parents:
        inner = chain[-1].get(name)
        if not isinstance(inner, dict):
            return None
        chain.append(inner)
    text = shown(one, chain[-1][last]) if last in chain[-1] else None
    if text is None:
        return None
    del chain[-1][last]
    for name, outer, inner in reversed(list(zip(parents, chain, chain[1:], strict=False))):
        if not inner:
            del outer[name]
    return text


def _put(spec: Json, path: str, value: Any) -> None:
    """Raises Unfit where the YAML says something of it too."""
    *parents, last = path.split(".")
    there = spec
    for name in parents:
        inner = there.setdefault(name, {})
        if not isinstance(inner, dict):
            raise Unfit(f"stands within {name}, which the YAML below gives another form: correct it there")
        there = inner
    if last in there:
        raise Unfit("stands in the YAML below, too: leave it in one of both places")
    there[last] = value
