"""`FromTemplate`, a request for a video from a template, with the template's id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from heygen_async.api.fields.contract_rules import json_object
from heygen_async.api.fields.rules import refuse
from heygen_async.api.generated.templates import TemplateVideo
from heygen_async.errors import InvalidInputError
from heygen_async.http import wire
from heygen_async.http.call import path_id


def _template(owner: Any, attribute: Any, value: Any) -> None:
    try:
        path_id(value if isinstance(value, str) else "")
    except InvalidInputError:
        refuse(owner, attribute.name, value, "must be a template's id, as GET /v3/templates shows it")


def _as_variables(given: Any) -> Any:
    """Return variables as HeyGen's JSON objects. A plain text becomes a text variable."""
    if not isinstance(given, Mapping):
        return given
    return {
        name: {"name": name, "type": "text", "properties": {"content": value}} if isinstance(value, str) else value
        for name, value in given.items()
    }


@attrs.frozen(kw_only=True, repr=False)
class FromTemplate(TemplateVideo):
    """A `TemplateVideo` with the id of its template, so that it can be a row of a bulk run.

        FromTemplate(template_id="...", variables={"name": "Ada"})

    The other fields are those of `TemplateVideo`.

    Attributes:
        variables: Values of the template's variables. A plain text may be given for a text variable.
        template_id: Id of the template; `heygen.templates.get` lists its variables.

    Source: `POST /v3/templates/{template_id}`.
    """

    variables: Mapping[str, Any] = attrs.field(converter=_as_variables, validator=json_object, repr=False, hash=False)
    template_id: str = attrs.field(validator=_template)

    @property
    def kind(self) -> str:
        """The kind in a journal: one for each template, because render times are learnt by template."""
        return f"template/{self.template_id}"

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object of the POST, without the template's id, which is in the path."""
        return {name: value for name, value in wire.encode(self).items() if name != "template_id"}
