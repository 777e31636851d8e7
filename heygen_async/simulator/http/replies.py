"""Replies with status, headers and body; HeyGen's envelopes for data, pages and errors."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import attrs

T = TypeVar("T")

JSON_TYPE = "application/json; charset=utf-8"


@attrs.frozen(kw_only=True)
class Reply:
    """A reply to a request.

    Attributes:
        status: HTTP status.
        body: Body as sent.
        headers: Headers besides Content-Length and X-Request-Id.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class FieldError:
    """A problem of one field of a request.

    Attributes:
        path: Path of the field, such as ``voice_settings.speed`` or ``videos[3].script``; "" for the whole body.
        message: Message for people.
    """

    path: str
    message: str


class RefusalError(Exception):
    """Refusal of a request, which is answered with an error envelope.

    Source: ``ErrorResponse`` of the contract.
    """

    def __init__(  # noqa: D417 - the others are fields of the envelope
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        problems: Sequence[FieldError] = (),
        retry_after: float | str | None = None,
    ) -> None:
        """Make a refusal.

        Args:
            status: HTTP status.
            retry_after: Retry-After header, in seconds or as text.
        """
        super().__init__(message)
        self.status = status
        self.code = code
        self.param = param
        self.problems = problems
        self.retry_after = retry_after

    def reply(self) -> Reply:
        """Return the error envelope as a reply."""
        error: dict[str, Any] = {"code": self.code, "message": str(self)}
        if self.param:
            error["param"] = self.param
        if self.problems:
            error["errors"] = [
                {"code": self.code, "message": found.message, "path": found.path} for found in self.problems
            ]
        error["doc_url"] = f"https://developers.heygen.com/docs/error-codes#{self.code}"
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return json_reply({"error": error}, status=self.status, headers=headers)


def invalid(param: str, message: str) -> RefusalError:
    """Return the refusal of a request for one parameter."""
    return RefusalError(400, "invalid_parameter", message, param=param)


def invalid_items(indexes: Sequence[int], problems: Sequence[FieldError], *, param: str = "videos") -> RefusalError:
    """Return the refusal of a batch for some of its items, in HeyGen's words. *param* is the field of the items."""
    message = f"Invalid payload(s) at index {', '.join(map(str, indexes))}."
    return RefusalError(400, "invalid_parameter", message, param=param, problems=problems)


def json_reply(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Return *value* as a JSON reply."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Reply(status=status, body=body, headers={"Content-Type": JSON_TYPE, **(headers or {})})


def data_reply(data: Any, *, status: int = 200) -> Reply:
    """Return *data* in HeyGen's envelope as a reply."""
    return json_reply({"data": data}, status=status)


def page(items: Sequence[tuple[int, T]], query: Mapping[str, Any], default: int) -> tuple[list[T], str | None]:
    """Return one page and the token of the next.

    The token holds the number of the last item of the page, so items that are added meanwhile shift no page.

    Args:
        items: All items in the order of the list, each with a number; the numbers rise.
        query: Query of the request, with ``limit`` and ``token``.
        default: Limit of a request that names none.
    """
    start = 0
    if "token" in query:
        last = _read_token(query["token"])
        start = sum(number <= last for number, _ in items)
    shown = items[start : start + query.get("limit", default)]
    more = start + len(shown) < len(items)
    return [item for _, item in shown], _token(shown[-1][0]) if more else None


def page_reply(shown: Sequence[Any], next_token: str | None) -> Reply:
    """Return a page as a reply."""
    return json_reply({"data": list(shown), "has_more": next_token is not None, "next_token": next_token})


def _token(number: int) -> str:
    return base64.urlsafe_b64encode(f"after:{number}".encode()).decode()


def _read_token(token: str) -> int:
    try:
        word, _, number = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
        return {"after": int(number)}[word]
    except (binascii.Error, KeyError, ValueError):
        raise invalid("token", "Invalid pagination token.") from None
