"""Two charts as SVG: how many renders were under way over time, and how long they took."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import attrs

from heygen_async.bulk.output.report.markup import Markup, element, join
from heygen_async.bulk.output.report.queries import RenderSpan
from heygen_async.bulk.output.report.wording import count, span

WIDTH, HEIGHT = 480.0, 260.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 14.0, 40.0, 42.0
_LEAST_SECONDS = 1e-9  # what took no time has no course
_SLICES = 240  # of time: more than one in two points of the screen shows nothing new
_BARS = 20
_X_TICKS, _Y_TICKS = 5, 4
_STEPS_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
_DAY = 86400.0


@attrs.frozen(kw_only=True)
class Plot:
    """The area inside the axes.

    Attributes:
        x_high: Value at the right end; the left one is 0.
        y_high: Value at the top; the lower end is 0.
    """

    x_high: float
    y_high: float

    def x(self, value: float) -> float:
        """Return where *value* is."""
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * value / self.x_high, 2)

    def y(self, value: float) -> float:
        """Return where *value* is."""
        return round(HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * value / self.y_high, 2)

    def axes(self, x_step: float, y_step: float, x_words: str) -> Markup:
        """Return lines and labels."""
        return join(*self._y_axis(y_step), *self._x_axis(x_step), text(WIDTH / 2, HEIGHT - 6, x_words, "middle"))

    def _y_axis(self, step: float) -> Iterator[Markup]:
        for value in _multiples(step, self.y_high):
            place = self.y(value)
            yield line(_LEFT, place, WIDTH - _RIGHT, place, "grid")
            yield text(_LEFT - 6, place + 4, f"{value:,.0f}", "end")

    def _x_axis(self, step: float) -> Iterator[Markup]:
        for value in _multiples(step, self.x_high):
            yield text(self.x(value), HEIGHT - _BOTTOM + 16, span(value) if value else "0", "middle")


def text(x: float, y: float, words: str, anchor: str, class_: str = "label") -> Markup:
    """Return a label."""
    return element("text", words, x=x, y=y, text_anchor=anchor, class_=class_)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """Return a straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def drawing(name: str, title: str, description: str, *inside: Markup) -> Markup:
    """Return an SVG that says what it shows to who cannot see it."""
    return element(
        "svg",
        element("title", title, id=f"{name}-title"),
        element("desc", description, id=f"{name}-desc"),
        *inside,
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
    )


def timeline(renders: Sequence[RenderSpan], last: float, limit: int | None) -> Markup | None:
    """Draw how many renders were under way; None if there is nothing to draw.

    Args:
        renders: When each was.
        last: Unix time of the campaign's last change: until then those without an end are taken to have run.
        limit: How many were allowed at once, if that is known.
    """
    spans = [(render.begun, max(render.begun, last if render.ended is None else render.ended)) for render in renders]
    if not spans or (width := max(end for _, end in spans) - min(begin for begin, _ in spans)) < _LEAST_SECONDS:
        return None
    first = min(begin for begin, _ in spans)
    levels = _levels([(begin - first, end - first) for begin, end in spans], width)
    mean, highest = sum(levels) / len(levels), max(1, round(max(levels)), limit or 0)
    y_step = _round_step(highest, _Y_TICKS)
    plot = Plot(x_high=width, y_high=math.ceil(highest / y_step) * y_step)
    told, figure = f"{mean:.1f} renders were under way on average over {span(width)}", f"{mean:.1f} on average"
    shown = [plot.axes(_time_step(width), y_step, "since the first render"), _area(plot, levels, width)]
    if limit is not None:
        shown.append(line(_LEFT, plot.y(limit), WIDTH - _RIGHT, plot.y(limit), "limit"))
        told, figure = f"{told}; at most {limit:,} were allowed", f"{figure}, at most {limit:,} allowed"
    shown.append(text(_LEFT, 16, figure, "start", "figure"))
    return drawing("timeline", "Renders under way over time", f"{told}.", *shown)


def _levels(spans: list[tuple[float, float]], width: float) -> list[float]:
    """Return how many were under way, as the mean of each slice of time."""
    events = sorted([(begin, 1) for begin, _ in spans] + [(end, -1) for _, end in spans])
    areas, level, since = [0.0] * _SLICES, 0, 0.0
    slice_seconds = width / _SLICES
    for at, change in events:
        _spread(areas, since, at, level, slice_seconds)
        level, since = level + change, at
    return [area / slice_seconds for area in areas]


