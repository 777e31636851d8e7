"""The words that HeyGen accepts in fields of the requests that are written by hand, as types."""

from __future__ import annotations

from typing import Literal

AgentMode = Literal["generate", "chat"]
CaptionFormat = Literal["srt"]
CaptionStyle = Literal["default"]
CinematicRatio = Literal["16:9", "9:16", "1:1"]
CinematicResolution = Literal["720p", "1080p"]
CinematicType = Literal["cinematic_avatar", "avatar_shots"]
Corner = Literal["top_left", "top_right", "bottom_left", "bottom_right"]
ElevenLabsModel = Literal["eleven_multilingual_v2", "eleven_turbo_v2_5", "eleven_flash_v2_5", "eleven_v3"]
EngineName = Literal["avatar_iii", "avatar_iv", "avatar_v"]
Expressiveness = Literal["high", "medium", "low"]
FishModel = Literal["s1", "s2-pro"]
Fit = Literal["contain", "cover"]
Orientation = Literal["landscape", "portrait"]
OutputFormat = Literal["mp4", "webm"]
Ratio = Literal["16:9", "9:16", "4:5", "5:4", "1:1", "auto"]
Resolution = Literal["4k", "1080p", "720p"]
