"""Jobs: whatever HeyGen makes is followed in one way, whatever its status words are."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from heygen_async import DeadlineExceededError, DirectVideo, HeyGen, RenderFailedError
from heygen_async.api.generated.avatars import DigitalTwin, PhotoAvatar
from heygen_async.api.generated.lipsyncs import LipsyncRequest
from heygen_async.api.generated.templates import TemplateVideo
from heygen_async.simulator import FailedRender, NullVideoUrl, Stuck, UnknownStatus, World
from tests.helpers.contract_bodies import body_value

FILM = "https://example.com/film.mp4"
STILL = {"type": "image", "source": {"type": "url", "url": FILM}, "duration": 3}
LANGUAGES = ["French (France)", "German (Germany)"]
DUB = {"video": {"type": "url", "url": FILM}, "output_languages": ["French (France)"]}


async def begin(heygen: HeyGen, kind: str) -> Any:
    """Begin a job of *kind*."""
    ways: dict[str, tuple[Any, Any]] = {
        "background_removal": (heygen.background_removal.create, FILM),
        "clipping": (heygen.clipping.create, body_value("CreateAiClippingRequest", video=DUB["video"])),
        "filler_words": (heygen.filler_words.create, FILM),
        "lipsync": (heygen.lipsyncs.create, LipsyncRequest(video=FILM, audio=FILM)),
        "model_video": (heygen.models.create_video, body_value("TextToVideoRequest", prompt="p")),
        "studio": (heygen.studio.create, body_value("CreateVideoFromStudio", scenes=[STILL])),
        "template": (functools.partial(heygen.templates.generate, "template_welcome"), TemplateVideo(variables={})),
        "translation": (heygen.translations.create, body_value("CreateVideoTranslationRequest", **DUB)),
    }
    method, request = ways[kind]
    made = await method(request)
    return made[0] if isinstance(made, tuple) else made


KINDS = [
    "background_removal",
    "clipping",
    "filler_words",
    "lipsync",
    "model_video",
    "studio",
    "template",
    "translation",
]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_job_is_followed_to_its_end(heygen: HeyGen, world: World, kind: str) -> None:
    """Past words that nobody knows, and past the moment without an address."""
    world.faults += [UnknownStatus(nth=1), NullVideoUrl(nth=1)]
    job = await begin(heygen, kind)
    assert str(job.id) in repr(job)
    done = await job.wait()
    assert done.status == "completed"
    assert files_of(done)
    assert all(files_of(done))
    assert (await job.look()).status == "completed"


def files_of(done: Any) -> list[str | None]:
    """Return the addresses of what was made."""
    if hasattr(done, "clips"):
        return [clip.video_url for clip in done.clips]
    return list(done.layers.values()) if hasattr(done, "layers") else [done.video_url]


BATCHES = ["lipsyncs", "translations", "videos"]


async def begin_batch(heygen: HeyGen, kind: str) -> Any:
    """Begin a batch of two; return its handle."""
    lipsync = LipsyncRequest(video=FILM, audio=FILM)
    if kind == "lipsyncs":
        return await heygen.lipsyncs.create_batch([lipsync, lipsync])
    if kind == "translations":
        dub = body_value("CreateVideoTranslationRequest", **{**DUB, "output_languages": LANGUAGES})
        return await heygen.translations.create_batch([dub])
    hello = DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="Hi Ada")
    return heygen.videos.batch_job((await heygen.videos.create_batch([hello, hello])).batch_id)


@pytest.mark.parametrize("kind", BATCHES)
async def test_a_batch_ends_when_its_items_have(heygen: HeyGen, world: World, kind: str) -> None:
    """One that failed is told by its item: the others are there."""
    world.faults.append(FailedRender(nth=1))
    job = await begin_batch(heygen, kind)
    found = await job.wait()
    assert sorted(item.status for item in found.items) == ["completed", "failed"]
    again = await getattr(heygen, kind).batch_job(job.id).wait()
    assert again == found


@pytest.mark.parametrize("kind", BATCHES)
async def test_a_batch_of_failures_is_no_error(heygen: HeyGen, world: World, kind: str) -> None:
    """Whoever asked for many asks which."""
    world.faults.append(FailedRender())
    found = await (await begin_batch(heygen, kind)).wait()
    assert [item.status for item in found.items] == ["failed", "failed"]


async def test_what_nobody_makes_is_not_waited_for(heygen: HeyGen, caplog: pytest.LogCaptureFixture) -> None:
    """A public voice has no status."""
    assert (await heygen.voices.job("voice_warm").wait()).status is None
    assert caplog.records == []


@pytest.mark.parametrize("kind", KINDS)
async def test_a_job_that_fails_says_why(heygen: HeyGen, world: World, kind: str) -> None:
    """In HeyGen's words, with the id; nothing was billed."""
    world.faults.append(FailedRender(nth=1))
    job = await begin(heygen, kind)
    with pytest.raises(RenderFailedError, match="on purpose") as caught:
        await job.wait()
    assert (caught.value.resource_id, caught.value.spent) == (job.id, "no")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_job_can_be_found_again(heygen: HeyGen, kind: str) -> None:
    """By its id, in another process or on another day."""
    begun = await begin(heygen, kind)
    again: dict[str, Any] = {
        "background_removal": heygen.background_removal.job,
        "clipping": heygen.clipping.job,
        "filler_words": heygen.filler_words.job,
        "lipsync": heygen.lipsyncs.job,
        "model_video": heygen.models.video_job,
        "studio": heygen.videos.job,
        "template": heygen.videos.job,
        "translation": heygen.translations.job,
    }
    assert await begun.wait() is not None
    found = await again[kind](begun.id).wait()
    assert getattr(found, "id", begun.id) == begun.id
    assert found.status == "completed"


