"""Reach HeyGen from a company network, by its proxy and with its certificates.

Costs nothing: it asks for the account.

    python -m heygen_async.examples.behind_proxy http://proxy.example.com:8080 company-ca.pem

Both arguments may be left out: then HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE of the environment count, as for other
programs. The program needs HEYGEN_API_KEY. To try it without a key, start `heygen-async simulate` in another
terminal, which is reached without the proxy, as all servers of this machine are, then:

    export HEYGEN_API_BASE=http://127.0.0.1:8400 HEYGEN_API_KEY=simulator-key
"""

import asyncio
import ssl
import sys

from heygen_async import ConnectionFailedError, HeyGen


async def main(proxy: str | None = None, certificates: str | None = None) -> None:
    trusted = None if certificates is None else ssl.create_default_context(cafile=certificates)
    async with HeyGen(proxy=proxy, ssl=trusted, timeout=30) as heygen:
        try:
            user = await heygen.users.me()
        except ConnectionFailedError as exc:
            sys.exit(f"HeyGen cannot be reached: {exc}")
        print(f"HeyGen can be reached, and knows {user.username} (request {user.request_id})")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
