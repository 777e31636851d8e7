"""Mutants of what is believed of renders at HeyGen, and of their files."""

from __future__ import annotations

from tests.explore.mutants.mutant import mutant

MUTANTS = (
    mutant(
        "a 404 is believed at once",
        (
            "bulk.watch.watchlist:Watchlist.believes_next_miss",
            "row.misses >= MISSES - 1 and self.clock.now() - row.missed_since >= MISSED_SECONDS",
            "True",
        ),
        needs=("404 for minutes",),
    ),
    mutant(
        "a bulk status of failed is believed without a look at the details",
        (
            "bulk.watch.sweep:Sweep._judge",
            "self._list.rendered(row, str(word))\n",
            "self._list.rendered(row, str(word))\n"
            "        if word == 'failed':\n"
            "            from heygen_async.errors import RenderFailedError\n"
            "            await self._list.end(row, RenderFailedError('?', resource_id=row.video_id, spent='no'))\n"
            "            return False\n",
        ),
        needs=("bulk statuses lag or lie",),
    ),
    mutant(
        "a row that is late counts as failed in the journal",
        (
            "bulk.journal.journal_store:JournalStore.failed",
            "isinstance(error, RenderFailedError | NotFoundError)",
            "True",
        ),
    ),
    mutant(
        "a failed video counts as completed",
        ("bulk.run.finisher:_result_of", "end.check()", "pass"),
        needs=("failed renders",),
    ),
    mutant(
        "a webhook is believed without a look",
        (
            "bulk.watch.watchlist:Watchlist.wake",
            "self.registry.at(Stage.RENDERING)",
            "tuple(self.registry.at(Stage.RENDERING))",
        ),
        (
            "bulk.watch.watchlist:Watchlist.wake",
            "row.due, row.signalled = self.clock.now(), True",
            "row.due, row.signalled = self.clock.now(), True\n"
            "            if row.video_id == resource_id:\n"
            "                self.rendered(row, 'completed')\n"
            "                continue",
        ),
        needs=("watch=webhooks",),
    ),
    mutant(
        "an audit believes that every failed video is there",
        ("bulk.campaign.audit:_difference", 'video.status != "completed"', "False"),
        needs=("audit --fix",),
    ),
    mutant(
        "a batch is asked for in bulk only",
        (
            "bulk.watch.batch_follower:BatchFollower._look_at",
            "self._in_bulk and self._list.sweeps[VIDEO].in_bulk and is_clear",
            "True",
        ),
        needs=("submit=batch|submit=auto", "unknown looks"),
    ),
    mutant(
        "a row of a batch fails because of a bulk answer alone",
        ("bulk.watch.batch_follower:BatchFollower._judge", "if not is_own:", "if False:"),
        needs=("submit=batch|submit=auto", "bulk statuses lag or lie"),
    ),
    mutant(
        "deleted files are not fetched again",
        (
            "bulk.journal.stored_files:still_there",
            "if file.file is None or file.is_elsewhere or _size(file.file) == file.size_bytes",
            "",
        ),
        needs=("files deleted", "download_to"),
    ),
    mutant(
        "a cut file is taken for the whole one",
        ("bulk.download.downloader:Downloader._finish", "part.whole_bytes not in {None, part.size_bytes}", "False"),
        ("bulk.download.downloader:Downloader._finish", 'ending.endswith(".mp4") and is_cut_short(part.path)', "False"),
        needs=("download_to", "files|files that change|half answer|cut answer"),
    ),
    mutant(
        "any page is taken for a film",
        (
            "bulk.download.downloader:Downloader._finish",
            "ending = ending_of(files.content_kind(kind), part.path)",
            "ending = '.mp4'",
        ),
        ("bulk.download.downloader:Downloader._finish", 'ending.endswith(".mp4") and is_cut_short(part.path)', "False"),
        needs=("download_to", "files|gateway page of a read|half answer|malformed answer"),
    ),
    mutant(
        "an expired address is tried for ever",
        (
            "bulk.download.downloader:Downloader._save",
            "files.stale = not isinstance(error, _ADDRESS_IS_GOOD)",
            "files.stale = False",
        ),
        ("bulk.download.downloader:Downloader.name_files", "stale=video.video_url is None", "stale=False"),
        needs=("download_to",),
    ),
    mutant(
        "a file that has changed is continued",
        ("http.downloads:_is_other", 'return found not in {"", tag}', "return False"),
        ("bulk.download.downloader:Downloader._begin", "and same", ""),
        needs=("files that change",),
    ),
)
