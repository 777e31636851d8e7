"""Estimate of a run's cost by HeyGen's price list."""

from __future__ import annotations

import attrs

from heygen_async import Completed
from heygen_async.api.requests.kinds import base_of
from heygen_async.api.requests.stored import body_of
from heygen_async.bulk.prices.price import Rates
from heygen_async.bulk.prices.price_list import PRICE_LIST, UNPUBLISHED


@attrs.define
class Bill:
    """Lowest and highest cost of the completed rows by HeyGen's price list, in US dollars."""

    low: float = 0.0
    high: float = 0.0
    unpriced: int = 0
    rates: Rates = attrs.field(factory=Rates)

    def add(self, result: Completed) -> None:
        """Add one video, if this run has sent it. Kinds for which HeyGen publishes no price are counted apart."""
        if result.job.step != "submit":
            return  # an earlier run has paid for it
        request = result.request
        usd = self.rates.price(request.kind, result.video.duration or 0.0, body_of(request))
        if usd is None or base_of(request.kind) in UNPUBLISHED:
            self.unpriced += 1
            return
        self.low += usd[0]
        self.high += usd[1]

    @property
    def short(self) -> str:
        """The estimate as a number for a narrow line: the mean of lowest and highest."""
        return f"{(self.low + self.high) / 2:,.2f}"

    @property
    def amount(self) -> str:
        """The estimate as text: `about 4.00 to 5.34`."""
        span = f"{self.low:.2f}" if self.low == self.high else f"{self.low:.2f} to {self.high:.2f}"
        more = f" and {self.unpriced} without a published price" if self.unpriced else ""
        return f"about {span}{more}"

    def __str__(self) -> str:
        """Return the amount with its unit, marked as an estimate."""
        return f"{self.amount} US dollars by {PRICE_LIST}; HeyGen's bill decides"
