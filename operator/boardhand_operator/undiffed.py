"""kopf without differences: nothing here asks what changed in an object, and for each event two deep copies of it were
made to tell. Under a burst that was half of the operator's time."""

from __future__ import annotations

from typing import Any

import kopf


class NoDiffBase(kopf.AnnotationsDiffBaseStorage):
    """Finds all objects alike, and writes nothing to them."""

    def build(self, **_: Any) -> kopf.BodyEssence:
        """See `kopf.DiffBaseStorage.build`."""
        return kopf.BodyEssence()

    def fetch(self, **_: Any) -> kopf.BodyEssence | None:
        """See `kopf.DiffBaseStorage.fetch`."""
        return None

    def store(self, **_: Any) -> None:
        """See `kopf.DiffBaseStorage.store`."""


class NoEssence(kopf.SmartProgressStorage):
    """As kopf has it, by which a pool's daemon is ended in order, but for taking itself out of what is compared."""

    def clear(self, *, essence: kopf.BodyEssence) -> kopf.BodyEssence:
        """See `kopf.ProgressStorage.clear`."""
        return essence
