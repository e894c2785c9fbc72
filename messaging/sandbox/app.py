"""The sandbox as one ASGI app."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import Route

from messaging.sandbox.config import Config
from messaging.sandbox.control import Control
from messaging.sandbox.graph import Graph
from messaging.sandbox.life import Life
from messaging.sandbox.phone import Phone
from messaging.sandbox.store import Restorer, snapshot
from messaging.sandbox.world import World


class Sandbox:
    """A world restored from its journal, its life, and its doors. Background work starts with the first request."""

    def __init__(self, config: Config) -> None:
        self.world = World(config)
        self.life = Life(self.world)
        self._restorer: Restorer | None = Restorer(self.world, self.life.courier)
        self._restorer.run()

    def start(self) -> None:
        """Queue what was pending, compact the journal, and let time run; needs a running event loop."""
        if self._restorer is not None:
            restorer, self._restorer = self._restorer, None
            restorer.settle()
            for message in self.world.messages:
                self.life.schedule_message(message)
            self.world.journal.rewrite(snapshot(self.world, self.life.courier))
        self.life.start()

    async def close(self) -> None:
        """Stop; everything pending stays in the journal."""
        await self.life.close()


def create_app(config: Config | None = None) -> Starlette:
    """The ASGI app; `app.state.sandbox` is the Sandbox (`await app.state.sandbox.close()` ends its background work).

    Raises JournalTooNew when the directory's journal has another format.
    """
    sandbox = Sandbox(config or Config())
    graph, control, phone = Graph(sandbox.world, sandbox.life), Control(sandbox.life), Phone(sandbox.life)
    routes = [
        Route("/v{version}/{object_id}/messages", graph.send, methods=["POST"]),
        *control.routes(),
        *phone.routes(),
        Route("/_media/{media_id}", graph.download, methods=["GET"]),
        Route("/v{version}/{object_id}/{edge:path}", graph.object, methods=["GET", "POST", "DELETE"]),
        Route("/v{version}/{object_id}", graph.object, methods=["GET", "POST", "DELETE"]),
    ]
    app = Starlette(routes=routes)
    app.state.sandbox = sandbox
    app.add_middleware(_Starter, sandbox=sandbox)
    return app


class _Starter:
    """Starts the sandbox with the first request it sees: test transports send no lifespan events."""

    def __init__(self, app, sandbox: Sandbox) -> None:  # type: ignore[no-untyped-def]
        self.app = app
        self.sandbox = sandbox
        self.started = False

    async def __call__(self, scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        if scope["type"] == "http" and not self.started:
            self.started = True
            self.sandbox.start()
        await self.app(scope, receive, send)
