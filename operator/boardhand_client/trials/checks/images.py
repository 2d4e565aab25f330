"""References of images: whether they are ones, name a version, and where they are pulled from. Pure.

https://github.com/distribution/reference has the grammar.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from boardhand_api.pool import CodingAgentSpec

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_REFERENCE = re.compile(
    rf"(?:(?P<host>{_HOST})/)?(?P<path>{_PART}(?:/{_PART})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?P<digest>[a-z0-9+._-]+:[0-9a-fA-F]{32,}))?"
)
HUB = "docker.io"
"""The host of images that name none."""
RUNNER = "runner.image"
"""The chart's value; the other images of a run's pod are fields of the pool."""


@dataclass(frozen=True)
class Reference:
    """An image, with all that its short form leaves out."""

    host: str
    path: str
    version: str
    """Its digest, else its tag."""

    @classmethod
    def of(cls, image: str) -> Reference | None:
        """None where it is no reference."""
        found = _REFERENCE.fullmatch(image)
        if found is None:
            return None
        host, path = found["host"] or "", found["path"]
        if not ("." in host or ":" in host or host == "localhost"):
            # The first part is a host only where it looks like one.
            path, host = f"{host}/{path}" if host else f"library/{path}", HUB
        return cls(host, path, found["digest"] or found["tag"] or "latest")

    def __str__(self) -> str:
        return f"{self.host}/{self.path}{'@' if ':' in self.version else ':'}{self.version}"


def of_pool(spec: CodingAgentSpec, runner: str = "") -> dict[str, str]:
    """The images of a run's pod, by the field that names each. runner: that image, empty where it is not known."""
    bench = spec.workbench
    out = {"spec.workbench.image": bench.image}
    out |= {f"spec.workbench.services[{service.name}].image": service.image for service in bench.services}
    return out | ({RUNNER: runner} if runner else {})


def wrong_with(image: str) -> str | None:
    """What is wrong with the reference of an image, or None."""
    found = _REFERENCE.fullmatch(image)
    if found is None:
        return f"{image!r} is no reference of an image: HOST/PATH:VERSION, the path in lower case"
    if found["digest"]:
        return None
    if found["tag"] in (None, "latest"):
        return f"{image!r} names no version, so two pods may run two images"
    return None
