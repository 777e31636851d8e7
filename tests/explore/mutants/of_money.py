"""Mutants of what bounds a run: the budget, the canary, slots and the account's pool."""

from __future__ import annotations

from tests.explore.mutants.mutant import mutant

MUTANTS = (
    mutant(
        "the budget settles a row twice",
        (
            "bulk.run.budget:Budget.settled",
            "reserved if usd is None else usd[1]",
            "2 * (reserved if usd is None else usd[1])",
        ),
        needs=("budget_usd", "journal"),
    ),
    mutant(
        "the budget does not count rows of unknown outcome",
        ("bulk.run.budget:Budget.settled", "self._kept += reserved", "pass"),
        needs=("budget_usd",),
    ),
    mutant(
        "the budget forgets what earlier runs have spent",
        ("bulk.campaign.campaign:guard_of", "spent_usd=ledger.high_usd", "spent_usd=0.0"),
        needs=("budget_usd", "journal"),
    ),
    mutant(
        "the budget forgets what earlier runs have left open",
        ("bulk.run.budget:Budget.adopt", "row.reserved_usd = self._price(row).high", "pass"),
        needs=("budget_usd", "journal"),
    ),
    mutant(
        "the budget reserves the least price",
        ("bulk.run.budget:Budget.admits", "price = self._price(row).high", "price = self._price(row).low / 2"),
        needs=("budget_usd",),
    ),
    mutant(
        "the canary does not count rows of earlier runs",
        ("bulk.run.guards:Canary.adopt", "self._admitted += 1", "pass"),
        ("bulk.campaign.campaign:guard_of", 'rendered=counts["completed"]', "rendered=0"),
        needs=("canary", "journal"),
    ),
    mutant(
        "the canary does not wait for the first rows",
        ("bulk.run.guards:Canary.admits", "if len(self._ended) < self._admitted:", "if False:"),
        needs=("canary",),
    ),
    mutant(
        "a canary that failed holds nothing back",
        ("bulk.run.guards:Canary.admits", "if bad:", "if False:"),
        needs=("canary",),
    ),
    mutant(
        "a canary that was not approved of holds nothing back",
        ("bulk.run.guards:Canary.changed", "if not self._approved:", "self._approved = True\n    if False:"),
        needs=("approve=no",),
    ),
    mutant(
        "the slot of a completed row is not freed",
        ("bulk.run.finisher:Finisher.rendered", "self.free(row)", "row.ticket = None"),
    ),
    mutant(
        "the slot of a row that was left open is not freed",
        ("bulk.run.finisher:Finisher.leave_open", "self.free(row)", "pass"),
        ("bulk.run.slots:Slots.give_all_back", "list(self._tickets)", "()"),
    ),
    mutant(
        "max_in_flight does not bind",
        ("bulk.run.slots:Slots.take", "len(self._tickets) >= self._cap()", "False"),
    ),
    mutant(
        "a slot is freed when a lost row is looked for",
        (
            "bulk.run.submitter:Submitter._look_for",
            "self._looker.look_for(row, error)",
            "self._finisher.free(row); self._looker.look_for(row, error)",
        ),
    ),
    mutant(
        "a render that is put back is not charged to the journal",
        (
            "bulk.journal.row_lists:RowLists.plan_again",
            "AND state NOT IN ('planned', 'dropped')",
            "AND state = 'completed'",
        ),
    ),
)
