"""Two charts: the number of renders under way over time, and the distribution of render times.

A chart is a list of SVG elements with numbers already computed; `page.html` writes them as markup.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import attrs

from heygen_async.bulk.output.report.queries import RenderSpan
from heygen_async.bulk.output.report.wording import count, span

WIDTH, HEIGHT = 480.0, 260.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 14.0, 40.0, 42.0
_LEAST_SECONDS = 1e-9  # a campaign that took less has no time axis
_SLICES = 240  # of the time axis: one for two points on the screen
_BARS = 20
_X_TICKS, _Y_TICKS = 5, 4
_STEPS_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
_DAY = 86400.0


@attrs.frozen
class Shape:
    """An SVG element.

    Attributes:
        tag: Name of the element.
        attributes: Its attributes.
        text: Its text.
        title: Text that browsers show when the pointer is over it.
    """

    tag: str
    attributes: Mapping[str, str | float]
    text: str = ""
    title: str = ""


@attrs.frozen(kw_only=True)
class Chart:
    """A drawing with a text alternative.

    Attributes:
        name: Prefix of the ids of its title and description.
        title: Short text alternative.
        description: Numbers of the chart in a sentence, for readers who cannot see it.
        shapes: Elements, the lowest first.
        view_box: The coordinates that are visible.
        attributes: Further attributes of the `svg` element.
    """

    name: str
    title: str
    description: str
    shapes: Sequence[Shape]
    view_box: str = f"0 0 {WIDTH:g} {HEIGHT:g}"
    attributes: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Plot:
    """The area inside the axes, which both start at 0.

    Attributes:
        x_high: Value at the right end.
        y_high: Value at the top.
    """

    x_high: float
    y_high: float

    def x(self, value: float) -> float:
        """Return the coordinate of a value on the horizontal axis."""
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * value / self.x_high, 2)

    def y(self, value: float) -> float:
        """Return the coordinate of a value on the vertical axis."""
        return round(HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * value / self.y_high, 2)

    def axes(self, x_step: float, y_step: float, x_title: str) -> Iterator[Shape]:
        """Yield the grid lines, the labels of both axes, and the title of the horizontal one."""
        for value in _multiples(y_step, self.y_high):
            yield _line(_LEFT, self.y(value), WIDTH - _RIGHT, self.y(value), "grid")
            yield _label(_LEFT - 6, self.y(value) + 4, f"{value:,.0f}", "end")
        for value in _multiples(x_step, self.x_high):
            yield _label(self.x(value), HEIGHT - _BOTTOM + 16, span(value) if value else "0", "middle")
        yield _label(WIDTH / 2, HEIGHT - 6, x_title, "middle")


def _label(x: float, y: float, text: str, anchor: str, class_: str = "label") -> Shape:
    return Shape("text", {"x": x, "y": y, "text-anchor": anchor, "class": class_}, text)


def _line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Shape:
    return Shape("line", {"x1": x1, "y1": y1, "x2": x2, "y2": y2, "class": class_})


def timeline(renders: Sequence[RenderSpan], last: float, limit: int | None) -> Chart | None:
    """Draw the number of renders under way over time; None if there is no time to show.

    Args:
        renders: Time spans of the renders.
        last: Unix time of the campaign's last change; a render without an end is drawn until then.
        limit: Greatest number of renders at a time, if that is known.
    """
    spans = [(render.begun, max(render.begun, last if render.ended is None else render.ended)) for render in renders]
    if not spans or (width := max(end for _, end in spans) - min(begin for begin, _ in spans)) < _LEAST_SECONDS:
        return None
    first = min(begin for begin, _ in spans)
    levels = _levels([(begin - first, end - first) for begin, end in spans], width)
    mean, highest = sum(levels) / len(levels), max(1, round(max(levels)), limit or 0)
    y_step = _round_step(highest, _Y_TICKS)
    plot = Plot(x_high=width, y_high=math.ceil(highest / y_step) * y_step)
    description = f"{mean:.1f} at once on average over {span(width)}"
    caption = f"{mean:.1f} on average"
    shapes = [*plot.axes(_time_step(width), y_step, "since the first render"), _area(plot, levels, width)]
    if limit is not None:
        shapes.append(_line(_LEFT, plot.y(limit), WIDTH - _RIGHT, plot.y(limit), "limit"))
        description = f"{description}; at most {limit:,} were allowed"
        caption = f"{caption}, at most {limit:,} allowed"
    shapes.append(_label(_LEFT, 16, caption, "start", "figure"))
    return Chart(name="timeline", title="Videos being made over time", description=f"{description}.", shapes=shapes)


def _levels(spans: list[tuple[float, float]], width: float) -> list[float]:
    """Return the mean number of renders under way in each slice of time."""
    events = sorted([(begin, 1) for begin, _ in spans] + [(end, -1) for _, end in spans])
    areas, level, since = [0.0] * _SLICES, 0, 0.0
    slice_seconds = width / _SLICES
    for at, change in events:
        _spread(areas, since, at, level, slice_seconds)
        level, since = level + change, at
    return [area / slice_seconds for area in areas]


def _spread(areas: list[float], begin: float, end: float, level: int, slice_seconds: float) -> None:
    """Add *level* times the time from *begin* to *end* to the slices in between."""
    place = min(int(begin / slice_seconds), _SLICES - 1)
    while level and begin < end:
        border = end if place == _SLICES - 1 else min(end, (place + 1) * slice_seconds)
        areas[place] += max(0.0, border - begin) * level
        begin, place = max(begin, border), place + 1


def _area(plot: Plot, levels: list[float], width: float) -> Shape:
    steps = "".join(f"V{plot.y(level)}H{plot.x(width * (n + 1) / _SLICES)}" for n, level in enumerate(levels))
    outline = f"M{plot.x(0)} {plot.y(0)}{steps}V{plot.y(0)}"
    return Shape("path", {"d": f"{outline}Z", "class": "area"})


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the percentile of sorted values by nearest rank: the least value that *share* of them do not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def histogram(seconds: Sequence[float]) -> Chart | None:
    """Draw the distribution of render times; None if no render took time."""
    ordered = sorted(max(0.0, value) for value in seconds)
    if not ordered or ordered[-1] <= 0:
        return None
    median, late = percentile(ordered, 0.5), percentile(ordered, 0.95)
    step = _time_step(percentile(ordered, 0.99), _BARS)
    bars = _bars(ordered, step, min(_BARS + 1, max(1, math.ceil(percentile(ordered, 0.99) / step))))
    y_step = _round_step(max(bars), _Y_TICKS)
    plot = Plot(x_high=len(bars) * step, y_high=math.ceil(max(bars) / y_step) * y_step)
    longer = sum(value > plot.x_high for value in ordered)
    x_title = "from acceptance to its end as seen" + (f"; {longer:,} took longer, in the last bar" if longer else "")
    quantiles = f"half took up to {span(median)}, 95 % up to {span(late)}, the longest {span(ordered[-1])}"
    return Chart(
        name="histogram",
        title="Distribution of render times",
        description=f"{count(len(ordered), 'render')}: {quantiles}.",
        shapes=[
            *plot.axes(_time_step(plot.x_high), y_step, x_title),
            *(_bar(plot, place, height, step) for place, height in enumerate(bars) if height),
            *_mark(plot, median, f"median {span(median)}", 12.0),
            *_mark(plot, late, f"95 % within {span(late)}", 30.0),
        ],
    )


def _bars(ordered: Sequence[float], step: float, size: int) -> list[int]:
    bars = [0] * size
    for value in ordered:
        bars[min(int(value / step), size - 1)] += 1
    return bars


def _bar(plot: Plot, place: int, height: int, step: float) -> Shape:
    left, right, top = plot.x(place * step), plot.x((place + 1) * step), plot.y(height)
    width = round(max(1.0, right - left - 2), 2)
    return Shape(
        "rect",
        {"x": left + 1, "y": top, "width": width, "height": round(plot.y(0) - top, 2), "rx": 2, "class": "bar"},
        title=f"{span(place * step)} to {span((place + 1) * step)}: {count(height, 'render')}",
    )


def _mark(plot: Plot, value: float, text: str, height: float) -> tuple[Shape, Shape]:
    place = plot.x(min(value, plot.x_high))
    anchor, gap = ("end", -5.0) if place > WIDTH / 2 else ("start", 5.0)
    return (
        _line(place, height - 8, place, HEIGHT - _BOTTOM, "mark"),
        _label(place + gap, height, text, anchor, "figure"),
    )


def _multiples(step: float, high: float) -> Iterator[float]:
    return (n * step for n in range(math.floor(high / step + 1e-9) + 1))


def _round_step(high: float, most: int) -> int:
    """Return the least step of 1, 2, 5, 10, 20, 50, ... that divides 0 to *high* into at most *most* parts."""
    step, factors = 1, (2, 2.5, 2)
    place = 0
    while high > most * step:
        step = round(step * factors[place % 3])
        place += 1
    return step


def _time_step(high: float, most: int = _X_TICKS) -> float:
    """Return a usual unit of time, in seconds, that divides 0 to *high* into at most *most* parts."""
    fitting = (step for step in _STEPS_SECONDS if high <= most * step)
    return next(fitting, _DAY * max(1, _round_step(high / _DAY, most)))
