"""Mutants of the way of a POST: intents, keys, lost answers, and the search for what they made."""

from __future__ import annotations

from tests.explore.mutants.mutant import mutant

MUTANTS = (
    mutant(
        "a key is trusted for ever by the next run",
        ("bulk.jobs.next_step:key_holds", "< KEY_SECONDS", "< 1e9"),
        ("bulk.run.posts:Posts.history", "[moment.most_since(first) for first in sent]", "[0.0 for first in sent]"),
        needs=("journal",),
    ),
    mutant(
        "a key is trusted for ever by a running process",
        ("bulk.jobs.next_step:may_send", "0 <= history.key_age < KEY_SECONDS", "True"),
        needs=("asleep|asleep, with a clock that stood still",),
    ),
    mutant(
        "the age of a key is not asked again after a wait",
        ("bulk.run.submitter:Submitter._try", "if not self._may_send(posts):", "if False:"),
        needs=("asleep|asleep, with a clock that stood still",),
    ),
    mutant(
        "the intent is written after the POST, not before",
        (
            "bulk.run.submitter:Submitter._try",
            "key = await self._store.sending([row.job for row in posts.rows])",
            "jobs = [row.job for row in posts.rows]\n"
            "    key = jobs[0].key if len(jobs) == 1 else await self._store.sending(jobs)",
        ),
        (
            "bulk.run.submitter:Submitter._try",
            "outcome = await self._post(posts, key, admission)",
            "outcome = await self._post(posts, key, admission)\n"
            "    if len(jobs) == 1:\n"
            "        await self._store.sending(jobs)",
        ),
        needs=(
            "journal",
            "crash at a moment|power cut at a moment|crash before a commit|crash after a commit|power cut after a commit|crash at a request|crash at an answer|crash at a step",
        ),
    ),
    mutant(
        "a commit is not synced to the disk",
        ("bulk.journal.sqlite:SqliteBackend._connect", "synchronous = FULL", "synchronous = OFF"),
        needs=("journal", "power cut at a moment|power cut after a commit"),
    ),
    mutant(
        "a gateway's page is taken for HeyGen's refusal",
        (
            "http.outcomes:outcome_of",
            "isinstance(error, APIError) and not perhaps_executed(error)",
            "not perhaps_executed(error) or (error.http_status or 0) >= 300",
        ),
        needs=("gateway page after the work|empty page of a gateway|cut page of a gateway|gzip page of a gateway",),
    ),
    mutant(
        "a 5xx is taken for a refusal",
        (
            "http.outcomes:outcome_of",
            "isinstance(error, APIError) and not perhaps_executed(error)",
            "error.http_status",
        ),
    ),
    mutant(
        "a connection that broke is taken for one that was never opened",
        ("http.outcomes:outcome_of", "else Lost(error)", "else NotSent(error)"),
    ),
    mutant(
        "a lost row is sent again without a look at HeyGen",
        (
            "bulk.campaign.recovery:Recovery.recover",
            "listed = await find(self.client, self.journal, record)",
            "listed = []",
        ),
        needs=("journal",),
    ),
    mutant(
        "a held row is sent again, though nobody said so",
        ("bulk.jobs.next_step:verdict", "else on_unknown", "else 'resubmit'"),
        needs=("journal",),
    ),
    mutant(
        "a search does not wait until HeyGen's lists can be trusted",
        (
            "bulk.jobs.next_step:grace_left",
            "max(0.0, GRACE_SECONDS - (0.0 if first is None else now.least_since(first)))",
            "0.0",
        ),
        needs=("journal", "slow before the work", "agent", "on_unknown=resubmit"),
    ),
    mutant(
        "any video that belongs to no row is adopted",
        ("bulk.campaign.recovery:_listed", "list(title=title)", "list()"),
        ("bulk.campaign.recovery:_titled", "made.title == title", "True"),
        needs=("journal", "titles"),
    ),
    mutant(
        "a video of another row is adopted",
        ("bulk.campaign.recovery:_listed", "list(title=title)", "list()"),
        (
            "bulk.campaign.recovery:_titled",
            "made.title == title and not await journal.off_loop(lambda: journal.knows_video(made_id))",
            "True",
        ),
        ("bulk.campaign.recovery:Recovery._is_taken", "self.journal.knows_session(found_id) or ", "False and "),
        needs=("journal", "titles"),
    ),
    mutant(
        "a session of another row is adopted",
        ("bulk.campaign.recovery:_sessions", "prompts[-1] == prompt", "True"),
        needs=("journal", "agent"),
    ),
    mutant(
        "a failed row is sent again under its old key",
        ("bulk.journal.journal:Journal.begin_again", "found.generation + 1", "found.generation"),
        needs=("journal", "failed renders"),
    ),
    mutant(
        "an edited row is sent under its old key",
        ("bulk.jobs.keys:idempotency_key", "body, str(generation)", "''"),
        needs=("journal", "list edited"),
    ),
    mutant(
        "a row is sent again under a new key within a run",
        ("bulk.run.submitter:Submitter._post", "requests[0], key,", "requests[0], f'{key}-{posts.tries}',"),
    ),
    mutant(
        "a batch is sent again without the rows that were settled meanwhile",
        (
            "bulk.journal.journal_store:JournalStore._with_its_mates",
            "len(members) != self._journal.batch(batch).size",
            "False",
        ),
        needs=("journal", "submit=batch"),
    ),
    mutant(
        "a batch is sent again in two",
        (
            "bulk.run.feeder:Feeder._begin",
            "await self._submitter.submit(*self._mates.pop(row.index))",
            "for one in self._mates.pop(row.index): await self._submitter.submit(one)",
        ),
        needs=("journal", "submit=batch|submit=auto"),
    ),
    mutant(
        "the id of an accepted row stays in memory",
        ("bulk.journal.journal_store:JournalStore.accepted", "await self._write(", "(lambda _: None)("),
        needs=("journal",),
    ),
    mutant(
        "rows of a refused batch that HeyGen blames are lost",
        (
            "bulk.run.submitter:Submitter._regroup",
            "return [*alone, Posts(good, needs_room=True)]",
            "return [Posts(good, needs_room=True)]",
        ),
        needs=("submit=batch", "refused rows"),
    ),
    mutant(
        "a POST is repeated without a pause",
        (
            "bulk.run.submitter:Submitter._wait_by",
            "seconds = asked or decision.seconds * random.uniform(0.75, 1.25)",
            "seconds = 0.0",
        ),
    ),
    mutant(
        "a run that is told to stop goes on sending",
        ("bulk.run.submitter:Submitter._submit", "if self.is_stopping:", "if False:"),
        ("bulk.run.submitter:Submitter.stop", "self.is_stopping = True", "pass"),
        needs=("Ctrl-C|Ctrl-C twice",),
    ),
    mutant(
        "a closed gate says for ever that requests are too many",
        ("account.account:Account.reads_are_refused", "ago < UNASKED_SECONDS and ", ""),
        needs=("429 storm",),
    ),
    mutant(
        "a run that is left forgets the POSTs on the wire",
        (
            "bulk.jobs.in_flight:Registry.left",
            "row.stage is not Stage.DELIVERED",
            "row.stage not in {Stage.DELIVERED, Stage.SENDING}",
        ),
        needs=("cancelled|Ctrl-C twice",),
    ),
)
