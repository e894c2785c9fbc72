"""An endpoint that takes every message at once: what is left is the sender's own cost. `python -m benchmarks.echo PORT`."""

from __future__ import annotations

import itertools
import sys

from aiohttp import web

_numbers = itertools.count(1)


async def _accept(request: web.Request) -> web.Response:
    body = await request.json()
    return web.json_response({
        "messaging_product": "whatsapp",
        "contacts": [{"input": body["to"], "wa_id": body["to"].lstrip("+")}],
        "messages": [{"id": f"wamid.echo{next(_numbers)}", "message_status": "accepted"}],
    })  # fmt: skip


async def _alive(request: web.Request) -> web.Response:
    return web.Response(text="ok")


def main() -> None:
    """Serve until the process is ended."""
    app = web.Application()
    app.router.add_post("/{version}/{number}/messages", _accept)
    app.router.add_get("/", _alive)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)


if __name__ == "__main__":
    main()
