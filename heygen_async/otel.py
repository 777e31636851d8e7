"""OpenTelemetry: the events of a client as spans and metrics. Needs `pip install "heygen-async[otel]"`.

    HeyGen(observers=[OpenTelemetryObserver()])

The spans of rows are children of the span that is current where the work starts, those of requests and downloads for a
row are children of the row's. No span and no metric carries a script, a prompt, a row, a recipient, the API key or the
signature of an address; only spans carry ids of videos.
"""

from __future__ import annotations

import importlib
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import anyio
import attrs

from heygen_async.errors import InvalidInputError
from heygen_async.telemetry import (
    DownloadEnded,
    Event,
    JobEnded,
    JobEvent,
    JobLeft,
    JobRendered,
    JobSubmitted,
    JobTaken,
    RequestEnded,
    RetryPlanned,
    SlotsLearnt,
)

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter, MeterProvider
    from opentelemetry.trace import Span, TracerProvider

Requests: TypeAlias = Literal["all", "rows", "errors", "none"]

NAME = "heygen_async"
_ERROR = "error.type"
_TEMPLATE = "url.template"
_METHOD = "http.request.method"
_RESENDS = "http.request.resend_count"
_MODE = "heygen.mode"
_OUTCOME = "heygen.outcome"
_RESOURCE = "heygen.resource.id"
_HTTP = "1.1"  # the one version that aiohttp speaks

# Seconds. Source: OpenTelemetry's semantic conventions, http.client.request.duration; the last is a slow POST's.
_REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 30.0)
_RENDER_BUCKETS = (15.0, 30.0, 60.0, 120.0, 180.0, 240.0, 300.0, 420.0, 600.0, 900.0, 1800.0, 2700.0, 3600.0)


