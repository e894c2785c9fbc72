"""PostgreSQL and Redis that a command brings along when no address is given.

One process per data folder, the *keeper*, is the parent of both servers. Every command that uses them holds a shared
file lock; when nobody holds it any more (the kernel releases it however a command ends) the keeper stops the servers
and ends itself. So a second command joins the first one's servers, the last one out stops them, and a killed command
leaves nothing behind.

    with running(Path(".trato")) as servers:
        os.environ |= servers.environ()
"""

from collections_platform.embedded.errors import EmbeddedError
from collections_platform.embedded.roles import Login, clone_database, drop_database, prepare_database
from collections_platform.embedded.sessions import Servers, ephemeral, hold, pause, reset, resume, running, stop

__all__ = [
    "EmbeddedError",
    "Login",
    "Servers",
    "clone_database",
    "drop_database",
    "ephemeral",
    "hold",
    "pause",
    "prepare_database",
    "reset",
    "resume",
    "running",
    "stop",
]
