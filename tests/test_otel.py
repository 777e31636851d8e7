"""OpenTelemetry: spans and metrics of its real SDK after a run on the simulator."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest
import yarl
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from heygen_async import (
    DeadlineExceededError,
    DirectVideo,
    HeyGen,
    InvalidInputError,
    Job,
    JobRendered,
    RenderFailedError,
    VideoAgent,
)
from heygen_async.otel import OpenTelemetryObserver, Requests
from heygen_async.simulator import DropAfterAccept, ErrorAnswer, FailedRender, Server, Slow, World


class Exported:
    """An observer over the SDK, and the spans and metrics that the SDK received."""

    def __init__(self, requests: Requests = "all") -> None:
        self._spans = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        meters = MeterProvider([self._reader])
        self.observer = OpenTelemetryObserver(requests=requests, tracer_provider=self.tracers, meter_provider=meters)

    def spans(self, wanted: Callable[[ReadableSpan], bool] = lambda _: True) -> list[ReadableSpan]:
        return [span for span in self._spans.get_finished_spans() if wanted(span)]

    @property
    def rows(self) -> list[ReadableSpan]:
        return self.spans(lambda span: span.name == "heygen.row")

    @property
    def requests(self) -> list[ReadableSpan]:
        return self.spans(lambda span: span.kind is trace.SpanKind.CLIENT)

    def points(self, name: str) -> list[Any]:
        data: Any = self._reader.get_metrics_data()
        if data is None:
            return []
        found = [m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics if m.name == name]
        return [point for metric in found for point in metric.data.data_points]

    def total(self, name: str) -> int:
        return sum(int(point.value) for point in self.points(name))


@pytest.fixture
def exported() -> Exported:
    return Exported()


def hi(n: int) -> DirectVideo:
    return DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi number {n}")


async def run(server: Server, exported: Exported, requests: Sequence[Any], **settings: Any) -> None:
    async with (
        HeyGen("simulator-key", base_url=server.base_url, observers=[exported.observer]) as heygen,
        heygen.render_many(requests, **settings) as results,
    ):
        async for _ in results:
            pass


def facts(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def starts(span: ReadableSpan) -> int:
    assert span.start_time is not None
    return span.start_time


def ends(span: ReadableSpan) -> int:
    assert span.end_time is not None
    return span.end_time


def seconds(span: ReadableSpan) -> float:
    return (ends(span) - starts(span)) / 1e9


def own_id(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.span_id)


def parent(span: ReadableSpan) -> int:
    assert span.parent is not None
    return int(span.parent.span_id)


async def test_every_row_is_a_span_and_counted(server: Server, world: World, exported: Exported) -> None:
    """A row's span has its mode, id and outcome, and lasts as long as the row did by the run's clock."""
    world.render_seconds = lambda body: 100.0
    world.faults.append(FailedRender(nth=1, code="rendering_failed", message="Hi number 0 is too much"))
    await run(server, exported, [hi(0), hi(1), VideoAgent(prompt="A welcome")])
    rows = {facts(span)["heygen.row.index"]: span for span in exported.rows}
    assert len(exported.rows) == len(rows) == 3
    assert [facts(rows[n])["heygen.mode"] for n in range(3)] == ["avatar", "avatar", "video_agent"]
    outcomes = Counter((facts(span)["heygen.outcome"], span.status.status_code.name) for span in rows.values())
    assert outcomes == {("completed", "UNSET"): 2, ("failed", "ERROR"): 1}
    failed = next(span for span in rows.values() if facts(span)["heygen.outcome"] == "failed")
    assert facts(failed)["error.type"] == "rendering_failed"
    assert {facts(span)["heygen.resource.id"] for span in rows.values()} <= set(world.videos)
    assert 100 <= seconds(rows[1]) < 110
    assert [event.name for event in rows[1].events] == ["rendered"]
    assert exported.total("heygen.rows.submitted") == exported.total("heygen.rows.ended") == 3
    assert exported.total("heygen.slots.in_use") == 0
    renders = exported.points("heygen.render.duration")
    assert sum(point.count for point in renders) == 3
    assert {point.attributes["heygen.status"] for point in renders} == {"completed", "failed"}
    assert all(100 <= point.min <= point.max < 110 for point in renders if point.attributes["heygen.mode"] == "avatar")


async def test_every_try_of_a_request_is_a_span(server: Server, world: World, exported: Exported) -> None:
    """Each attempt has a span with the attributes of OpenTelemetry's conventions; repeated ones count the resends."""
    world.faults += [DropAfterAccept(nth=1), ErrorAnswer(method="GET", nth=1, status=500)]
    await run(server, exported, [hi(0)])
    posts = [span for span in exported.requests if span.name == "POST /v3/videos"]
    assert [facts(span).get("http.request.resend_count") for span in posts] == [None, 1]
    lost, well = map(facts, posts)
    assert lost["error.type"] == "ConnectionLostError"
    assert "http.response.status_code" not in lost
    assert posts[0].status.status_code is trace.StatusCode.ERROR
    assert well == {
        "http.request.method": "POST",
        "url.template": "/v3/videos",
        "server.address": "127.0.0.1",
        "server.port": yarl.URL(server.base_url).port,
        "http.response.status_code": 200,
        "http.request.resend_count": 1,
        "heygen.request.id": well["heygen.request.id"],
        "url.full": f"{server.base_url}/v3/videos",
        "network.protocol.version": "1.1",
    }
    assert {span.name for span in exported.requests} == {
        "POST /v3/videos",
        "GET /v3/videos/statuses",
        "GET /v3/videos/{video_id}",
    }
    assert exported.total("heygen.client.retries") >= 1
    counted = Counter(
        (point.attributes["url.template"], point.attributes.get("http.response.status_code"))
        for point in exported.points("http.client.request.duration")
        for _ in range(point.count)
    )
    assert counted.total() == len(exported.requests)
    assert counted["/v3/videos", None] == counted["/v3/videos", 200] == 1
    assert sum(count for (_, status), count in counted.items() if status == 500) == 1


