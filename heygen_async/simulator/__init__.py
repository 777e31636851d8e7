"""A simulator of HeyGen's API with a billing ledger: runs a campaign without a key, without costs, in virtual time.

```python
async def main() -> None:
    world = World(slots=10, faults=[DropAfterAccept(probability=0.05)])
    async with serve(world) as server:
        ...  # any client of server.base_url, with the key "simulator-key"
    assert world.charged_once_per("script")

run(main)  # hours of rendering pass in a second
```

The simulator is written from the API's contract and notes and shares no code with the client, so it also checks the
client.
"""

from heygen_async.simulator.account.ledger import Charge, Seen
from heygen_async.simulator.clock import CompressedTimeLoop, VirtualTimeLoop, run
from heygen_async.simulator.faults.delivery_faults import (
    DeliveryFault,
    DuplicateDelivery,
    ForgedDelivery,
    LateDelivery,
    LostDelivery,
)
from heygen_async.simulator.faults.request_faults import (
    AlteredAnswer,
    DropAfterAccept,
    DropBefore,
    Empty,
    ErrorAnswer,
    ExpiredUrl,
    FailedRender,
    Fault,
    Malformed,
    NullVideoUrl,
    RateLimitStorm,
    RenderFault,
    RequestFault,
    Slow,
    Stuck,
    Truncated,
    UnknownStatus,
    WrongLength,
)
from heygen_async.simulator.server import Server, build_app, serve
from heygen_async.simulator.server_thread import is_simulated, serve_in_thread
from heygen_async.simulator.world.outbox import Delivery
from heygen_async.simulator.world.world import World

__all__ = [
    "AlteredAnswer",
    "Charge",
    "CompressedTimeLoop",
    "Delivery",
    "DeliveryFault",
    "DropAfterAccept",
    "DropBefore",
    "DuplicateDelivery",
    "Empty",
    "ErrorAnswer",
    "ExpiredUrl",
    "FailedRender",
    "Fault",
    "ForgedDelivery",
    "LateDelivery",
    "LostDelivery",
    "Malformed",
    "NullVideoUrl",
    "RateLimitStorm",
    "RenderFault",
    "RequestFault",
    "Seen",
    "Server",
    "Slow",
    "Stuck",
    "Truncated",
    "UnknownStatus",
    "VirtualTimeLoop",
    "World",
    "WrongLength",
    "build_app",
    "is_simulated",
    "run",
    "serve",
    "serve_in_thread",
]
