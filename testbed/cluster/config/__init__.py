"""The files the cluster's programs are configured with; `${name}` is filled in by `render`."""

from __future__ import annotations

from pathlib import Path
from string import Template

_FOLDER = Path(__file__).parent


def render(file: str, **values: str) -> str:
    """The text of a file of this folder with its names filled in.

    Raises KeyError for a name the file uses and the caller did not give.
    """
    return Template((_FOLDER / file).read_text()).substitute(values)
