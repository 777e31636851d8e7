"""Calls for the statuses of up to a hundred videos, translations or lipsyncs, mostly as HeyGen's JSON objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, TypeVar

from heygen_async.api.requests.kinds import kind_of
from heygen_async.errors import ContractError
from heygen_async.http import wire
from heygen_async.http.call import Call, id_lists

T = TypeVar("T")
Entries: TypeAlias = list[dict[str, Any]]


def statuses_call(path: str, read: Callable[[wire.Answer, str], T], **ids: Iterable[str]) -> Call[T]:
    """Return the call that asks for the statuses of up to a hundred jobs below *path*; *read* reads the answer."""
    route = f"{path}/statuses"
    return Call(method="GET", path=route, route=route, query=id_lists(**ids), read=read)


def video_entries(video_ids: Iterable[str] = (), batch_ids: Iterable[str] = ()) -> Call[Entries]:
    """Return the call that asks for videos, and for the items of batches."""
    return statuses_call("/v3/videos", _read, video_ids=video_ids, batch_ids=batch_ids)


def job_entries(kind: str, job_ids: Iterable[str]) -> Call[Entries]:
    """Return the call that asks for jobs of a kind whose `ids_name` is set."""
    entry = kind_of(kind)
    if entry.ids_name is None:
        raise AssertionError(f"{entry.label} are asked for one by one")
    return statuses_call(entry.path, _read, **{entry.ids_name: job_ids})


def read_entries(payload: Any, subject: str) -> Entries:
    """Return the objects of a list in an answer; what is no object is left out.

    Raises:
        ContractError: There is no list.
    """
    data = wire.member(payload, "data", subject)
    if not isinstance(data, list):
        raise ContractError(f"{subject}: $.data is not a list")
    return [entry for entry in data if isinstance(entry, dict)]


def _read(answer: wire.Answer, subject: str) -> Entries:
    return read_entries(wire.read_json(answer, subject), subject)
