"""Answers before they are sent: status, headers, body; and the error envelope."""

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
    """An answer.

    Attributes:
        status: HTTP status.
        body: As sent.
        headers: Besides Content-Length and X-Request-Id.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class FieldError:
    """What is wrong with a request, and where.

    Attributes:
        path: Like ``voice_settings.speed`` or ``videos[3].script``; "" for the whole.
        message: For people.
    """

    path: str
    message: str


class RefusalError(Exception):
    """The request is answered with an error envelope.

    Source: ``ErrorResponse`` of the contract.
    """

    def __init__(  # noqa: D417 - the rest is the envelope's
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        problems: Sequence[FieldError] = (),
        retry_after: float | str | None = None,
    ) -> None:
        """Refuse.

        Args:
            status: HTTP status.
            retry_after: Seconds of the Retry-After header, or its text.
        """
        super().__init__(message)
        self.status = status
        self.code = code
        self.param = param
        self.problems = problems
        self.retry_after = retry_after

    def reply(self) -> Reply:
        """Return the envelope as an answer."""
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
    """Return the refusal of one parameter."""
    return RefusalError(400, "invalid_parameter", message, param=param)


def invalid_items(indexes: Sequence[int], problems: Sequence[FieldError], *, param: str = "videos") -> RefusalError:
    """Return the refusal of a batch for its items, which stand in *param*, in HeyGen's words."""
    message = f"Invalid payload(s) at index {', '.join(map(str, indexes))}."
    return RefusalError(400, "invalid_parameter", message, param=param, problems=problems)


def json_reply(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Return *value* as an answer."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Reply(status=status, body=body, headers={"Content-Type": JSON_TYPE, **(headers or {})})


def data_reply(data: Any, *, status: int = 200) -> Reply:
    """Return *data* in HeyGen's envelope."""
    return json_reply({"data": data}, status=status)


def page(items: Sequence[tuple[int, T]], query: Mapping[str, Any], default: int) -> tuple[list[T], str | None]:
    """Return one page and the token of the next.

    The token names the last item shown, so what is made in between shifts no page.

    Args:
        items: In order of listing, each with a number; the numbers rise.
        query: ``limit`` and ``token`` of the request.
        default: The limit if the request names none.
    """
    start = 0
    if "token" in query:
        last = _read_token(query["token"])
        start = sum(number <= last for number, _ in items)
    shown = items[start : start + query.get("limit", default)]
    more = start + len(shown) < len(items)
    return [item for _, item in shown], _token(shown[-1][0]) if more else None


def page_reply(shown: Sequence[Any], next_token: str | None) -> Reply:
    """Return a page as an answer."""
    return json_reply({"data": list(shown), "has_more": next_token is not None, "next_token": next_token})


def _token(number: int) -> str:
    return base64.urlsafe_b64encode(f"after:{number}".encode()).decode()


def _read_token(token: str) -> int:
    try:
        word, _, number = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
        return {"after": int(number)}[word]
    except (binascii.Error, KeyError, ValueError):
        raise invalid("token", "Invalid pagination token.") from None
