"""The price list against the simulator's ledger, which charges by a table of its own: every combination of words.

Each request of the table is sent to a simulator. What it charges lies between the least and the most that was planned.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from heygen_async import HeyGen, Rates
from heygen_async.api.requests.kinds import kind_of
from heygen_async.bulk.prices.price_list import AS_OF
from heygen_async.http import wire
from heygen_async.simulator import World

Case = tuple[str, dict[str, Any]]

LOOKS = {"look_ben": "photo_avatar", "look_anna": "digital_twin", "look_chloe": "studio_avatar"}
SHORT, LONG = "Hi Ada, welcome aboard!", "word " * 300
FILM = {"type": "url", "url": "https://example.com/film.mp4"}
PICTURE = {"type": "url", "url": "https://example.com/picture.png"}
ENGINES = (None, "avatar_iii", "avatar_iv", "avatar_v")


def given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def engine(name: str | None) -> dict[str, str] | None:
    return None if name is None else {"type": name}


def avatars() -> Iterator[Case]:
    for look, name, resolution in itertools.product(LOOKS, ENGINES, (None, "720p", "1080p", "4k")):
        for speech in ({"script": SHORT}, {"script": LONG, "voice_settings": {"speed": 1.5}}):
            body = given(type="avatar", avatar_id=look, engine=engine(name), resolution=resolution)
            yield "avatar", {**body, "voice_id": "voice_warm", **speech}
    for look in LOOKS:
        yield "avatar", {"type": "avatar", "avatar_id": look, "audio_url": "https://example.com/a.mp3"}


def images() -> Iterator[Case]:
    for resolution, script in itertools.product((None, "720p", "1080p", "4k"), (SHORT, LONG)):
        speech = {"script": script, "voice_id": "voice_warm"}
        yield "image", {**given(type="image", image=PICTURE, resolution=resolution), **speech}


def studio() -> Iterator[Case]:
    silent = {"type": "image", "source": PICTURE, "duration": 8}
    for look, name, resolution in itertools.product(LOOKS, ENGINES, (None, "4k")):
        speaker = given(type="avatar", avatar_id=look, engine=engine(name), script=SHORT, voice_id="voice_warm")
        first = {"type": "avatar_video", "input": speaker}
        second = {"type": "avatar_video", "input": {**speaker, "avatar_id": "look_anna", "script": LONG}}
        yield "studio", given(type="studio", scenes=[first, silent, second], resolution=resolution)
    yield "studio", {"type": "studio", "scenes": [silent]}


def model_videos() -> Iterator[Case]:
    resolutions, lengths = (None, "480p", "768p", "1080p", "2k"), (None, 5, 10, 30)
    for resolution, duration in itertools.product(resolutions, lengths):
        body = given(model="heygen-video-1", prompt="A lighthouse", resolution=resolution, duration=duration)
        wide = {"aspect_ratio": "16:9"} if resolution in {"1080p", "2k"} else {}
        yield "model_video", {**body, **wide, "mode": "text_to_video"}
        yield "model_video", {**body, "mode": "image_to_video", "image": PICTURE}
        for films in range(4):
            references = {"reference_images": [PICTURE], **({"reference_videos": [FILM] * films} if films else {})}
            yield "model_video", {**body, **wide, "mode": "reference_to_video", **references}


def others() -> Iterator[Case]:
    for mode, audio_only, end in itertools.product((None, "speed", "precision"), (None, True), (None, 12.0)):
        body = given(video=FILM, mode=mode, translate_audio_only=audio_only, end_time=end)
        yield "translation", {**body, "output_languages": ["French (France)"]}
    for mode, end in itertools.product((None, "speed", "precision"), (None, 12.0)):
        yield "lipsync", given(video=FILM, audio=FILM, mode=mode, end_time=end)
    for prompt in ("A welcome", "A 30-second welcome", "A 2 minute film"):
        yield "video_agent", {"prompt": prompt}
    for resolution, duration in itertools.product((None, "720p", "1080p"), (None, 4, 15)):
        looks = {"avatar_id": ["look_anna"], "type": "cinematic_avatar"}
        yield "cinematic_avatar", {**given(prompt="She walks", resolution=resolution, duration=duration), **looks}
    yield "clipping", {"video": FILM}
    yield "background_removal", {"video": FILM}
    yield "filler_word_removal", {"video": FILM}


CASES = [*avatars(), *images(), *studio(), *model_videos(), *others()]
IDS = [f"{number}-{kind}" for number, (kind, _) in enumerate(CASES)]


def test_the_table_has_every_combination() -> None:
    """Engines, looks, resolutions, modes and films are all combined."""
    assert len(CASES) >= 200
    assert len({wire.dumps(case) for case in map(list, CASES)}) == len(CASES)


@pytest.mark.parametrize(("kind", "body"), CASES, ids=IDS)
async def test_what_is_charged_lies_within_what_was_planned(
    heygen: HeyGen, world: World, kind: str, body: dict[str, Any]
) -> None:
    """With the kind of the look, as a preflight learns it, and without; the price by the real length fits as well."""
    world.strict_catalog = False
    await heygen.raw("POST", kind_of(kind).path, body=body)
    (charge,) = world.ledger
    jobs = [render for renders in world.jobs.values() for render in renders.values()]
    (render,) = jobs or [session.render for session in world.sessions.values()]
    for rates in (Rates(looks=LOOKS), Rates()):
        planned = rates.estimate(kind, body)
        assert not planned.unknown
        assert planned.low - 1e-4 <= charge.amount_usd <= planned.high + 1e-4
        assert planned.low <= planned.expected <= planned.high
        assert planned.as_of == AS_OF
        usd = rates.price(kind, render.duration, body)
        assert usd is not None
        assert usd[0] - 1e-4 <= charge.amount_usd <= usd[1] + 1e-4
