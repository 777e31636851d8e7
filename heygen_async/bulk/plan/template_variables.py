"""Checks of a request's variables, scenes and dimension against its template. Pure: takes HeyGen's answer.

Source: `GenerateFromTemplateRequest` and its rules: a text variable that is left out is shown as `{{name}}`, others
keep the template's value; scenes must exist; a dimension keeps the template's ratio.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from heygen_async.api.generated.templates import TemplateDetail
from heygen_async.bulk.rows.finding import Finding
from heygen_async.near_names import hint


def template_findings(template: TemplateDetail, body: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the problems of a request's *body* with *template*."""
    given = body.get("variables")
    yield from _variables(template, given if isinstance(given, Mapping) else {})
    scenes = template.scene_ids or ()
    for index, scene_id in enumerate(body.get("scene_ids") or ()):
        if scene_id not in scenes:
            yield Finding(
                field=f"scene_ids[{index}]",
                value=str(scene_id),
                reason=f"template {template.id} has no such scene",
                mend=hint(scene_id, scenes, "must be one of"),
            )
    yield from _dimension(template, body.get("dimension"))


def _variables(template: TemplateDetail, given: Mapping[str, Any]) -> Iterator[Finding]:
    known = template.variables or {}
    for name, value in given.items():
        if name not in known:
            yield Finding(
                field=f"variables.{name}",
                reason=f"template {template.id} has no such variable, so it changes nothing",
                mend=hint(name, known, "it has"),
                severity="warning",
            )
        elif None not in (_type(value), _type(known[name])) and _type(value) != _type(known[name]):
            reason = f"is given as {_type(value)}; in template {template.id} it is {_type(known[name])}"
            yield Finding(field=f"variables.{name}", reason=reason, mend=f"give a value of type {_type(known[name])}")
    for name in known:
        if name not in given and _type(known[name]) == "text":
            reason = f"is not given: the video will show {{{{{name}}}}}"
            yield Finding(field=f"variables.{name}", reason=reason, mend="give its text", severity="warning")


def _type(variable: Any) -> str | None:
    name = variable.get("type") if isinstance(variable, Mapping) else None
    return name if isinstance(name, str) else None


def _dimension(template: TemplateDetail, dimension: Any) -> Iterator[Finding]:
    width, _, height = (template.aspect_ratio or "").partition(":")
    if not (isinstance(dimension, Mapping) and width.isdecimal() and height.isdecimal()):
        return
    wanted: tuple[Any, Any] = (dimension.get("width"), dimension.get("height"))
    if all(isinstance(side, int) for side in wanted) and wanted[0] * int(height) != wanted[1] * int(width):
        yield Finding(
            field="dimension",
            value=f"{wanted[0]} x {wanted[1]}",
            reason=f"template {template.id} is {template.aspect_ratio}",
            mend="keep its ratio, or leave the dimension out",
        )
