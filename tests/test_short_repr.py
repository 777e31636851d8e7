"""A repr has the fields that are set, and none that are private."""

from __future__ import annotations

import attrs

from heygen_async import (
    AssetUrl,
    DirectVideo,
    FromTemplate,
    Job,
    Problem,
    Row,
    TranslationRequest,
    Video,
    VoiceSettings,
)
from heygen_async.short_repr import ShortRepr


@attrs.frozen(repr=False)
class Sample(ShortRepr):
    a: int
    b: int = 2
    c: list[int] = attrs.field(factory=list)
    d: str = attrs.field(default="", repr=lambda value: f"<{len(value)} characters>")
    secret: str = attrs.field(default="", repr=False)
    e: int = attrs.field(default=attrs.Factory(lambda self: self.a, takes_self=True))


def test_fields_at_their_defaults_are_left_out() -> None:
    """Required fields and changed ones are shown, by their own repr if they have one; private ones never."""
    assert repr(Sample(1)) == "Sample(a=1, e=1)"
    assert repr(Sample(1, b=3, c=[4], d="xyz", secret="s")) == "Sample(a=1, b=3, c=[4], d=<3 characters>, e=1)"


def test_requests_and_values_have_short_reprs() -> None:
    """Of twenty fields a repr shows those that are set, required ones first, also in requests that are generated."""
    request = DirectVideo(avatar_id="look_anna", voice_id="voice", script="Hi", voice_settings=VoiceSettings(speed=1.1))
    assert (
        repr(request) == "DirectVideo(avatar_id='look_anna', voice_id='voice', voice_settings=VoiceSettings(speed=1.1))"
    )
    assert repr(TranslationRequest(video=AssetUrl(url="https://x.example/a"), output_languages=["German"])) == (
        "TranslationRequest(output_languages=('German',), video=AssetUrl())"
    )
    assert repr(FromTemplate(template_id="t", variables={"name": "Ada"})) == "FromTemplate(template_id='t')"
    assert repr(Video(id="v", status="completed", duration=3.2)) == "Video(id='v', status='completed', duration=3.2)"
    assert repr(Row(line=3, cells={"name": "Ada"})) == "Row(line=3)"
    assert repr(Problem(reason="empty", mend="fill it", column="name")) == (
        "Problem(reason='empty', mend='fill it', column='name')"
    )
    assert repr(Job(request=request, row=1, key="k", index=2)).endswith(", key='k', index=2)")
