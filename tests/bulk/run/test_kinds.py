"""Runs of every kind of request: videos, agents, templates, translations, clips, layers, model videos."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from heygen_async import (
    AuthenticationError,
    Completed,
    ContractError,
    DirectVideo,
    Failed,
    FromTemplate,
    HeyGen,
    InvalidInputError,
    Job,
    Journal,
    RenderFailedError,
    Template,
    VideoAgent,
)
from heygen_async.api.generated.background_removal import BackgroundRemovalRequest, CutOut
from heygen_async.api.generated.clipping import ClippedVideo, ClippingRequest
from heygen_async.api.generated.filler_words import FillerWordRemoval, FillerWordRemovalRequest
from heygen_async.api.generated.lipsyncs import Lipsync, LipsyncRequest
from heygen_async.api.generated.models import ModelVideo, TextToVideo
from heygen_async.api.generated.translations import Translation, TranslationRequest
from heygen_async.api.handles.video import Video
from heygen_async.api.renders import SeenAsVideo, creation_call
from heygen_async.api.requests.kinds import base_of, find_kind, is_request, kind_of, label_of
from heygen_async.api.requests.stored import StoredRequest
from heygen_async.bulk.campaign.audit import audit
from heygen_async.bulk.campaign.recovery import find
from heygen_async.bulk.prices.request_length import seconds_of
from heygen_async.cli.terminal.bill import Bill
from heygen_async.http.wire import Answer, dumps
from heygen_async.simulator import DropAfterAccept, ErrorAnswer, FailedRender, NullVideoUrl, UnknownStatus, World
from tests.helpers.contract_bodies import body_value
from tests.helpers.journal_rows import entry_of, take_in

FILM = "https://example.com/film.mp4"
STILL = {"type": "image", "source": {"type": "url", "url": FILM}, "duration": 3}

REQUESTS: dict[str, Any] = {
    "avatar": DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="Hi"),
    "video_agent": VideoAgent(prompt="A welcome, 20 seconds"),
    "studio": body_value("CreateVideoFromStudio", scenes=[STILL]),
    "template": FromTemplate(template_id="template_welcome", variables={}, title="Hi"),
    "translation": TranslationRequest(video=FILM, output_languages=["French (France)"]),
    "lipsync": LipsyncRequest(video=FILM, audio=FILM),
    "clipping": ClippingRequest(video=FILM),
    "background_removal": BackgroundRemovalRequest(video=FILM, layers=["foreground", "mask"]),
    "filler_word_removal": FillerWordRemovalRequest(video=FILM),
    "model_video": TextToVideo(model="heygen-video-1", prompt="A boat"),
}
MADE: dict[str, Any] = {
    "translation": Translation,
    "lipsync": Lipsync,
    "clipping": ClippedVideo,
    "background_removal": CutOut,
    "filler_word_removal": FillerWordRemoval,
    "model_video": ModelVideo,
}
JOBS = list(MADE)


async def results_of(heygen: HeyGen, requests: Any, **options: Any) -> list[Any]:
    async with heygen.render_many(requests, **options) as results:
        return [result async for result in results]


@pytest.mark.parametrize("watch", ["auto", "each"])
async def test_a_run_mixes_all_kinds(heygen: HeyGen, world: World, tmp_path: Path, watch: Any) -> None:
    """A run mixes all kinds: each row ends once, is charged once and has a result of its own type."""
    world.faults += [UnknownStatus(nth=3), NullVideoUrl(nth=2)]
    found = await results_of(heygen, REQUESTS.values(), journal=tmp_path / "c.db", watch=watch)
    assert all(isinstance(result, Completed) for result in found), found
    assert {base_of(result.request.kind) for result in found} == set(REQUESTS)
    assert len(world.ledger) == len(REQUESTS)
    for result in found:
        assert type(result.made) is MADE.get(result.request.kind, Video)
        assert result.video.ended
        assert result.video.video_url is not None
    with Journal(tmp_path / "c.db", read_only=True) as journal:
        assert {record.state for record in journal.records()} == {"completed"}
        assert "template/template_welcome" in {record.kind for record in journal.records()}


async def test_what_no_plain_video_is_holds_a_slot_like_any_other(heygen: HeyGen, world: World) -> None:
    """All kinds share the slots of a run."""
    requests = [REQUESTS[kind] for kind in JOBS] * 3
    found = await results_of(heygen, requests, max_in_flight=4)
    assert len(found) == len(world.ledger) == len(requests)
    assert heygen.pool.peak == 4


@pytest.mark.parametrize("kind", JOBS)
async def test_a_job_that_fails_is_a_failed_row(heygen: HeyGen, world: World, kind: str) -> None:
    """A failed job is a failed row with HeyGen's reason, and costs no money."""
    world.faults.append(FailedRender(nth=1, code="bad_file", message="no face was found"))
    (result,) = await results_of(heygen, [REQUESTS[kind]])
    assert isinstance(result, Failed)
    assert isinstance(result.error, RenderFailedError)
    assert "no face was found" in result.error.message
    assert result.error.spent == "no"
    assert str(result.resource_id) in result.error.message


