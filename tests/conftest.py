"""Every test process has a database of its own, cloned from a migrated template, and a Redis database of its own.

Django connects as the run-time role. Tests commit for real: nothing is rolled back or truncated between them, so each
makes its own tenant and looks only at that one's rows. With DATABASE_ADMIN_URL set the template is kept between runs;
otherwise servers are started for this run and thrown away.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit, urlunsplit

import django
import hypothesis
import pytest
import redis
from django.conf import settings
from pytest_django import DjangoDbBlocker
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from collections_platform.memory import settle
from collections_platform.runner.surroundings import made_up_secrets
from collections_platform.runner.testbed import REDIS_DATABASES, Testbed, open_testbed

STACK = pytest.StashKey[ExitStack]()
HANDED_ON = ("TRATO_TEST_ADMIN_URL", "TRATO_TEST_REDIS_URL", "TRATO_TEST_TEMPLATE", "TRATO_TEST_RUN")

#: What takes longest begins first. The folders stand on one stage of real processes each: one process of pytest runs
#: them, one test after the other; otherwise it runs what is in a file, whose fixtures are then made once.
FIRST = (
    "tests/browser/",
    "tests/chaos/",
    "tests/commands/test_demo.py",
    "tests/workbench/test_attack.py",
    "tests/attack/test_api.py",
)

hypothesis.settings.register_profile("house", deadline=None, print_blob=True)
hypothesis.settings.load_profile("house")


class Sharing(LoadScopeScheduling):
    """A file goes to whichever process is free; those of one stage stay together."""

    def _split_scope(self, nodeid: str) -> str:
        return next((first for first in FIRST if nodeid.startswith(first)), nodeid.partition("::")[0])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Sharing:
    """What `--dist loadgroup` is meant to do; it does nothing under this pytest."""
    config.option.loadscopereorder = False  # in the order of `pytest_collection_modifyitems`
    return Sharing(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first: whoever has nothing left must not wait long for the other."""

    def place(item: pytest.Item) -> int:
        return next((at for at, first in enumerate(FIRST) if item.nodeid.startswith(first)), len(FIRST))

    items.sort(key=place)


def pytest_configure(config: pytest.Config) -> None:
    """Before Django reads its settings: servers and template (once), and this process's own databases."""
    if settings.configured:
        # They were read from an environment that names some other database, which tests would fill.
        raise pytest.UsageError("DJANGO_SETTINGS_MODULE is set: unset it, the tests choose their database themselves")
    stack = config.stash[STACK] = ExitStack()
    os.environ.update(made_up_secrets())
    worker = getattr(config, "workerinput", {}).get("workerid", "main")
    if worker == "main":
        testbed = open_testbed(stack)
        run = os.getpid()
        values = (testbed.admin_url, testbed.redis_url, testbed.template, str(run))
        os.environ.update(zip(HANDED_ON, values, strict=True))
        stack.callback(lambda: [os.environ.pop(name, None) for name in HANDED_ON])
    else:
        admin_url, redis_url, template, number = (os.environ[name] for name in HANDED_ON)
        testbed, run = Testbed(admin_url, redis_url, template), int(number)
    if config.getoption("numprocesses", None) and worker == "main":
        # The controller runs no tests; its workers must find the settings unread, as it did.
        del os.environ["DJANGO_SETTINGS_MODULE"]
        return
    os.environ.update(testbed.clone(worker, run))
    stack.callback(testbed.drop, worker, run)
    number_of_worker = 0 if worker == "main" else int(worker.removeprefix("gw")) + 1
    os.environ["REDIS_URL"] = own_redis(testbed.redis_url, number_of_worker)
    # A good hash takes a third of a second on purpose, and most tests make people.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
    django.setup()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Modules, models and thousands of tests live to the end: the collector need not walk them again and again."""
    settle()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing: clones dropped, servers of this run stopped and deleted."""
    stack = config.stash.get(STACK, None)
    if stack is not None:
        stack.close()


def own_redis(url: str, number: int) -> str:
    """The address of this worker's own, emptied Redis database."""
    mine = urlunsplit(urlsplit(url)._replace(path=f"/{number % REDIS_DATABASES}"))
    with redis.Redis.from_url(mine) as link:
        link.flushdb()
    return mine


@pytest.fixture(scope="session", autouse=True)
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database is there already, and every test may use it."""
    with django_db_blocker.unblock():
        yield
