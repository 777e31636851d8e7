"""Preflight: ids in rows are looked up once each before the first POST, at no cost."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar, cast

import anyio
import attrs
import pytest

from heygen_async import (
    APIError,
    AssetUrl,
    AvatarV,
    Background,
    CinematicAvatar,
    DirectVideo,
    HeyGen,
    ImageVideo,
    Preflight,
    Problem,
    RetryPolicy,
    VideoAgent,
    VideoRequest,
    VoiceSettings,
)
from heygen_async.api.requests.stored import StoredRequest
from heygen_async.bulk.rows.table import Row
from heygen_async.simulator import Server, World
from heygen_async.simulator.account.catalog import CatalogLook, CatalogVoice
from heygen_async.simulator.faults import request_faults

LATER = 1e9
BREAKS = '<break time="900s"/>'
MINE: dict[str, Any] = {"gender": None, "private": True}


@attrs.frozen(kw_only=True)
class Filled:
    """A request for a template, with the fields that a preflight reads."""

    kind: ClassVar[str] = "template/template_welcome"
    variables: dict[str, Any]
    scene_ids: tuple[str, ...] | None = None
    dimension: dict[str, int] | None = None


@attrs.frozen(kw_only=True)
class Unfillable(Filled):
    """A request for a template that does not exist."""

    kind: ClassVar[str] = "template/template_gone"


@attrs.frozen(kw_only=True)
class Studio:
    """A request of several scenes."""

    kind: ClassVar[str] = "studio"
    path: ClassVar[str] = "/v3/videos"
    scenes: list[dict[str, Any]]
    aspect_ratio: str | None = None


def text(content: str) -> dict[str, Any]:
    return {"type": "text", "properties": {"content": content}}


def scene(**more: Any) -> dict[str, Any]:
    speech = {"avatar_id": "look_anna", "voice_id": "voice_warm", "script": "Hi", **more}
    return {"type": "avatar_video", "input": {"type": "avatar", **speech}}


def direct(**more: Any) -> DirectVideo:
    return DirectVideo(**{"avatar_id": "look_anna", "voice_id": "voice_warm", "script": "Hi Ada", **more})


GOOD: list[Any] = [
    direct(),
    direct(voice_id=None),
    direct(avatar_id="look_ben", aspect_ratio="9:16", expressiveness="high", motion_prompt="waves"),
    direct(avatar_id="look_ben", aspect_ratio="auto"),
    direct(avatar_id="look_ben", fit="cover"),
    direct(avatar_id="look_ben", aspect_ratio="1:1", resolution="4k"),
    direct(avatar_id="look_dmitri", engine="avatar_iii", aspect_ratio="4:5", resolution="4k"),
    direct(engine=AvatarV(reference_look_id="look_anna"), motion_prompt="waves"),
    direct(voice_settings=VoiceSettings(locale="en-GB", speed=0.5), script="word " * 900),
    direct(voice_id="voice_claire", voice_settings=VoiceSettings(locale="fr-CA")),
    direct(background=Background.image(url="https://example.com/a.png"), callback_url="https://hooks.example.com/x"),
    direct(script=None, voice_id=None, audio_url="https://cdn.example.com:8443/a.mp3?x=1"),
    ImageVideo(image=AssetUrl(url="https://93.184.216.34/a.png"), voice_id="voice_mine", script="Hi"),
    CinematicAvatar(prompt="x", avatar_id=("look_anna", "look_ben"), aspect_ratio="9:16"),
    VideoAgent(prompt="A welcome", avatar_id="look_ben", voice_id="voice_jonas", orientation="portrait"),
    VideoAgent(prompt="A welcome"),
    Filled(variables={"name": text("Ada")}, scene_ids=("welcome_scene_2",), dimension={"width": 1280, "height": 720}),
    Studio(scenes=[scene(), scene(script="word " * 900), {"type": "image", "duration": 5}]),
    StoredRequest(kind="avatar", text='{"type":"avatar","avatar_id":"look_anna","script":"Hi"}'),
]

LONG = "\u4f60" * 5_000
PLANTED: list[tuple[Any, str, str, str]] = [
    (direct(avatar_id="look_ada"), "avatar_id", "error", "there is no such look"),
    (direct(avatar_id="look anna"), "avatar_id", "error", "there is no such look"),
    (direct(avatar_id="group_anna"), "avatar_id", "error", "group, not of a look; take one of .*look_anna .Anna in"),
    (direct(avatar_id="look_new"), "avatar_id", "error", "the look is still being made"),
    (direct(avatar_id="look_shy"), "avatar_id", "error", "no consent"),
    (direct(avatar_id="look_mute", voice_id=None), "avatar_id", "error", "none of its own; give a voice_id"),
    (direct(engine="avatar_v", avatar_id="look_chloe"), "engine", "error", "cannot be rendered by avatar_v only by"),
    (direct(engine="avatar_iii", avatar_id="look_esi"), "engine", "error", "give engine avatar_v"),
    (direct(expressiveness="high"), "expressiveness", "error", "photo looks only; look look_anna is a digital_twin"),
    (direct(motion_prompt="waves"), "motion_prompt", "error", "leave it out, or give engine avatar_v"),
    (direct(avatar_id="look_ben"), "aspect_ratio", "warning", "look look_ben is portrait, the video landscape"),
    (direct(aspect_ratio="9:16"), "aspect_ratio", "warning", "look look_anna is landscape, the video portrait"),
    (
        direct(engine=AvatarV(reference_look_id="look_gone")),
        "engine.reference_look_id",
        "error",
        "there is no such look",
    ),
    (
        direct(engine=AvatarV(reference_look_id="look_esi")),
        "engine.reference_look_id",
        "error",
        "is a photo_avatar, not a digital_twin",
    ),
    (
        direct(engine=AvatarV(reference_look_id="look_dmitri")),
        "engine.reference_look_id",
        "error",
        "of group group_dmitri, avatar_id of group group_anna",
    ),
    (direct(voice_id="voice_gone"), "voice_id", "error", "there is no such voice"),
    (direct(voice_id="voice_new"), "voice_id", "error", "the voice is still being made"),
    (
        direct(voice_id="voice_claire", voice_settings=VoiceSettings(locale="pt-BR")),
        "voice_settings.locale",
        "warning",
        "voice voice_claire speaks French",
    ),
    (direct(callback_url="http://hooks.example.com/x"), "callback_url", "warning", "is not https"),
    (direct(callback_url="https://localhost:8000/x"), "callback_url", "warning", "private host"),
    (direct(background=Background.image(url="https://10.0.0.7/a.png")), "background.url", "error", "10.0.0.7 is a pri"),
    (
        ImageVideo(image=AssetUrl(url="https://nas/a.png"), voice_id="voice_warm", script="Hi"),
        "image.url",
        "error",
        "nas is a private host",
    ),
    (
        VideoAgent(prompt="x", files=("https://example.com/a.png", "https://192.168.0.1/b.png")),
        "files[1].url",
        "error",
        "private host",
    ),
    (direct(script=LONG, voice_settings=VoiceSettings(speed=0.5)), "script", "warning", "37 minutes to say .28 to 48"),
    (direct(script=f"{BREAKS} a {BREAKS} b"), "script", "error", "a video has 30 at most; shorten it"),
    (CinematicAvatar(prompt="x", avatar_id=("look_anna", "look_gone")), "avatar_id[1]", "error", "no such look"),
    (
        VideoAgent(prompt="x", avatar_id="look_ben", orientation="landscape"),
        "orientation",
        "warning",
        "or orientation portrait",
    ),
    (VideoAgent(prompt="x", voice_id="voice_gone"), "voice_id", "error", "there is no such voice"),
    (Unfillable(variables={}), "template_id", "error", "there is no such template"),
    (Filled(variables={}), "variables.name", "warning", "the video will show {{name}}"),
    (Filled(variables={"name": text("A"), "nam": text("B")}), "variables.nam", "warning", "did you mean name"),
    (Filled(variables={"name": text("A"), "zzz": text("B")}), "variables.zzz", "warning", "it has name"),
    (Filled(variables={"name": {"type": "image"}}), "variables.name", "error", "given as image; .*it is text"),
    (Filled(variables={"name": text("A")}, scene_ids=("s9",)), "scene_ids[0]", "error", "no such scene"),
    (
        Filled(variables={"name": text("A")}, dimension={"width": 720, "height": 720}),
        "dimension",
        "error",
        "is 16:9; keep its ratio",
    ),
    (Studio(scenes=[scene(), scene(avatar_id="look_x")]), "scenes[1].input.avatar_id", "error", "no such look"),
    (Studio(scenes=[scene()], aspect_ratio="9:16"), "aspect_ratio", "warning", "the video portrait"),
    (
        Studio(scenes=[scene(script=f"{BREAKS} a"), scene(script=f"{BREAKS} b")]),
        "scenes",
        "error",
        "30 minutes to say in 2 scenes",
    ),
]


@pytest.fixture
def world() -> World:
    """Return an account with looks and voices that cannot be used yet."""
    account = World()
    library = account.library
    shy = attrs.evolve(library.looks["look_anna"], id="look_shy", group_id="group_nobody")
    library.groups["group_nobody"] = attrs.evolve(library.groups["group_anna"], id="group_nobody", consent_at=None)
    new = CatalogLook(id="look_new", name="N", group_id="group_new", avatar_type="photo_avatar", ready_at=LATER, **MINE)
    mute = CatalogLook(id="look_mute", name="M", group_id="group_mute", avatar_type="photo_avatar", **MINE)
    library.looks |= {look.id: look for look in (shy, new, mute)}
    library.groups |= {
        name: attrs.evolve(library.groups["group_anna"], id=name) for name in ("group_new", "group_mute")
    }
    clone = CatalogVoice(id="voice_new", name="N", language="English", gender="male", private=True, ready_at=LATER)
    library.voices[clone.id] = clone
    return account


def row(line: int = 2, **cells: str) -> Row:
    return Row(line=line, cells=cells, source="leads.csv")


async def problems(heygen: HeyGen, request: Any, **cells: str) -> list[Problem]:
    return await Preflight(heygen).problems(row(2, **cells), cast("VideoRequest", request))


@pytest.mark.parametrize(("request_", "field", "severity", "message"), PLANTED)
async def test_planted_problems_are_found(
    heygen: HeyGen, request_: Any, field: str, severity: str, message: str
) -> None:
    """Each planted mistake is one problem of its field, with a remedy."""
    (problem,) = await problems(heygen, request_)
    assert (problem.field, problem.severity, problem.line) == (field, severity, 2)
    assert problem.mend
    with pytest.raises(ValueError, match=rf"leads\.csv line 2: .*{message}"):
        raise problem.error()


@pytest.mark.parametrize("request_", GOOD)
async def test_good_rows_have_no_problems(heygen: HeyGen, request_: Any) -> None:
    """Good requests have no problems."""
    assert await problems(heygen, request_) == []


@pytest.mark.parametrize("request_", [good for good in GOOD if isinstance(good, VideoRequest)])
async def test_good_rows_are_accepted(heygen: HeyGen, world: World, request_: VideoRequest) -> None:
    """A request without problems is accepted by a simulator that checks looks and voices."""
    world.strict_catalog = True
    await heygen.videos.create(request_)
    assert len(world.ledger) == 1


REFUSED = (  # messages of problems for which the simulator refuses a request
    "there is no such",
    "consent",
    "the look is still",
    "rendered by",
    "photo looks",
    "give engine avatar",
    "group,",
)


@pytest.mark.parametrize(
    "request_",
    [
        wrong
        for wrong, field, _, message in PLANTED
        if isinstance(wrong, VideoRequest)
        and field != "engine.reference_look_id"
        and any(words in message for words in REFUSED)
    ],
)
async def test_rows_with_errors_are_refused(heygen: HeyGen, world: World, request_: VideoRequest) -> None:
    """A request with an error of a look or voice is refused; the simulator does not check the status of voices."""
    world.strict_catalog = True
    with pytest.raises(APIError):
        await heygen.videos.create(request_)
    assert world.ledger == []


async def test_a_list_is_checked_with_one_request_for_each_id(heygen: HeyGen, world: World) -> None:
    """All planted problems of 1,000 rows are found in order, with one GET for each id and no POST."""
    rows: list[tuple[Row, Any]] = [(row(line), direct()) for line in range(2, 1_002)]
    wrong = {10 + 20 * n: plant for n, plant in enumerate(PLANTED)}
    for line, plant in wrong.items():
        rows[line - 2] = (row(line), plant[0])
    for offset, request in enumerate(GOOD):
        rows[900 + offset] = (row(902 + offset), request)
    found = await Preflight(heygen).of_rows(rows)
    assert [(one.line, one.field, one.severity) for one in found] == [
        (line, field, severity) for line, (_, field, severity, _) in wrong.items()
    ]
    assert {seen.method for seen in world.requests} == {"GET"}
    paths = Counter(seen.path for seen in world.requests if seen.route != "/v3/avatars/looks")
    assert paths["/v3/avatars/looks/look_anna"] == 1
    assert max(paths.values()) == 1
    assert world.ledger == []


async def test_a_problem_names_its_column(heygen: HeyGen) -> None:
    """A problem names the column if exactly one cell has the value."""
    (problem,) = await problems(heygen, direct(avatar_id="look_ada"), look=" look_ada ", name="Ada")
    assert (problem.column, problem.value) == ("look", "look_ada")
    (problem,) = await problems(heygen, direct(avatar_id="look_ada"), look="look_ada", again="look_ada")
    assert problem.column is None


async def test_a_refused_look_up_is_one_warning(heygen: HeyGen, world: World) -> None:
    """If the key may not look up an id, the first row with it has a warning, and later rows have none."""
    for path in ("/v3/avatars/looks/*", "/v3/voices/*", "/v3/templates/*"):
        world.faults.append(request_faults.ErrorAnswer(path=path, status=403, code="insufficient_api_key_scope"))
    preflight = Preflight(heygen)
    found = await preflight.problems(row(), direct())
    found += await preflight.problems(row(3), cast("VideoRequest", Filled(variables={})))
    found += await preflight.problems(row(4), direct())
    assert [(one.line, one.field, one.severity) for one in found] == [
        (2, "avatar_id", "warning"),
        (2, "voice_id", "warning"),
        (3, "template_id", "warning"),
    ]
    assert all("could not be checked: PermissionDeniedError(403, insufficient_api_key_scope" in p.reason for p in found)


async def test_a_lost_network_is_asked_once(server: Server, world: World) -> None:
    """After a lost connection, every id is a warning without a further request."""
    world.faults.append(request_faults.DropBefore())
    async with HeyGen("simulator-key", base_url=server.base_url, retry=RetryPolicy(attempts=1)) as heygen:
        preflight = Preflight(heygen)
        found = await preflight.problems(row(), direct(engine=AvatarV(reference_look_id="look_dmitri")))
        found += await preflight.account(max_in_flight=500, price_usd=1.0)
    assert [(one.field, one.severity) for one in found] == [
        ("avatar_id", "warning"),
        ("engine.reference_look_id", "warning"),
        ("voice_id", "warning"),
        (None, "warning"),
    ]
    assert {seen.path for seen in world.requests} == {"/v3/avatars/looks/look_anna", "/v3/users/me"}


async def test_a_malformed_answer_is_a_warning(heygen: HeyGen, world: World) -> None:
    """A malformed answer is a warning."""
    world.faults.append(request_faults.Malformed(path="/v3/voices/voice_warm"))
    (problem,) = await problems(heygen, direct())
    assert (problem.field, problem.severity) == ("voice_id", "warning")


async def test_an_id_that_heygen_refuses_is_an_error(heygen: HeyGen, world: World) -> None:
    """A 400 for an id means that there is no such voice."""
    world.faults.append(request_faults.ErrorAnswer(path="/v3/voices/voice_odd", status=400, code="invalid_parameter"))
    (problem,) = await problems(heygen, direct(voice_id="voice_odd"))
    assert (problem.severity, problem.reason) == ("error", "there is no such voice")


async def test_values_that_are_not_ids_are_left_to_heygen(heygen: HeyGen, world: World) -> None:
    """Values that are not ids, from a journal or `extra`, are not looked up."""
    odd = StoredRequest(kind="cinematic_avatar", text='{"prompt":"x","avatar_id":[7,"look_anna"],"voice_id":null}')
    assert await problems(heygen, odd) == []
    assert [seen.path for seen in world.requests] == ["/v3/avatars/looks/look_anna"]


async def test_a_cancelled_look_up_is_repeated(heygen: HeyGen, world: World) -> None:
    """A look-up that was cancelled is made again by the next row."""
    world.latency_seconds = 10.0
    preflight = Preflight(heygen)
    with anyio.move_on_after(1):
        await preflight.problems(row(), direct(avatar_id="look_ada"))
    (problem,) = await preflight.problems(row(), direct(avatar_id="look_ada"))
    assert problem.reason == "there is no such look"


async def test_a_cancelled_look_up_of_a_group_is_repeated(heygen: HeyGen, world: World) -> None:
    """If the question for a group is cancelled after its look was not found, the next row asks for the group again."""
    world.latency_seconds = 10.0
    preflight = Preflight(heygen)
    with anyio.move_on_after(15):
        await preflight.problems(row(), direct(avatar_id="group_anna", voice_id=None))
    assert [seen.path for seen in world.requests] == ["/v3/avatars/looks/group_anna", "/v3/avatars/looks"]
    (problem,) = await preflight.problems(row(), direct(avatar_id="group_anna", voice_id=None))
    assert "is the id of an avatar group" in problem.reason


async def test_an_account_that_can_pay(heygen: HeyGen) -> None:
    """Enough credit, and as many renders at once as HeyGen documents, are no problem."""
    preflight = Preflight(heygen)
    assert await preflight.account(max_in_flight=10, price_usd=12.5) == []
    assert await preflight.account(max_in_flight="auto", price_usd=None) == []
    assert await preflight.account(max_in_flight=lambda: 50) == []


async def test_an_account_that_cannot_pay(heygen: HeyGen, world: World) -> None:
    """Too little credit is an error, and too many renders at once are a warning."""
    world.balance_usd = 3.2
    credit, slots = await Preflight(heygen).account(max_in_flight=11, price_usd=12.5)
    assert (credit.severity, credit.value, credit.field) == ("error", "3.20 USD", "wallet.remaining_balance")
    assert "the rows cost about 12.50 USD" in str(credit)
    assert (slots.severity, slots.field) == ("warning", "max_in_flight")
    assert "HeyGen documents 10 renders at once" in slots.reason


async def test_a_learnt_limit_comes_before_the_documented_one(heygen: HeyGen) -> None:
    """The limit learnt from HeyGen's refusals comes before the documented one."""
    heygen.pool.limit = 3
    (slots,) = await Preflight(heygen).account(max_in_flight=4)
    assert "HeyGen has let through 3 renders at once" in slots.reason


async def test_a_key_that_heygen_does_not_know(server: Server) -> None:
    """A wrong key is an error of the account, and its rows have warnings."""
    async with HeyGen("wrong-key", base_url=server.base_url) as heygen:
        (problem,) = await Preflight(heygen).account()
        (first, second) = await problems(heygen, direct())
    assert (problem.severity, problem.mend) == ("error", "give a valid key")
    assert {first.severity, second.severity} == {"warning"}
