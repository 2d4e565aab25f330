"""What a run pushed, read out of its publish stage's log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from boardhand_api.counts import printable
from boardhand_api.events import parse_diff
from boardhand_api.pod import Stage
from boardhand_client.reading import newest_pod
from boardhand_client.session import Session

_LOG_BYTES = 6 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Diff:
    """What a run pushed, in git's unified format, untrusted as a whole."""

    text: str
    cut: bool
    """More was left out than is here."""


def diff_of(lines: Iterable[str]) -> Diff | None:
    """The diff in a publish stage's log; None where there is none. Pieces that are missing count as cut."""
    pieces = {piece.number: piece for line in lines if (piece := parse_diff(line)) is not None}
    if not pieces:
        return None
    numbers = sorted(pieces)
    whole = numbers == list(range(1, max(piece.of for piece in pieces.values()) + 1))
    text = "".join(pieces[number].text for number in numbers)
    return Diff(printable(text), not whole or any(piece.cut for piece in pieces.values()))


async def read_diff(session: Session, namespace: str, run: str) -> Diff | None:
    """The run's diff from its newest pod's publish stage; None: there is no pod any more, or it published nothing.

    Raises SessionError.
    """
    pod = await newest_pod(session, namespace, run)
    if pod is None:
        return None
    log = await session.whole_log(namespace, pod["metadata"]["name"], Stage.PUBLISH.value, _LOG_BYTES)
    return diff_of(log.split("\n"))
