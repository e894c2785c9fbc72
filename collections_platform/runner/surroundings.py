"""Where we are: the checkout, the data folder, and the environment that the product is given."""

import base64
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from collections_platform.embedded import Servers, running
from collections_platform.embedded.folder import open_folder

TOP = Path(__file__).resolve().parents[2]
SETTINGS = "collections_platform.settings"


def data_folder() -> Path:
    """TRATO_DATA, or `.trato` in the checkout."""
    return Path(os.environ.get("TRATO_DATA") or TOP / ".trato")


def made_up_secrets() -> dict[str, str]:
    """Settings for checks and tests, which keep nothing that would need a real secret."""
    key = base64.b64encode(b"a key for tests and nothing else".ljust(32)[:32]).decode()
    return {
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "TRATO_MODE": "test",
        "SECRET_KEY": "a secret for tests and nothing else, longer than fifty characters",
        "MASTER_KEYS": f"test:{key}",
        "LOOKUP_KEY": key,
    }


def without_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """For pytest, which must choose its database before anything reads the settings."""
    return {name: value for name, value in environ.items() if name != "DJANGO_SETTINGS_MODULE"}


@contextmanager
def product_environment(data: Path) -> Iterator[Servers | None]:
    """The environment of a demo or an operator's command: what is set stays, the embedded servers give the rest.

    Yields the servers that are ours, None when both addresses were given. Raises EmbeddedError.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    os.environ.setdefault("TRATO_MODE", "demo")
    missing = tuple(
        server for server, name in (("postgres", "DATABASE_URL"), ("redis", "REDIS_URL")) if not os.environ.get(name)
    )
    if not missing:
        if os.environ["TRATO_MODE"] != "production":
            give({name: value for name, value in open_folder(data).secrets().items() if name.isupper()})
        yield None
        return
    with running(data, servers=missing) as servers:
        given = servers.environ()
        if "postgres" in missing:  # the three addresses belong together
            os.environ.update({name: value for name, value in given.items() if name.startswith("DATABASE_")})
        give(given)
        yield servers


def give(values: dict[str, str]) -> None:
    for name, value in values.items():
        if not os.environ.get(name):
            os.environ[name] = value


def end_in_order() -> None:
    """Make the signals that end us exceptions, so that what was opened is closed.

    Ctrl-C's too: a shell starts its background jobs deaf to it, and they would hand that on to their children.
    """

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGHUP, end)
