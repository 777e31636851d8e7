"""Names that do not exist are refused with the nearest one that does."""

from __future__ import annotations

from typing import Any

import pytest

import heygen_async
from heygen_async import Campaign, InvalidInputError
from heygen_async.api.requests.kinds import kind_of
from heygen_async.bulk.campaign_file.starter_file import campaign_text
from heygen_async.bulk.download.video_files import checked_kinds
from heygen_async.bulk.plan.file_names import check_template
from heygen_async.bulk.run.run_options import RunSettings
from heygen_async.near_names import hint, near_name


def test_a_hint_is_the_nearest_name_or_the_names_that_there_are() -> None:
    """Case plays no part; of many names thirty are listed."""
    assert hint("Nmae", ["name", "city"]) == "did you mean name?"
    assert near_name("NAME", ["Name"]) == "Name"
    assert hint("zzz", ["name", "city"], "it has") == "it has name, city"
    assert hint("zzz", []) == "there are none"
    assert hint("zzz", map(str, range(32))).endswith("28, 29 and 2 more")


def test_a_public_name_that_does_not_exist_is_refused_with_the_nearest() -> None:
    """A misspelt name tells the right one."""
    package: Any = heygen_async
    with pytest.raises(AttributeError, match=r"no attribute 'DirectVido'; did you mean DirectVideo\?"):
        package.DirectVido  # noqa: B018 - getting it is the point
    with pytest.raises(AttributeError, match=r"no attribute 'qqqqqq'; see __all__, such as"):
        package.qqqqqq  # noqa: B018 - getting it is the point


def test_an_unknown_name_anywhere_is_refused_with_the_nearest() -> None:
    """Options of a run, kinds of requests and files, columns of file names, and modes have a nearest name."""
    options: Any = {"max_inflight": 3}
    with pytest.raises(TypeError, match=r"render_many\(\) got an unexpected .* 'max_inflight'; did you mean max_in_fl"):
        RunSettings.of(options, "render_many")
    with pytest.raises(InvalidInputError, match=r"kind 'translations': did you mean translation\?"):
        kind_of("translations")
    with pytest.raises(InvalidInputError, match="did you mean 'captions'"):
        checked_kinds(["capitons"])
    with pytest.raises(InvalidInputError, match=r"files: 'qqqq'; must be some of [\w, ]+$"):
        checked_kinds(["qqqq"])
    with pytest.raises(InvalidInputError, match=r"no column 'nmae'; did you mean name\?"):
        check_template("{nmae}", ["name"])
    refused_before_it_is_used: Any = None
    with pytest.raises(InvalidInputError, match=r"mode 'cinema': did you mean cinematic\?"):
        campaign_text(mode="cinema", known=refused_before_it_is_used)
    with pytest.raises(InvalidInputError, match=r"mode 'driect': did you mean direct\?"):
        Campaign(mode="driect").template()
