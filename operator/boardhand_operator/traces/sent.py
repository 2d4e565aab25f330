"""Traces on their way out: made once a try is over, sent over OTLP/HTTP by a thread, and dropped where that fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import aiohttp
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult

from boardhand_api.pod import LABEL_TICKET
from boardhand_operator import kube as api
from boardhand_operator.kube import ApiException, Kube
from boardhand_operator.observing.afterwards import Over
from boardhand_operator.redacting import Redactor
from boardhand_operator.settings import Otlp
from boardhand_operator.traces.calls import call_spans, happenings
from boardhand_operator.traces.spans import Maker, run_spans, stage_spans

SECONDS = 10.0
"""An export takes no longer, its repetitions with it."""
EARLIER = 20
"""A trace has links to so many earlier attempts."""
_log = logging.getLogger(__name__)


class Traces:
    """Makes and sends them."""

    def __init__(
        self, asked: Otlp, certificates: Path | None, kube: Callable[[], Kube], redactor: Redactor, instance: str = ""
    ) -> None:
        """certificates: PEM bundle that the collector's certificate is checked with; None: certifi's."""
        self._asked, self._certificates, self._kube, self._redactor = asked, certificates, kube, redactor
        about = {"service.name": "boardhand", "service.version": version("boardhand"), "service.instance.id": instance}
        self._resource = Resource({name: text for name, text in about.items() if text})
        self._exporter: OTLPSpanExporter | None = None
        self._headers: dict[str, str] | None = None
        # Its own: a collector that drips holds it for longer than SECONDS, and names are looked up in the loop's.
        self._thread = ThreadPoolExecutor(1, "traces")
        # It tells a failure as an error, with repetitions; one line of ours says it.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)

    async def over(self, over: Over) -> None:
        """Send what there is to tell of this try, and of its run where that ended."""
        earlier = await self._earlier(over) if over.change.ended else []
        try:
            sent = await asyncio.get_running_loop().run_in_executor(self._thread, self._send, over, earlier)
        except OSError as wrong:
            _log.warning("traces are not sent: %s", wrong)
            return
        if not sent:
            meta = over.written.after["metadata"]
            text = "the trace of %s/%s is not sent: %s does not take it"
            _log.warning(text, meta["namespace"], meta["name"], self._asked.endpoint)

    def close(self) -> None:
        """End an export that is under way."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._exporter:
            self._exporter.shutdown()  # type: ignore[no-untyped-call]

    def _send(self, over: Over, earlier: list[str]) -> bool:
        """Whether the collector took it. Raises OSError where the file of headers cannot be read."""
        spans = self._spans(over, earlier)
        return not spans or self._opened().export(spans) is SpanExportResult.SUCCESS

    def _spans(self, over: Over, earlier: list[str]) -> list[ReadableSpan]:
        uid = str(over.written.after["metadata"]["uid"])
        maker = Maker(uid, self._resource, self._redactor.clean, self._asked.contents)
        stages = stage_spans(over, maker, happenings(over.events, maker))
        return [*run_spans(over, maker, earlier), *stages, *call_spans(over, maker)]

    def _opened(self) -> OTLPSpanExporter:
        """With the headers as they stand in their file now: they hold a token that changes."""
        headers = headers_of(_text_of(self._asked.headers)) if self._asked.headers else {}
        if self._exporter is None or headers != self._headers:
            self._headers = headers
            self._exporter = OTLPSpanExporter(
                endpoint=f"{self._asked.endpoint}/v1/traces",
                certificate_file=str(self._certificates) if self._certificates else None,
                headers=headers,
                timeout=SECONDS,
                compression=Compression.Gzip,
            )
        return self._exporter

    async def _earlier(self, over: Over) -> list[str]:
        """UIDs of the ticket's runs before this one; none where they cannot be had."""
        body = over.written.after
        label, attempt = (body["metadata"].get("labels") or {}).get(LABEL_TICKET), int(body["spec"].get("attempt") or 1)
        if not label or attempt == 1:
            return []
        meta, found = body["metadata"], list[tuple[str, str]]()
        try:
            async for one in self._kube().metadata(api.Resource.RUNS, meta["namespace"], f"{LABEL_TICKET}={label}"):
                found.append((str(one["metadata"]["creationTimestamp"]), str(one["metadata"]["uid"])))
        except (ApiException, aiohttp.ClientError, TimeoutError, OSError) as refused:
            _log.warning("earlier attempts of %s/%s are not told of: %s", meta["namespace"], meta["name"], refused)
        before = [uid for created, uid in sorted(found) if created < meta["creationTimestamp"] and uid != meta["uid"]]
        return before[-EARLIER:]


def headers_of(text: str) -> dict[str, str]:
    """The headers in a file: `name: value`, one a line, with empty lines between. Raises OSError for another line."""
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, colon, value = line.partition(":")
        if not line.strip():
            continue
        if not colon or not name.strip():
            # Without the line, which may be a token.
            raise OSError(f"line {number} of the file of headers is no header: give `name: value`, one a line")
        found[name.strip().lower()] = value.strip()
    return found


def _text_of(file: Path) -> str:
    """What stands in the file of headers. Raises OSError where no header can be made of it."""
    try:
        return file.read_bytes().decode("ascii")
    except UnicodeDecodeError:
        # Without the error it comes from, which holds a token.
        raise OSError("the file of headers holds what no header can: give ASCII alone") from None
