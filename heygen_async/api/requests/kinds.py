"""The table of the kinds of renders: plain videos, agents and all others, with paths and names."""

from __future__ import annotations

import functools
from typing import Any

import attrs

from heygen_async.errors import InvalidInputError
from heygen_async.http.call import path_id
from heygen_async.near_names import hint


@attrs.frozen(kw_only=True)
class Kind:
    """A kind of render.

    Attributes:
        name: Name in the journal and in telemetry.
        label: Name for people, in the plural.
        path: Path of its POST.
        id_field: Field of the answer that has the id.
        has_title: True if the request has a title.
        takes_key: True if the endpoint honours `Idempotency-Key`.
        once_by: Field of the request that serves as a key without an end: HeyGen never executes a second request
            with the same value. None if the request has no such field.
        resource: Attribute of the client that handles its jobs; None for videos and sessions.
        follow: Method of that attribute that returns a handle.
        ids_name: Query parameter of `GET .../statuses` for up to a hundred ids; None if its jobs have no such endpoint.
    """

    name: str
    label: str
    path: str
    id_field: str = "video_id"
    has_title: bool = True
    takes_key: bool = True
    once_by: str | None = None
    resource: str | None = None
    follow: str = "job"
    ids_name: str | None = None


_ALL = (
    Kind(name="avatar", label="Avatar videos", path="/v3/videos"),
    Kind(name="image", label="Image videos", path="/v3/videos"),
    Kind(name="cinematic_avatar", label="Cinematic shots", path="/v3/videos"),
    Kind(
        name="video_agent",
        label="Agent videos",
        path="/v3/video-agents",
        id_field="session_id",
        has_title=False,
        takes_key=False,
    ),
    Kind(name="studio", label="Studio videos", path="/v3/videos"),
    Kind(name="template", label="Template videos", path="/v3/templates", id_field="id"),
    Kind(
        name="translation",
        label="Translations",
        path="/v3/video-translations",
        id_field="video_translation_ids",
        resource="translations",
        ids_name="video_translation_ids",
    ),
    Kind(
        name="lipsync",
        label="Lipsyncs",
        path="/v3/lipsyncs",
        id_field="lipsync_id",
        resource="lipsyncs",
        ids_name="lipsync_ids",
    ),
    Kind(
        name="clipping", label="Clipped films", path="/v3/ai-clipping", id_field="ai_clipping_id", resource="clipping"
    ),
    Kind(
        name="background_removal",
        label="Background removals",
        path="/v3/background-removals",
        id_field="id",
        takes_key=False,
        once_by="request_id",
        resource="background_removal",
    ),
    Kind(
        name="filler_word_removal",
        label="Filler word removals",
        path="/v3/filler-word-removals",
        id_field="filler_word_removal_id",
        resource="filler_words",
    ),
    Kind(
        name="model_video",
        label="Model videos",
        path="/v3/models/videos",
        has_title=False,
        resource="models",
        follow="video_job",
    ),
)
_BY_NAME = {kind.name: kind for kind in _ALL}
JOBS_IN_BULK = tuple(kind.name for kind in _ALL if kind.ids_name is not None)


def base_of(kind: str) -> str:
    """Return a kind without the part after its slash: `template` for `template/tpl_1`."""
    return kind.partition("/")[0]


def kind_of(kind: str) -> Kind:
    """Return the entry of a kind.

    Raises:
        InvalidInputError: There is no such kind.
    """
    found = find_kind(kind)
    if found is None:
        raise InvalidInputError(
            f"kind {kind!r:.60}: {hint(kind, _BY_NAME, 'must be one of')}; a newer heygen-async may have it"
        )
    return found


@functools.lru_cache(maxsize=256)  # asked for each row of each look
def find_kind(kind: str) -> Kind | None:
    """Return the entry of a kind; None if there is none, as for a kind that a newer version has written."""
    base, _, part = kind.partition("/")
    found = _BY_NAME.get(base)
    return attrs.evolve(found, name=kind, path=f"{found.path}/{path_id(part)}") if found and part else found


def label_of(kind: str) -> str:
    """Return the label of a kind, or its name if it is unknown."""
    base, _, part = kind.partition("/")
    label = _BY_NAME[base].label if base in _BY_NAME else base
    return f"{label} ({part})" if part else label


def is_request(value: Any) -> bool:
    """Return True if *value* can be a row: it has a `kind` that is in the table."""
    kind = getattr(value, "kind", None)
    return isinstance(kind, str) and base_of(kind) in _BY_NAME
