"""Pure: ids of traces and spans follow from the run, so what is sent twice is the same trace."""

from __future__ import annotations

from hashlib import sha256

from opentelemetry.trace import SpanContext, TraceFlags

TICKET, RUN = "ticket", "run"


def context_of(uid: str, *path: str) -> SpanContext:
    """Where a span of the run with this UID stands: the same run and path, the same ids; none of them is zero."""
    trace = int.from_bytes(sha256(f"trace {uid}".encode()).digest()[:16]) or 1
    span = int.from_bytes(sha256("\n".join(("span", uid, *path)).encode()).digest()[:8]) or 1
    return SpanContext(trace, span, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