@pytest.mark.parametrize(("requests", "count"), [("all", 4), ("rows", 1), ("errors", 1), ("none", 0)])
async def test_spans_of_good_requests_may_be_left_out(
    server: Server, world: World, requests: Requests, count: int
) -> None:
    """The metrics count all requests in any case."""
    exported = Exported(requests)
    world.faults.append(ErrorAnswer(method="GET", nth=1, status=500))
    async with HeyGen("simulator-key", base_url=server.base_url, observers=[exported.observer]) as heygen:
        for _ in range(3):
            await heygen.users.me()
    assert len(exported.requests) == count
    assert sum(point.count for point in exported.points("http.client.request.duration")) == 4


def test_the_choice_of_requests_is_one_of_four_words() -> None:
    """The error names them."""
    with pytest.raises(InvalidInputError, match="requests 'some': must be all, rows, errors, none"):
        OpenTelemetryObserver(requests="some")  # type: ignore[arg-type] # the case


async def test_single_renders_have_spans(server: Server, world: World, exported: Exported) -> None:
    """Completed, failed, and left at the deadline or by a cancellation: each span ends, and no slot stays in use."""
    world.faults.append(FailedRender(nth=2, code="rendering_failed"))
    async with HeyGen("simulator-key", base_url=server.base_url, observers=[exported.observer]) as heygen:
        video = await heygen.render(hi(0))
        with pytest.raises(RenderFailedError):
            await heygen.render(hi(1))
        with pytest.raises(DeadlineExceededError):
            await heygen.render(hi(2), deadline=5)
        with anyio.move_on_after(5):
            await heygen.render(hi(3))
    spans = exported.spans(lambda span: span.name == "heygen.render")
    assert [facts(span)["heygen.outcome"] for span in spans] == ["completed", "failed", "left", "left"]
    assert facts(spans[0])["heygen.resource.id"] == video.id
    assert "heygen.run" not in facts(spans[0])
    assert exported.total("heygen.slots.in_use") == 0


async def test_spans_are_children_of_the_current_span(server: Server, exported: Exported) -> None:
    """The spans of rows, and of requests for no row, are children of the span that was opened around the run."""
    tracer = exported.tracers.get_tracer("mine")
    with tracer.start_as_current_span("campaign") as mine:
        await run(server, exported, [hi(0)])
    others = exported.spans(lambda span: span.name in {"heygen.row", "GET /v3/videos/statuses"})
    assert len(others) > 1
    assert set(map(parent, others)) == {mine.get_span_context().span_id}


