"""Check of a request's length, estimated from its scripts, against HeyGen's limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from heygen_async.bulk.prices.speech_length import spoken_seconds
from heygen_async.bulk.rows.finding import Finding, Part

VIDEO_SECONDS = 1_800.0  # HeyGen's page on usage limits: a video of up to 30 minutes, all scenes together

LanguageOf = Callable[[Part], str | None]


def length_findings(all_parts: Iterable[Part], language_of: LanguageOf) -> Iterator[Finding]:
    """Yield a problem if the scripts of all scenes together take longer than a video may be.

    Args:
        all_parts: All parts of a request.
        language_of: Returns the language of the script in a part.
    """
    spoken = [part for part in all_parts if isinstance(part.fields.get("script"), str)]
    lengths = [_seconds(part, language_of(part)) for part in spoken]
    low, likely, high = (sum(column) for column in zip(*lengths, strict=True)) if lengths else (0.0, 0.0, 0.0)
    if high <= VIDEO_SECONDS:
        return
    scenes = f" in {len(spoken)} scenes" if len(spoken) > 1 else ""
    yield Finding(
        field=f"{spoken[0].at}script" if len(spoken) == 1 else "scenes",
        reason=f"takes about {likely / 60:.0f} minutes to say{scenes} ({low / 60:.0f} to {high / 60:.0f}); "
        f"a video has {VIDEO_SECONDS / 60:.0f} at most",
        mend="shorten it, or split it over several videos",
        severity="error" if low > VIDEO_SECONDS else "warning",
    )


def _seconds(part: Part, language: str | None) -> tuple[float, float, float]:
    settings = part.fields.get("voice_settings")
    speed = settings.get("speed") if isinstance(settings, Mapping) else None
    return spoken_seconds(str(part.fields["script"]), speed=float(speed or 1.0), language=language)
