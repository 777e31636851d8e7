"""The budget: what is spent stays below a limit, because each row's highest price is reserved before it is sent."""

from __future__ import annotations

from heygen_async.api.requests.stored import body_of
from heygen_async.bulk.jobs.in_flight import InFlight, Stage
from heygen_async.bulk.jobs.outcomes import Completed, Result
from heygen_async.bulk.prices.price import Price, Rates, unknown_price
from heygen_async.bulk.prices.request_length import length_of
from heygen_async.bulk.run.guards import Guard
from heygen_async.errors import BudgetReachedError, InvalidInputError

# Stages in which it is not settled yet what a row costs.
_OPEN = tuple(stage for stage in Stage if stage not in {Stage.STORING, Stage.DELIVERED})


class Budget(Guard):
    """Keeps what is spent below a limit: each row's highest price is reserved before it is sent.

    Attributes:
        limit_usd: US dollars.
        spent_usd: What ended rows cost by their real length, at the highest rate of their kind.
        reserved_usd: The highest prices of the rows under way, and of those whose outcome is not known.
    """

    def __init__(
        self, limit_usd: float, *, rates: Rates | None = None, spent_usd: float = 0.0, kept_usd: float = 0.0
    ) -> None:
        """Let rows be sent while they fit into *limit_usd*, of which *spent_usd* are gone and *kept_usd* may be."""
        super().__init__()
        self.limit_usd = limit_usd
        self.spent_usd: float = spent_usd
        self._rates = rates or Rates()
        self._kept = kept_usd  # of rows of unknown outcome

    @property
    def reserved_usd(self) -> float:
        """The highest prices of the rows under way, and of those whose outcome is unknown."""
        return sum(row.reserved_usd for row in self._registry.at(*_OPEN)) + self._kept

    def admits(self, row: InFlight) -> bool:
        """Reserve the row's highest price if it fits; if not, rows under way may settle for less."""
        price = self._price(row).high
        reserved = self.reserved_usd - row.reserved_usd
        if self.spent_usd + reserved + price <= self.limit_usd:
            row.reserved_usd = price
            return True
        if reserved > self._kept:
            return False
        left = max(0.0, self.limit_usd - self.spent_usd - self._kept)
        kept = f", {self._kept:.2f} are kept for rows of unknown outcome" if self._kept else ""
        raise BudgetReachedError(
            f"budget of {self.limit_usd:.2f} USD: {self.spent_usd:.2f} are spent{kept}, and the next row may "
            f"cost up to {price:.2f}, but {left:.2f} are left; give a higher budget to go on"
        )

    def problem(self, row: InFlight) -> InvalidInputError | None:
        """Refuse a row whose price is not known: no amount can be kept for it."""
        if not self._price(row).unknown:
            return None
        words = self._rates.unknown_words(row.kind, body_of(row.job.request))
        return InvalidInputError(unknown_price(words), param="rates")

    def raise_to(self, limit_usd: float) -> None:
        """Change the limit, for rows that are still to be sent."""
        self.limit_usd = limit_usd
        self.wake()

    def adopt(self, row: InFlight) -> None:
        """Reserve the row's highest price even if it does not fit: it may be paid for already."""
        row.reserved_usd = self._price(row).high

    def begun_again(self, row: InFlight) -> None:
        """Keep the row's highest price for its former key; the new one needs as much again."""
        self._kept += row.reserved_usd
        row.reserved_usd = 0.0

    def _price(self, row: InFlight) -> Price:
        return self._rates.estimate(row.kind, body_of(row.job.request))

    def settled(self, result: Result) -> None:
        """Settle a row: its cost is known, or it cost nothing, or nobody knows."""
        row = self._registry.get(result.index)
        reserved = 0.0 if row is None else row.reserved_usd
        if row is not None:
            row.reserved_usd = 0.0
        if isinstance(result, Completed):
            seconds = length_of(result.video.duration)
            request = result.request
            usd = None if seconds is None else self._rates.price(request.kind, seconds, body_of(request))
            self.spent_usd += reserved if usd is None else usd[1]
        elif result.error.spent != "no":
            self._kept += reserved