@pytest.mark.parametrize("kind", [*JOBS, "studio", "template"])
async def test_a_lost_answer_is_paid_once(heygen: HeyGen, world: World, tmp_path: Path, kind: str) -> None:
    """A POST whose answer is lost is paid for once, by its key or by the id in its body."""
    world.faults.append(DropAfterAccept(method="POST", path="/v3/*", nth=1))
    (result,) = await results_of(heygen, [REQUESTS[kind]], journal=tmp_path / "c.db")
    assert isinstance(result, Completed), result
    assert len(world.ledger) == 1


async def test_all_films_of_a_job_are_stored(heygen: HeyGen, tmp_path: Path) -> None:
    """All files of a job are stored: clips, layers, and the sound of a translation without pictures."""
    sound = TranslationRequest(
        video=FILM, output_languages=["French (France)"], translate_audio_only=True, enable_caption=True
    )
    requests = [REQUESTS["clipping"], REQUESTS["background_removal"], sound, REQUESTS["lipsync"]]
    jobs = [Job(request=request, row={"name": request.kind}) for request in requests]
    options = {"download_to": tmp_path / "out", "filename": "{name}", "files": ("video", "captions")}
    found = await results_of(heygen, jobs, journal=tmp_path / "c.db", **options)
    assert [result.error for result in found] == [None] * 4
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "background_removal-2.mp4",
        "background_removal.webm",
        "clipping-2.mp4",
        "clipping-3.mp4",
        "clipping.mp4",
        "lipsync.mp4",
        "translation.mp3",
        "translation.srt",
    ]
    clips = next(result for result in found if result.request.kind == "clipping")
    assert set(clips.files) == {"video", "video_2", "video_3"}


