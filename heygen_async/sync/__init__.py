"""The client for programs without an event loop: scripts, Django, Celery, Flask.

    from heygen_async.sync import HeyGen

    with HeyGen() as heygen:
        video = heygen.render(DirectVideo(avatar_id="...", voice_id="...", script="Hi Ada"), download_to="videos")
        for result in heygen.render_many(requests, max_in_flight=10):
            print(result.resource_id)

It is the asynchronous client, whose methods run in an event loop in a thread of its own while the caller waits. `await`
is left out, `async for` is `for`, `async with` is `with`, and `aclose` is `close`. Errors are the same. A client may be
used by several threads, and by a process that was forked after it was made.
"""

from heygen_async.sync.heygen import HeyGen

__all__ = ["HeyGen"]
