"""A change leaves, sets or clears a field: `UNSET`, a value, None."""

from __future__ import annotations

import pickle

import pytest

from heygen_async import UNSET, GlossaryTerm, HeyGen, InvalidInputError
from heygen_async.api.generated.brand import BrandKitChanges
from heygen_async.http import wire
from heygen_async.simulator import World


def test_what_is_sent() -> None:
    """UNSET is not sent, None is sent as null, a value as it is; UNSET survives a pickle."""
    assert wire.encode(BrandKitChanges()) == {}
    assert wire.encode(BrandKitChanges(colors=None, logo_url=UNSET)) == {"colors": None}
    assert wire.encode(BrandKitChanges(colors=["#102A43"])) == {"colors": ["#102A43"]}
    assert repr(BrandKitChanges(colors=None)) == "BrandKitChanges(colors=None)"
    assert pickle.loads(pickle.dumps(UNSET)) is UNSET
    with pytest.raises(InvalidInputError, match="must be a color"):
        BrandKitChanges(colors=["red"])


async def test_a_field_is_cleared(heygen: HeyGen, world: World) -> None:
    """The default voice of an avatar, the colors of a kit, the terms of a glossary, the events of an endpoint."""
    assert (await heygen.avatars.update("group_anna")).default_voice_id == "voice_warm"
    assert (await heygen.avatars.update("group_anna", default_voice_id=None)).default_voice_id is None
    assert (await heygen.avatars.update("group_anna", default_voice_id="voice_calm")).default_voice_id == "voice_calm"
    kit = await heygen.brand.update_kit("kit_house", name="Ours")
    assert (kit.name, kit.colors) == ("Ours", ("#102A43", "#F0B429"))
    assert (await heygen.brand.update_kit("kit_house", colors=None)).colors == ()
    made = await heygen.brand.create_glossary("Names", terms=[GlossaryTerm(term="Ada", pronunciation="ay-da")])
    assert [term.term for term in made.terms] == ["Ada"]
    assert (await heygen.brand.update_glossary(made.brand_glossary_id, terms=None)).terms == ()
    endpoint = await heygen.webhooks.create("https://example.com/", events=["avatar_video.success"])
    moved = await heygen.webhooks.update(endpoint.endpoint_id, url="https://example.org/")
    assert moved.events == ("avatar_video.success",)
    assert (await heygen.webhooks.update(endpoint.endpoint_id, events=None)).events is None
    sent = len(world.requests)
    with pytest.raises(InvalidInputError, match="neither url nor events"):
        await heygen.webhooks.update(endpoint.endpoint_id)
    assert len(world.requests) == sent
