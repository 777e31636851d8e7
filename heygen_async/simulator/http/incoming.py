"""A request as it arrived, before it is checked."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from heygen_async.simulator.http.multipart import Form
from heygen_async.simulator.http.received import ReceivedBody


@attrs.frozen(kw_only=True)
class IncomingRequest:
    """A request as it arrived. At most one of `body`, `form` and `upload` is filled.

    Attributes:
        method: HTTP method in capitals.
        path: Path without the query.
        query: Names and texts of the query, in order.
        headers: Headers, with their names in lower case.
        body: Body as sent.
        form: Body of a multipart form.
        upload: Body of a PUT to storage, of which only the beginning is kept.
        origin: Scheme, host and port.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes
    form: Form | None = None
    upload: ReceivedBody | None = None
    origin: str

    @property
    def is_empty(self) -> bool:
        """True if the request has no body."""
        return not self.body and self.form is None and self.upload is None