async def test_films_that_an_earlier_run_left_are_fetched(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """A later run fetches all missing files of a job; HeyGen tells how many there are."""
    jobs = [Job(request=REQUESTS["clipping"], row={"name": "a"}), Job(request=REQUESTS["lipsync"], row={"name": "b"})]
    options = {"download_to": tmp_path / "out", "filename": "{name}", "journal": tmp_path / "c.db"}
    await results_of(heygen, jobs, **options)
    for file in (tmp_path / "out").iterdir():
        file.unlink()
    async with heygen.resume(tmp_path / "c.db") as results:
        found = [result async for result in results]
    assert {type(result.made) for result in found if isinstance(result, Completed)} == {ClippedVideo, Lipsync}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a-2.mp4", "a-3.mp4", "a.mp4", "b.mp4"]
    assert len(world.ledger) == 2


async def test_a_job_that_cannot_be_read_is_a_row_without_files(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """A job that was deleted at HeyGen is a completed row without files, with the reason."""
    options = {"download_to": tmp_path / "out", "filename": "{id}", "journal": tmp_path / "c.db"}
    await results_of(heygen, [REQUESTS["clipping"]], **options)
    for file in (tmp_path / "out").iterdir():
        file.unlink()
    world.faults.append(ErrorAnswer(path="/v3/ai-clipping/*", status=404, code="not_found"))
    async with heygen.resume(tmp_path / "c.db") as results:
        (result,) = [result async for result in results]
    assert isinstance(result, Completed)
    assert result.error is not None
    assert "deleted at HeyGen" in result.error.message


ROWS = (
    "name,film,language\n"
    "Ada,https://example.com/a.mp4,French (France)\n"
    "Bob,https://example.com/b.mp4,German (Germany)\n"
)


@pytest.mark.parametrize(
    ("mode", "fields", "sent"),
    [
        (
            "template",
            {"template_id": "template_welcome", "variables.name": "{{ name }}"},
            {"variables": {"name": {"name": "name", "type": "text", "properties": {"content": "Ada"}}}},
        ),
        (
            "template",
            {"template_id": "template_welcome", "variables": {"name": {"type": "text", "value": "{{ name }}"}}},
            {"variables": {"name": {"type": "text", "value": "Ada"}}},
        ),
        (
            "translation",
            {"video": "{{ film }}", "output_languages": "{{ language }}"},
            {"output_languages": ["French (France)"], "video": {"type": "url", "url": "https://example.com/a.mp4"}},
        ),
    ],
)
async def test_rows_of_a_list_become_other_kinds(
    heygen: HeyGen, world: World, tmp_path: Path, mode: str, fields: dict[str, Any], sent: dict[str, Any]
) -> None:
    """Rows of a list become template videos and translations: planned, priced, looked up and run."""
    (tmp_path / "rows.csv").write_text(ROWS, encoding="utf-8")
    plan = await heygen.plan(tmp_path / "rows.csv", Template(mode, fields))
    assert not plan.errors, plan.errors
    assert plan.price.expected > 0
    async with heygen.run(plan, journal=tmp_path / "c.db") as results:
        found = [result async for result in results]
    assert all(isinstance(result, Completed) for result in found), found
    assert len(world.ledger) == 2
    assert any(sent.items() <= charge.body.items() for charge in world.ledger)


async def test_a_list_is_told_that_a_row_is_one_translation(heygen: HeyGen, tmp_path: Path) -> None:
    """A row with two languages is refused with its line and column before a request is sent."""
    (tmp_path / "rows.csv").write_text(
        'film,to\nhttps://example.com/a.mp4,French (France)\nhttps://x.de/b.mp4,"Greek, Thai"\n'
    )
    template = Template("translation", {"video": "{{ film }}", "output_languages": "{{ to }}"})
    plan = await heygen.plan(tmp_path / "rows.csv", template, preflight=False)
    (problem,) = plan.errors
    assert (problem.line, problem.column, problem.field) == (3, "to", "output_languages")
    assert "give each language a row of its own" in str(problem)


@pytest.mark.parametrize(("kind", "found"), [("lipsync", 1), ("filler_word_removal", 0)])
async def test_a_job_is_looked_for_by_its_title(heygen: HeyGen, tmp_path: Path, kind: str, found: int) -> None:
    """A job whose key is too old is searched for by its title, if HeyGen lists jobs of its kind."""
    made = [
        await heygen.begin(LipsyncRequest(video=FILM, audio=FILM, title="Hi Ada")),
        await heygen.begin(FillerWordRemovalRequest(video=FILM, title="Hi Ada")),
    ]
    with Journal(tmp_path / "c.db", create=True) as journal:
        take_in(journal, entry_of(kind, {"title": "Hi Ada"}))
        journal.intend(1)
        assert await find(heygen, journal, journal.get(1)) == made[:found]


async def test_an_audit_looks_at_jobs_too(heygen: HeyGen, tmp_path: Path) -> None:
    """An audit looks up each row by the address of its kind."""
    await results_of(heygen, [REQUESTS["lipsync"], REQUESTS["clipping"]], journal=tmp_path / "c.db")
    with Journal(tmp_path / "c.db") as journal:
        gone = next(record.video_id for record in journal.records() if record.kind == "lipsync")
        await heygen.lipsyncs.delete(str(gone))
        assert [(one.kind, one.video_id) async for one in audit(heygen, journal)] == [
            ("completed here, gone at HeyGen", gone)
        ]


@pytest.mark.parametrize(
    ("kind", "body", "seconds"),
    [
        ("lipsync", {"start_time": 5, "end_time": 15}, (8, 10, 12)),
        ("translation", {}, (5, 60, 600)),
        ("template/t1", {}, (5, 60, 600)),
        ("model_video", {"duration": 8}, (8, 8, 8)),
        ("model_video", {}, (5, 5, 15)),
        ("studio", {"scenes": [{"duration": 3}, {"duration": 4}]}, (7, 7, 7)),
    ],
)
def test_lengths_are_told_as_far_as_they_can(kind: str, body: dict[str, Any], seconds: tuple[float, ...]) -> None:
    """A part and a scene have their own lengths; the length of an unopened film is a wide range."""
    assert seconds_of(kind, body) == pytest.approx(seconds)


def test_scenes_that_speak_are_as_long_as_their_speech() -> None:
    """A scene that speaks is as long as the same words in a plain video."""
    scene = {"type": "avatar", "input": {"script": "Hi Ada, how are you?"}}
    assert seconds_of("studio", {"scenes": [scene]}) == seconds_of("avatar", scene["input"])  # type: ignore[arg-type] # a dict of dicts


async def test_a_row_is_one_translation(heygen: HeyGen, world: World) -> None:
    """A translation into several languages is refused: it is several results to follow and to pay for."""
    request = TranslationRequest(video=FILM, output_languages=["French", "German"])
    (failed,) = await results_of(heygen, [request])
    assert isinstance(failed.error, InvalidInputError)
    assert re.search(r"item 0: .*2 languages \(French, German\).*give each language a row", str(failed.error))
    assert not world.ledger


async def test_what_does_not_render_is_no_row(heygen: HeyGen) -> None:
    """A value of another type fails alone, before anything is sent for it."""
    (failed,) = await results_of(heygen, [{"script": "Hi"}])
    assert "item 0: a dict; must be a DirectVideo" in str(failed.error)


@pytest.mark.parametrize("bad", ["", "a/b", None, 3])
def test_a_template_is_named_by_its_id(bad: Any) -> None:
    """A template id that cannot stand in a path is refused."""
    with pytest.raises(InvalidInputError, match=r"FromTemplate\.template_id"):
        FromTemplate(template_id=bad, variables={})


def test_a_template_s_id_stands_in_the_path_only() -> None:
    """The id of a template stands in the path and in the kind, not in the body."""
    request = FromTemplate(template_id="t1", variables={"name": {"type": "text"}}, extra={"new": 1})
    assert request.body == {"variables": {"name": {"type": "text"}}, "new": 1}
    call = creation_call(request, "key")
    assert (call.path, call.route) == ("/v3/templates/t1", "/v3/templates/{template_id}")


@pytest.mark.parametrize(("given", "sent"), [(None, "key"), ("mine", "mine")])
def test_a_background_removal_has_its_key_in_its_body(given: str | None, sent: str) -> None:
    """A background removal has the key in its body: yours, if you gave one."""
    call = creation_call(BackgroundRemovalRequest(video=FILM, request_id=given), "key")
    assert call.body["request_id"] == sent
    assert call.idempotent
    assert not creation_call(BackgroundRemovalRequest(video=FILM), None).idempotent


def test_kinds_are_known_by_name() -> None:
    """Kinds are found by name; an unknown kind is refused, or shown under its name."""
    assert [label_of(kind) for kind in ("avatar", "template/t1", "hologram")] == [
        "Avatar videos",
        "Template videos (t1)",
        "hologram",
    ]
    assert is_request(StoredRequest(kind="template/t1", text="{}"))
    assert not any(map(is_request, ("x", Job(request=REQUESTS["avatar"]), StoredRequest(kind="hologram", text="{}"))))
    assert find_kind("hologram") is None
    with pytest.raises(InvalidInputError, match="kind 'hologram': must be one of avatar, image"):
        kind_of("hologram")


def test_a_job_without_a_reason_has_failed_all_the_same() -> None:
    """A job that failed without a reason is a failed job."""
    seen = SeenAsVideo(id="x1", status="failed", subject="clipping", made=None)
    with pytest.raises(RenderFailedError, match="clipping x1 failed: HeyGen gives no reason"):
        seen.check()
    whole = SeenAsVideo(id="x1", status="completed", subject="clipping", made=None)
    assert whole.check() is whole


@pytest.mark.parametrize("bad", ["name=Ada", None, 3])
def test_variables_are_given_by_name(bad: Any) -> None:
    """Variables that are not given by name are refused."""
    with pytest.raises(InvalidInputError, match="variables"):
        FromTemplate(template_id="t1", variables=bad)


@pytest.mark.parametrize("data", [{}, {"video_translation_ids": []}, {"video_translation_ids": ["a", "b"]}, ["a"], "a"])
def test_an_answer_without_one_id_breaks_the_contract(data: Any) -> None:
    """An answer without exactly one id breaks the contract, so the outcome is unknown."""
    call = creation_call(REQUESTS["translation"], "key")
    answer = Answer(status=200, headers={}, body=dumps({"data": data}))
    with pytest.raises(ContractError, match=r"\$\.data"):
        call.read(answer, "POST /v3/video-translations")


async def test_a_key_that_is_refused_ends_a_run_that_fetches_clips(
    heygen: HeyGen, world: World, tmp_path: Path
) -> None:
    """An API key that is refused while clips are fetched ends the run: it concerns the account, not the row."""
    options = {"download_to": tmp_path / "out", "filename": "{id}", "journal": tmp_path / "c.db"}
    await results_of(heygen, [REQUESTS["clipping"]], **options)
    for file in (tmp_path / "out").iterdir():
        file.unlink()
    world.faults.append(ErrorAnswer(path="/v3/ai-clipping/*", status=401, code="unauthorized"))
    with pytest.raises(AuthenticationError):
        async with heygen.resume(tmp_path / "c.db") as results:
            assert [result async for result in results] == []


def test_a_bill_says_what_it_cannot_price() -> None:
    """A bill counts the results for which HeyGen publishes no price."""
    bill = Bill()
    for kind in ("lipsync", "clipping"):
        video = Video(id="x", status="completed", duration=10.0)
        bill.add(Completed(job=Job(request=REQUESTS[kind]), resource_id="x", video=video))
    assert bill.amount == "about 0.33 and 1 without a published price"


@pytest.mark.parametrize("at_once", [False, True])
async def test_agents_that_name_their_video_at_once_or_later(
    heygen: HeyGen,
    world: World,
    tmp_path: Path,
    at_once: bool,  # noqa: FBT001
) -> None:
    """Both were read of HeyGen: each row ends once, is paid for once, and a session that fails before is not billed."""
    world.agent_video_at_once = at_once
    world.faults.append(FailedRender(nth=2, while_thinking=True, message="No such place."))
    rows = [Job(request=VideoAgent(prompt=f"welcome {n}"), row={"n": str(n)}) for n in range(4)]
    async with heygen.render_many(rows, journal=tmp_path / "c.db") as results:
        found = [result async for result in results]
    assert sorted(type(result).__name__ for result in found) == ["Completed", "Completed", "Completed", "Failed"]
    assert (len(world.ledger), len(world.refunds)) == (4, 1)
    videos = {result.resource_id for result in found if isinstance(result, Completed)}
    assert len(videos) == 3
    assert videos <= set(world.videos)
