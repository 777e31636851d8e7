"""What a render costs by HeyGen's price list: an estimate before and after; HeyGen's bill decides."""

from __future__ import annotations

from heygen_async.api.modes import VideoRequest
from heygen_async.api.stored import StoredRequest

# US dollars a second of video, low and high. Source: HeyGen's pricing page as read in September 2026:
# photo looks 0.05, twins and studio looks 0.0667; agent 0.0333.
_USD_PER_SECOND = {"avatar": (0.05, 0.0667), "image": (0.05, 0.05), "video_agent": (0.0333, 0.0333)}
_CINEMATIC_USD = 7.0  # flat


def price_usd(request: VideoRequest | StoredRequest, duration: float) -> tuple[float, float]:
    """Return the least and the most that *duration* seconds of video cost, in US dollars."""
    if request.kind == "cinematic_avatar":
        return _CINEMATIC_USD, _CINEMATIC_USD
    low, high = _USD_PER_SECOND[request.kind]
    return low * duration, high * duration