async def test_requests_and_downloads_of_a_row_are_children_of_its_span(
    server: Server, world: World, tmp_path: Path
) -> None:
    """Those of each row, with the session of an agent, are its own and lie within its time."""
    exported = Exported("rows")
    world.faults.append(DropAfterAccept(nth=1))
    jobs = [hi(0), hi(1), VideoAgent(prompt="A welcome")]
    await run(server, exported, jobs, download_to=tmp_path / "videos", journal=tmp_path / "c.db")
    rows = {own_id(span): span for span in exported.rows}
    others = exported.spans(lambda span: span.name != "heygen.row")
    assert {parent(span) for span in others} == set(rows)
    names = [sorted({span.name for span in others if parent(span) == row}) for row in rows]
    films = ["GET /v3/videos/{video_id}", "POST /v3/videos", "heygen.download"]
    session = ["GET /v3/video-agents/{session_id}", "GET /v3/videos/{video_id}"]
    agent = [*session, "POST /v3/video-agents", "heygen.download"]
    assert sorted(names) == sorted([films, films, agent])
    for span in others:
        assert span.context is not None
        assert starts(rows[parent(span)]) <= starts(span)
        assert ends(span) <= ends(rows[parent(span)])
    downloads = [span for span in others if span.name == "heygen.download"]
    assert {facts(span)["heygen.file.size"] for span in downloads} == {
        file.stat().st_size for file in (tmp_path / "videos").iterdir()
    }
    assert {facts(span)["heygen.resource.id"] for span in downloads} == set(world.videos)
    assert {facts(span)["network.protocol.version"] for span in downloads} == {"1.1"}
    assert all("?" not in facts(span)["url.full"] for span in downloads)


async def test_a_download_that_fails_is_a_span_with_its_error(
    server: Server, world: World, exported: Exported, tmp_path: Path
) -> None:
    """The row's outcome is `not_stored`, and the span of the download names the error and no signature."""
    (tmp_path / "videos").write_text("a file where a folder should be")
    await run(server, exported, [hi(0)], download_to=tmp_path / "videos", journal=tmp_path / "c.db")
    (download,) = exported.spans(lambda span: span.name == "heygen.download")
    (row,) = exported.rows
    assert parent(download) == own_id(row)
    assert download.status.status_code is trace.StatusCode.ERROR
    assert facts(download)["error.type"] == "DownloadError"
    assert "heygen.file.size" not in facts(download)
    assert facts(row)["heygen.outcome"] == "not_stored"


async def test_the_span_of_a_row_begins_when_it_is_taken(server: Server, world: World, exported: Exported) -> None:
    """A POST whose answer takes 20 s, while the render runs, lies within the row's time."""
    world.render_seconds = lambda body: 100.0
    world.faults.append(Slow(method="POST", seconds=20))
    await run(server, exported, [hi(0)])
    (row,) = exported.rows
    assert 100 <= seconds(row) < 110
    (post,) = [span for span in exported.requests if span.name == "POST /v3/videos"]
    assert 20 <= seconds(post) < 21
    assert starts(post) - starts(row) < 1e9


async def test_a_single_render_has_its_requests_as_children(server: Server, world: World, exported: Exported) -> None:
    """The looks at a single render are children of its span."""
    async with HeyGen("simulator-key", base_url=server.base_url, observers=[exported.observer]) as heygen:
        await heygen.render(hi(0))
    (render,) = exported.spans(lambda span: span.name == "heygen.render")
    looks = [span for span in exported.requests if span.name.startswith("GET")]
    assert {parent(span) for span in looks} == {own_id(render)}


async def test_a_row_that_is_refused_has_a_span(server: Server, world: World, exported: Exported) -> None:
    """A row that HeyGen refuses has a span without a resource id, and counts neither as submitted nor as a slot."""
    world.faults.append(ErrorAnswer(method="POST", nth=1, status=400, code="invalid_parameter"))
    await run(server, exported, [hi(0)])
    (row,) = exported.rows
    assert (facts(row)["heygen.outcome"], facts(row)["error.type"]) == ("failed", "invalid_parameter")
    assert "heygen.resource.id" not in facts(row)
    assert exported.points("heygen.rows.submitted") == []
    assert exported.points("heygen.slots.in_use") == []