async def test_a_job_passes_its_deadline(heygen: HeyGen, world: World) -> None:
    """The error leads back to it."""
    world.faults.append(Stuck(nth=1))
    job = await begin(heygen, "lipsync")
    with pytest.raises(DeadlineExceededError) as caught:
        await job.wait(deadline=300)
    assert caught.value.resource_id == job.id


async def test_what_was_deleted_has_ended(heygen: HeyGen) -> None:
    """A background removal has a word for it; waiting for it would never end."""
    job = await begin(heygen, "background_removal")
    await heygen.background_removal.delete(job.id)
    with pytest.raises(RenderFailedError, match="its status is deleted, and HeyGen gives no reason"):
        await heygen.background_removal.job(job.id).wait()


async def test_a_clone_of_a_voice_is_complete_not_completed(heygen: HeyGen) -> None:
    """Its words differ."""
    job = await heygen.voices.clone(FILM, "Ada")
    assert [voice.status async for voice in job.statuses()] == ["processing", "complete"]
    assert (await heygen.voices.job(job.id).wait()).voice_id == job.id


async def test_a_look_is_made(heygen: HeyGen) -> None:
    """A picture's look is ready by itself, a film's look waits for consent: nothing more happens before."""
    photo = await heygen.avatars.create(PhotoAvatar(name="Ada", file=FILM))
    twin = await heygen.avatars.create(DigitalTwin(name="Bob", file=FILM))
    assert photo.avatar_item is not None
    assert twin.avatar_item is not None
    assert (await heygen.avatars.job(photo.avatar_item.id).wait()).status == "completed"
    assert (await heygen.avatars.job(twin.avatar_item.id).wait()).status == "pending_consent"


async def test_a_text_is_proofread_and_spoken(heygen: HeyGen) -> None:
    """A job for the text, then one for the film."""
    asked = body_value("CreateProofreadRequest", **{**DUB, "output_languages": LANGUAGES})
    first, second = await heygen.proofreads.create(asked)
    assert {(await job.wait()).output_language for job in (first, second)} == set(LANGUAGES)
    text = await heygen.proofreads.srt(first.id)
    await heygen.proofreads.update_srt(first.id, text.srt_url)
    assert (await heygen.proofreads.job(second.id).wait()).id == second.id
    spoken = await (await heygen.proofreads.generate(first.id, captions=True)).wait()
    assert spoken.srt_caption_url


async def test_a_picture_of_the_model_is_followed(heygen: HeyGen) -> None:
    """By the id that another client was given."""
    assert (await heygen.models.image_job("generation_demo").wait()).images
