"""Mutants of lists, rows and their results: which row is which, what is sent, and what is told."""

from __future__ import annotations

from tests.explore.mutants.mutant import mutant

MUTANTS = (
    mutant(
        "rows of a list that was exported again are new rows",
        (
            "bulk.campaign.list_taker:ListTaker._new_entry",
            "keys.named(job.name)",
            "keys.named(f'{self.mark} {job.name}')",
        ),
        ("bulk.jobs.row_match:match_of", 'return "equal" if is_made else "new"', "return 'new'"),
        needs=("journal", "named"),
    ),
    mutant(
        "rows without a name are new in each list",
        (
            "bulk.campaign.list_taker:ListTaker._new_entry",
            "self._numbering.identity(request)",
            "self._numbering.identity(keys.named(f'{self.mark} {request}'))",
        ),
        ("bulk.jobs.row_match:match_of", 'return "equal" if is_made else "new"', "return 'new'"),
        needs=("journal", "cells|bare"),
    ),
    mutant(
        "an edited row is paid for again without a word",
        ("bulk.jobs.row_match:match_of", 'or known.has_failed_free else "changed"', "or True else 'changed'"),
        needs=("list edited", "named"),
    ),
    mutant(
        "an edited row is sent while its former POST is under way",
        ("bulk.jobs.row_match:match_of", 'return "busy"', "return 'replaced'"),
        needs=("list edited", "named"),
    ),
    mutant(
        "a shortened list sends the rows that it no longer has",
        ("bulk.journal.row_lists:RowLists._ended", "WHERE state = 'planned' AND", "WHERE state = 'nothing' AND"),
        ("bulk.journal.queries:JournalReader._page", 'if states == ("planned",):', "if False:"),
        needs=("list shortened",),
    ),
    mutant(
        "a lost row that left the list is sent again under its key",
        ("bulk.journal.journal_store:JournalStore.next_open", "record.seen < self._newest", "False"),
        (
            "bulk.journal.journal_store:JournalStore._with_its_mates",
            "any(member.seen < self._newest for member in members)",
            "False",
        ),
        needs=("list shortened",),
    ),
    mutant(
        "a lost row that left the list is paid for by resubmit",
        ("bulk.campaign.recovery:Recovery._settle", "not self.journal.is_wanted(record)", "False"),
        needs=("list shortened", "on_unknown=resubmit"),
    ),
    mutant(
        "ids of former renders are forgotten",
        (
            "bulk.journal.row_lists:RowLists.plan_again",
            "WHERE id = ? AND state NOT IN",
            "WHERE id = -? AND state NOT IN",
        ),
        needs=("journal",),
    ),
    mutant(
        "a video that a row had before is paid for again",
        (
            "bulk.jobs.row_match:match_of",
            'return "unchanged" if entry.body_hash in former else "changed"',
            "return 'replaced'",
        ),
        needs=("list edited", "list put back"),
    ),
    mutant(
        "a row that is edited before it is rendered anew loses its video",
        (
            "bulk.journal.row_lists:RowLists._give_back",
            "not (found := self._rows(kept, known.id, generation))",
            "True",
        ),
        needs=("list edited", "named", "journal"),
    ),
    mutant(
        "retry sends rows again that are paid for",
        (
            "bulk.journal.journal:Journal.look_again",
            'self._change(job_id, ("failed",), f"state = \'{state}\', ended_at = NULL")',
            "self.plan_again(job_id, generation=found.generation + 1)",
        ),
        needs=("journal",),
    ),
    mutant(
        "rows that wait for the disk are forgotten when the run is left",
        (
            "bulk.run.result_stream:Results.leave",
            "self._registry.left]",
            "self._registry.left if row.stage is not Stage.RECORDING]",
        ),
        ("bulk.run.result_stream:ResultQueue.drain", "list(self._registry.at(Stage.RECORDING))", "()"),
        needs=("cancelled|Ctrl-C twice",),
    ),
    mutant(
        "unread results are lost when the run is left",
        ("bulk.run.result_stream:Results.leave", "self.unread += self._queue.drain()", "list(self._queue.drain())"),
        needs=("cancelled|Ctrl-C twice",),
    ),
    mutant(
        "a result is told twice",
        (
            "bulk.run.finisher:Finisher.end",
            "self.deliver(row, result)",
            "self.deliver(row, result); self._queue.put(result)",
        ),
    ),
    mutant(
        "a failed row is told as one that cost nothing",
        ("bulk.run.submitter:Submitter._fail", '"unknown" if posts.lost else error.spent', '"no"'),
    ),
    mutant(
        "a row of a batch gets the video of its neighbour",
        (
            "bulk.watch.batch_follower:BatchFollower._take",
            "(index := _index_of(entry)) in rows",
            "(index := (_index_of(entry) or 0) ^ 1) in rows",
        ),
        needs=("submit=batch|submit=auto",),
    ),
)
