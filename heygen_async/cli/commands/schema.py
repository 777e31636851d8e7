"""`heygen-async schema`: print the JSON Schema of campaign files."""

from __future__ import annotations

import json
import sys


def schema() -> None:
    """Print the JSON Schema of campaign files, for editors that complete and check TOML.

    To save it as a file:

        heygen-async schema > campaign.schema.json
    """
    from heygen_async.bulk.campaign_file.json_schema import campaign_schema

    sys.stdout.write(json.dumps(campaign_schema(), indent=2) + "\n")