class OpenTelemetryObserver:
    """An observer that reports requests and rows to OpenTelemetry.

    Spans: `heygen.row` for each row of a run, from the moment when it is taken from its list until its result;
    `heygen.render` for each single render, from the submission to the result; `heygen.download` for each file; and one
    for each attempt of a request that fails, or of every request (`POST /v3/videos`, with the HTTP attributes of the
    semantic conventions). Downloads and requests for one row are children of the row's span.

    Metrics: `http.client.request.duration` (its count is the number of requests, by route and status),
    `heygen.client.retries`, `heygen.rows.submitted`, `heygen.rows.ended` (by outcome), `heygen.render.duration`,
    `heygen.slots.in_use` and `heygen.slots.limit`.

    One observer may serve several clients.
    """

    def __init__(
        self,
        *,
        requests: Requests = "errors",
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        """Report to the given providers, or to the global ones.

        Args:
            requests: Requests that get a span: "all", "rows" for those that fail or are for one row, "errors" for
                those that fail, or "none". A campaign of a thousand rows sends thousands of good requests, which the
                metrics count in any case.
            tracer_provider: Provider of spans.
            meter_provider: Provider of metrics.

        Raises:
            InvalidInputError: OpenTelemetry is not installed, or *requests* is another word.
        """
        if requests not in get_args(Requests):
            raise InvalidInputError(f"requests {requests!r:.60}: must be {', '.join(get_args(Requests))}")
        self._requests = requests
        self._trace = _api("trace")
        self._tracer = self._trace.get_tracer(NAME, version("heygen-async"), tracer_provider)
        self._metrics = _Metrics.of(_api("metrics").get_meter(NAME, version("heygen-async"), meter_provider))
        self._open: dict[tuple[int, int], _Row] = {}

    def __call__(self, event: Event) -> None:
        """Report one event."""
        match event:
            case RequestEnded():
                self._request(event)
            case DownloadEnded():
                self._download(event)
            case RetryPlanned():
                self._metrics.retries.add(1, {**_request_attributes(event), _ERROR: event.error})
            case JobTaken():
                self._open_span(event, event.age)
            case JobSubmitted():
                self._submitted(event)
            case JobRendered():
                self._rendered(event)
            case JobEnded():
                self._ended(event)
            case JobLeft():
                self._left(event)
            case SlotsLearnt(limit=int(limit)):
                self._metrics.slots_limit.set(limit)

    def _request(self, event: RequestEnded) -> None:
        facts = _known({
            **_request_attributes(event),
            "server.address": event.server,
            "server.port": event.port,
            "http.response.status_code": event.status,
            _ERROR: event.error,
        })  # fmt: skip
        self._metrics.requests.record(event.seconds, facts)
        is_wanted = {
            "all": True,
            "rows": event.error is not None or event.row is not None,
            "errors": event.error is not None,
            "none": False,
        }[self._requests]
        if not is_wanted:
            return
        facts |= _known({"url.full": event.url, "network.protocol.version": _HTTP})
        facts |= {_RESENDS: event.attempt - 1} if event.attempt > 1 else {}
        facts |= _known({"heygen.request.id": event.request_id})
        self._past_span(f"{event.method} {event.route}", facts, event)

    def _download(self, event: DownloadEnded) -> None:
        facts = {
            "heygen.file.kind": event.kind,
            "heygen.file.size": event.size_bytes,
            _RESOURCE: event.resource_id,
            "url.full": event.url,
            "network.protocol.version": _HTTP,
            _ERROR: event.error,
        }
        self._past_span("heygen.download", _known(facts), event)

    def _past_span(self, name: str, facts: dict[str, Any], event: RequestEnded | DownloadEnded) -> None:
        """Report what is over as a span, a child of its row's if it was for one row, else of the current span."""
        row = None if event.row is None else self._open.get(event.row)
        ended = time.time_ns() if row is None else row.now()
        span = self._tracer.start_span(
            name,
            context=None if row is None else self._trace.set_span_in_context(row.span),
            kind=self._trace.SpanKind.CLIENT,
            attributes=facts,
            start_time=ended - _nanoseconds(event.seconds),
        )
        if event.error is not None:
            span.set_status(self._trace.StatusCode.ERROR)
        span.end(end_time=ended)

    def _submitted(self, event: JobSubmitted) -> None:
        self._metrics.submitted.add(1, _known({_MODE: event.mode}))
        self._metrics.slots_in_use.add(1)
        row = self._open.get(_key(event)) or self._open_span(event, event.age)
        row.holds_slot = True
        row.span.set_attribute(_RESOURCE, event.resource_id)

    def _rendered(self, event: JobRendered) -> None:
        if event.seconds is not None:
            self._metrics.renders.record(event.seconds, _known({_MODE: event.mode, "heygen.status": event.status}))
        if (row := self._open.get(_key(event))) is not None:
            self._free_slot(row)
            row.span.add_event("rendered", {"heygen.status": event.status}, timestamp=row.now())

    def _ended(self, event: JobEnded) -> None:
        facts = _known({_OUTCOME: event.outcome, _ERROR: event.code or event.error})
        self._metrics.ended.add(1, facts | _known({_MODE: event.mode}))
        self._close(event, facts | _known({_RESOURCE: event.resource_id}), failed=event.error is not None)

    def _left(self, event: JobLeft) -> None:
        facts = {_OUTCOME: "left", _RESOURCE: event.resource_id, "heygen.spent": event.spent}
        self._close(event, _known(facts), failed=False)

    def _open_span(self, event: JobEvent, age: float) -> _Row:
        """Open the span of a row as of *age* seconds ago."""
        started = time.time_ns() - _nanoseconds(age)
        facts = _known({"heygen.run": event.run or None, "heygen.row.index": event.index, _MODE: event.mode})
        name = "heygen.row" if event.run else "heygen.render"
        span = self._tracer.start_span(name, attributes=facts, start_time=started)
        row = _Row(span=span, started=started, began=anyio.current_time() - age)
        self._open[_key(event)] = row
        return row

    def _close(self, event: JobEvent, facts: dict[str, Any], *, failed: bool) -> None:
        """End the span of a row. A row that was never submitted gets a short span, so that every row has one."""
        row = self._open.get(_key(event)) or self._open_span(event, 0.0)
        del self._open[_key(event)]
        self._free_slot(row)
        row.span.set_attributes(facts)
        if failed:
            row.span.set_status(self._trace.StatusCode.ERROR)
        row.span.end(end_time=row.now())

    def _free_slot(self, row: _Row) -> None:
        if row.holds_slot:
            row.holds_slot = False
            self._metrics.slots_in_use.add(-1)


@attrs.define(kw_only=True)
class _Row:
    """A row that has not ended.

    Attributes:
        span: The open span.
        started: Start of the span in nanoseconds of Unix time.
        began: Start of the span by the event loop's clock, in seconds.
        holds_slot: True from the submission until the render ends.
    """

    span: Span
    started: int
    began: float
    holds_slot: bool = False

    def now(self) -> int:
        """Return Unix time in nanoseconds; changes of the system clock since the start do not count."""
        return self.started + _nanoseconds(anyio.current_time() - self.began)


@attrs.frozen(kw_only=True)
class _Metrics:
    """The instruments. Names and units follow OpenTelemetry's semantic conventions."""

    requests: Any
    retries: Any
    submitted: Any
    ended: Any
    renders: Any
    slots_in_use: Any
    slots_limit: Any

    @classmethod
    def of(cls, meter: Meter) -> _Metrics:
        """Create the instruments."""
        return cls(
            requests=meter.create_histogram(
                "http.client.request.duration",
                "s",
                "Duration of HTTP client requests.",
                explicit_bucket_boundaries_advisory=_REQUEST_BUCKETS,
            ),
            retries=meter.create_counter("heygen.client.retries", "{retry}", "Requests that are sent again."),
            submitted=meter.create_counter("heygen.rows.submitted", "{row}", "Rows that HeyGen has accepted."),
            ended=meter.create_counter("heygen.rows.ended", "{row}", "Rows that have a result."),
            renders=meter.create_histogram(
                "heygen.render.duration",
                "s",
                "From a submission until the end of its render is noticed.",
                explicit_bucket_boundaries_advisory=_RENDER_BUCKETS,
            ),
            # Not a gauge: the values of several processes that share an account must add up.
            slots_in_use=meter.create_up_down_counter("heygen.slots.in_use", "{slot}", "Renders under way."),
            slots_limit=meter.create_gauge("heygen.slots.limit", "{slot}", "Renders that HeyGen takes at once."),
        )


def _api(module: str) -> Any:
    try:
        return importlib.import_module(f"opentelemetry.{module}")
    except ImportError as exc:
        raise InvalidInputError('OpenTelemetryObserver needs it: pip install "heygen-async[otel]"') from exc


def _request_attributes(event: RequestEnded | RetryPlanned) -> dict[str, Any]:
    return {_METHOD: event.method, _TEMPLATE: event.route}


def _known(facts: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes that are not None, because OpenTelemetry takes no None."""
    return {name: value for name, value in facts.items() if value is not None}


def _key(event: JobEvent) -> tuple[int, int]:
    return event.run, event.index


def _nanoseconds(seconds: float) -> int:
    return round(seconds * 1e9)