def _spread(areas: list[float], begin: float, end: float, level: int, slice_seconds: float) -> None:
    """Add the time from *begin* to *end* at *level* to the slices that it touches."""
    place = min(int(begin / slice_seconds), _SLICES - 1)
    while level and begin < end:
        border = end if place == _SLICES - 1 else min(end, (place + 1) * slice_seconds)
        areas[place] += max(0.0, border - begin) * level
        begin, place = max(begin, border), place + 1


def _area(plot: Plot, levels: list[float], width: float) -> Markup:
    steps = "".join(f"V{plot.y(level)}H{plot.x(width * (n + 1) / _SLICES)}" for n, level in enumerate(levels))
    outline = f"M{plot.x(0)} {plot.y(0)}{steps}V{plot.y(0)}"
    return element("path", d=f"{outline}Z", class_="area")


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the least value that *share* of the sorted values do not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def histogram(seconds: Sequence[float]) -> Markup | None:
    """Draw how long renders took; None if there is nothing to draw."""
    ordered = sorted(max(0.0, value) for value in seconds)
    if not ordered or ordered[-1] <= 0:
        return None
    median, late = percentile(ordered, 0.5), percentile(ordered, 0.95)
    step = _time_step(percentile(ordered, 0.99), _BARS)
    bars = _bars(ordered, step, min(_BARS + 1, max(1, math.ceil(percentile(ordered, 0.99) / step))))
    y_step = _round_step(max(bars), _Y_TICKS)
    plot = Plot(x_high=len(bars) * step, y_high=math.ceil(max(bars) / y_step) * y_step)
    longer = sum(value > plot.x_high for value in ordered)
    words = "from acceptance to its end as seen" + (f"; {longer:,} took longer, in the last bar" if longer else "")
    told = f"{count(len(ordered), 'render')}: half took up to {span(median)}, 95 % up to {span(late)}"
    return drawing(
        "histogram",
        "Distribution of render times",
        f"{told}, the longest {span(ordered[-1])}.",
        plot.axes(_time_step(plot.x_high), y_step, words),
        *(_bar(plot, n, height, step) for n, height in enumerate(bars) if height),
        *_mark(plot, median, f"median {span(median)}", 12.0),
        *_mark(plot, late, f"95 % within {span(late)}", 30.0),
    )


def _bars(ordered: Sequence[float], step: float, size: int) -> list[int]:
    bars = [0] * size
    for value in ordered:
        bars[min(int(value / step), size - 1)] += 1
    return bars


def _bar(plot: Plot, place: int, height: int, step: float) -> Markup:
    left, right, top = plot.x(place * step), plot.x((place + 1) * step), plot.y(height)
    return element(
        "rect",
        element("title", f"{span(place * step)} to {span((place + 1) * step)}: {count(height, 'render')}"),
        x=left + 1,
        y=top,
        width=round(max(1.0, right - left - 2), 2),
        height=round(plot.y(0) - top, 2),
        rx=2,
        class_="bar",
    )


def _mark(plot: Plot, value: float, words: str, height: float) -> tuple[Markup, Markup]:
    place = plot.x(min(value, plot.x_high))
    to_the_left = place > WIDTH / 2
    anchor, gap = ("end", -5.0) if to_the_left else ("start", 5.0)
    return (
        line(place, height - 8, place, HEIGHT - _BOTTOM, "mark"),
        text(place + gap, height, words, anchor, "figure"),
    )


def _multiples(step: float, high: float) -> Iterator[float]:
    return (n * step for n in range(math.floor(high / step + 1e-9) + 1))


def _round_step(high: float, most: int) -> int:
    """Return a round number of which at most *most* fit below *high*, rounded up."""
    step, factors = 1, (2, 2.5, 2)
    place = 0
    while high > most * step:
        step = round(step * factors[place % 3])
        place += 1
    return step


def _time_step(high: float, most: int = _X_TICKS) -> float:
    """Return a time that people count in, of which at most *most* fit below *high*."""
    fitting = (step for step in _STEPS_SECONDS if high <= most * step)
    return next(fitting, _DAY * max(1, _round_step(high / _DAY, most)))
