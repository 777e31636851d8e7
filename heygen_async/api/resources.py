"""The client's attributes for all that is not written by hand, loaded when they are first used."""

# Written by tests/codegen/generate.py from HeyGen's contract: change that, not this.

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from heygen_async.http.caller import Caller

if TYPE_CHECKING:
    from heygen_async.api.assets import Assets
    from heygen_async.api.generated.audio import Audio
    from heygen_async.api.generated.avatars import Avatars
    from heygen_async.api.generated.background_removal import BackgroundRemoval
    from heygen_async.api.generated.brand import Brand
    from heygen_async.api.generated.clipping import Clipping
    from heygen_async.api.generated.filler_words import FillerWords
    from heygen_async.api.generated.folders import Folders
    from heygen_async.api.generated.lipsyncs import Lipsyncs
    from heygen_async.api.generated.models import Models
    from heygen_async.api.generated.proofreads import Proofreads
    from heygen_async.api.generated.studio import Studio
    from heygen_async.api.generated.templates import Templates
    from heygen_async.api.generated.translations import Translations
    from heygen_async.api.generated.users import Users
    from heygen_async.api.generated.voices import Voices


class Resources:
    """What `HeyGen` inherits."""

    _caller: Caller

    @functools.cached_property
    def assets(self) -> Assets:
        """Files that you have at HeyGen."""
        from heygen_async.api.assets import Assets  # noqa: PLC0415 - loaded when it is first used

        return Assets(self._caller)

    @functools.cached_property
    def audio(self) -> Audio:
        """Music and sound effects."""
        from heygen_async.api.generated.audio import Audio  # noqa: PLC0415 - loaded when it is first used

        return Audio(self._caller)

    @functools.cached_property
    def avatars(self) -> Avatars:
        """Avatars (groups) and their looks."""
        from heygen_async.api.generated.avatars import Avatars  # noqa: PLC0415 - loaded when it is first used

        return Avatars(self._caller)

    @functools.cached_property
    def background_removal(self) -> BackgroundRemoval:
        """People cut out of films."""
        from heygen_async.api.generated.background_removal import BackgroundRemoval  # noqa: PLC0415 - loaded when it is first used

        return BackgroundRemoval(self._caller)

    @functools.cached_property
    def brand(self) -> Brand:
        """Your brand's colors, fonts and words."""
        from heygen_async.api.generated.brand import Brand  # noqa: PLC0415 - loaded when it is first used

        return Brand(self._caller)

    @functools.cached_property
    def clipping(self) -> Clipping:
        """Short clips out of long films."""
        from heygen_async.api.generated.clipping import Clipping  # noqa: PLC0415 - loaded when it is first used

        return Clipping(self._caller)

    @functools.cached_property
    def filler_words(self) -> FillerWords:
        """Films without their ums."""
        from heygen_async.api.generated.filler_words import FillerWords  # noqa: PLC0415 - loaded when it is first used

        return FillerWords(self._caller)

    @functools.cached_property
    def folders(self) -> Folders:
        """Where videos lie."""
        from heygen_async.api.generated.folders import Folders  # noqa: PLC0415 - loaded when it is first used

        return Folders(self._caller)

    @functools.cached_property
    def lipsyncs(self) -> Lipsyncs:
        """Films with another sound, lips in time."""
        from heygen_async.api.generated.lipsyncs import Lipsyncs  # noqa: PLC0415 - loaded when it is first used

        return Lipsyncs(self._caller)

    @functools.cached_property
    def models(self) -> Models:
        """HeyGen Video, the model by itself."""
        from heygen_async.api.generated.models import Models  # noqa: PLC0415 - loaded when it is first used

        return Models(self._caller)

    @functools.cached_property
    def proofreads(self) -> Proofreads:
        """Translations that are read before they are spoken."""
        from heygen_async.api.generated.proofreads import Proofreads  # noqa: PLC0415 - loaded when it is first used

        return Proofreads(self._caller)

    @functools.cached_property
    def studio(self) -> Studio:
        """Videos of several scenes."""
        from heygen_async.api.generated.studio import Studio  # noqa: PLC0415 - loaded when it is first used

        return Studio(self._caller)

    @functools.cached_property
    def templates(self) -> Templates:
        """Videos from templates that were made in HeyGen's app."""
        from heygen_async.api.generated.templates import Templates  # noqa: PLC0415 - loaded when it is first used

        return Templates(self._caller)

    @functools.cached_property
    def translations(self) -> Translations:
        """Films in other languages."""
        from heygen_async.api.generated.translations import Translations  # noqa: PLC0415 - loaded when it is first used

        return Translations(self._caller)

    @functools.cached_property
    def users(self) -> Users:
        """Whose account it is."""
        from heygen_async.api.generated.users import Users  # noqa: PLC0415 - loaded when it is first used

        return Users(self._caller)

    @functools.cached_property
    def voices(self) -> Voices:
        """Voices: to choose, to design, to clone, to let speak."""
        from heygen_async.api.generated.voices import Voices  # noqa: PLC0415 - loaded when it is first used

        return Voices(self._caller)