async def test_a_run_that_is_left_ends_its_spans(server: Server, world: World, exported: Exported) -> None:
    """Rows under way when a run is left end with the outcome `left`, and their slots are no longer in use."""
    world.render_seconds = lambda body: 100.0 if body["script"] == "Hi number 0" else 1000.0
    async with (
        HeyGen("simulator-key", base_url=server.base_url, observers=[exported.observer]) as heygen,
        heygen.render_many([hi(n) for n in range(3)]) as results,
    ):
        await anext(results)
    left = [facts(span) for span in exported.rows if facts(span)["heygen.outcome"] == "left"]
    assert {row["heygen.row.index"] for row in left} == {1, 2}
    assert {row["heygen.spent"] for row in left} == {"yes"}
    assert {row["heygen.resource.id"] for row in left} == {entry.resource_id for entry in results.unfinished}
    assert len(exported.rows) == 3
    assert exported.total("heygen.slots.in_use") == 0


async def test_two_runs_are_told_apart(server: Server, exported: Exported) -> None:
    """Two runs at once under one observer both have a row 0, and the spans differ by the run's number."""
    async with (
        HeyGen("simulator-key", base_url=server.base_url, observers=[exported.observer]) as heygen,
        heygen.render_many([hi(0)]) as one,
        heygen.render_many([hi(1)]) as other,
    ):
        await anext(one)
        await anext(other)
    rows = [facts(span) for span in exported.rows]
    assert [row["heygen.row.index"] for row in rows] == [0, 0]
    assert len({row["heygen.run"] for row in rows}) == len({row["heygen.resource.id"] for row in rows}) == 2


async def test_the_limit_of_slots_is_reported(server: Server, world: World, exported: Exported) -> None:
    """The limit that was learnt from HeyGen's refusals is a metric."""
    world.slots = 2
    await run(server, exported, [hi(n) for n in range(5)], max_in_flight=5)
    assert [point.value for point in exported.points("heygen.slots.limit")] == [2]
    assert exported.total("heygen.rows.ended") == 5


async def test_a_followed_render_begins_when_it_was_submitted(
    server: Server, world: World, exported: Exported, tmp_path: Any
) -> None:
    """A run that resumes from a journal counts a render from its submission by the earlier run."""
    world.render_seconds = lambda body: 300.0
    journal = tmp_path / "c.db"
    async with (
        HeyGen("simulator-key", base_url=server.base_url) as heygen,
        heygen.render_many([hi(0), hi(1)], journal=journal, max_in_flight=1) as results,
    ):
        await anext(results)
    with contextlib.closing(sqlite3.connect(journal)) as database, database:
        database.execute("UPDATE jobs SET submitted_at = submitted_at - 500 WHERE state = 'submitted'")
    async with (
        HeyGen("simulator-key", base_url=server.base_url, observers=[exported.observer]) as heygen,
        heygen.resume(journal) as results,
    ):
        assert [result.index async for result in results] == [1]
    (row,) = exported.rows
    assert facts(row)["heygen.outcome"] == "completed"
    assert seconds(row) > 500
    (renders,) = exported.points("heygen.render.duration")
    assert renders.min > 500
    assert exported.total("heygen.slots.in_use") == 0


async def test_the_end_of_an_unknown_render_changes_nothing(exported: Exported) -> None:
    """The end of a row whose submission was not seen opens no span and frees no slot."""
    exported.observer(JobRendered(index=0, resource_id="v", status="completed"))
    assert exported.spans() == []
    assert exported.points("heygen.slots.in_use") == []


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without OpenTelemetry the error quotes the pip command that installs it."""
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    with pytest.raises(InvalidInputError, match=r'pip install "heygen-async\[otel\]"'):
        OpenTelemetryObserver()


async def test_the_row_and_the_script_stay_out(server: Server, world: World, exported: Exported) -> None:
    """Spans and metrics contain no script, title, row or API key."""
    world.faults.append(FailedRender(nth=1, code="rendering_failed", message="cannot say MARKER-script"))
    request = DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="MARKER-script", title="MARKER-title")
    await run(server, exported, [Job(request=request, row={"name": "MARKER-row"})])
    exports = "".join(span.to_json() for span in exported.spans())
    exports += repr([exported.points(name) for name in ("heygen.rows.ended", "http.client.request.duration")])
    assert "rendering_failed" in exports
    assert "MARKER" not in exports
    assert "simulator-key" not in exports
