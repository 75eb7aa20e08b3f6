"""A throw-away PostgreSQL cluster: initdb into a temporary folder, one postmaster, stopped by its process id.

initdb and postgres refuse to run as root, so root hands them to the user `postgres`, or to `nobody`. The
application's role is neither owner nor superuser nor BYPASSRLS: only such a role feels row-level security.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ADMIN = "admin"
APPLICATION = "gateway_app"
START_SECONDS = 30.0
STOP_SECONDS = 20.0
SETTINGS = {
    "fsync": "off",  # a test's database needs no durability
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "listen_addresses": "127.0.0.1",
    "lc_messages": "C",
}


@dataclass(frozen=True, slots=True)
class Database:
    """One database of the cluster, owned by the superuser. The DSNs are `postgresql://` URLs over loopback.

    `app_role` is the role of `app_dsn`: whoever migrates the schema grants it what it needs.
    """

    name: str
    admin_dsn: str
    app_dsn: str
    app_role: str
    binaries: Path


def find_binaries() -> Path | None:
    """The folder that holds initdb, postgres and psql, the newest version first; None where there is none."""
    candidates: list[Path] = []
    if pg_config := shutil.which("pg_config"):
        answer = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        candidates.append(Path(answer.stdout.strip()))
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    candidates += sorted(debian, key=lambda path: _version(path.parent.name), reverse=True)
    candidates += [Path("/usr/local/pgsql/bin"), Path("/usr/local/bin")]
    needed = ("initdb", "postgres", "psql")
    return next((path for path in candidates if all((path / name).exists() for name in needed)), None)


@dataclass(slots=True)
class Cluster:
    """A running cluster. `stop` ends it and removes its folder."""

    binaries: Path
    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, binaries: Path, log_folder: Path, settings: dict[str, str] | None = None) -> Cluster:
        """Initialises and starts a cluster, and waits until it answers. `settings` change single ones of SETTINGS.

        Raises RuntimeError with the server's log when it does not come up within START_SECONDS.
        """
        # Not below pytest's folder: that one is closed to other users, and a socket path ends at 107 octets.
        folder = Path(tempfile.mkdtemp(prefix="pg-"))
        user = _unprivileged_user()
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        data = folder / "data"
        _run(
            [
                binaries / "initdb",
                "-D",
                data,
                "-U",
                ADMIN,
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync",
            ],
            user,
        )
        port = _free_port()
        options = [f"-c{name}={value}" for name, value in {**SETTINGS, **(settings or {})}.items()]
        log = log_folder / "postgres.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [binaries / "postgres", "-D", data, "-p", str(port), "-k", folder, *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=folder,
                user=user and user.pw_uid,
                group=user and user.pw_gid,
                extra_groups=user and [],
            )
        cluster = cls(binaries, folder, port, process)
        try:
            cluster._wait(log)
            cluster.psql("postgres", f"CREATE ROLE {APPLICATION} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS")
        except BaseException:
            cluster.stop()
            raise
        return cluster

    def create_database(self) -> Database:
        """Creates an empty database that the application's role may connect to."""
        name = f"test_{secrets.token_hex(6)}"
        self.psql("postgres", f"CREATE DATABASE {name}")
        at = f"127.0.0.1:{self.port}/{name}"
        admin_dsn, app_dsn = f"postgresql://{ADMIN}@{at}", f"postgresql://{APPLICATION}@{at}"
        return Database(name, admin_dsn, app_dsn, APPLICATION, self.binaries)

    def copy_database(self, source: Database) -> Database:
        """A copy of a database that nobody is connected to."""
        name = f"test_{secrets.token_hex(6)}"
        self.psql("postgres", f"CREATE DATABASE {name} TEMPLATE {source.name}")
        at = f"127.0.0.1:{self.port}/{name}"
        return Database(
            name, f"postgresql://{ADMIN}@{at}", f"postgresql://{APPLICATION}@{at}", APPLICATION, self.binaries
        )

    def drop_database(self, database: Database) -> None:
        """Drops it, ending whatever connection a test left open."""
        self.psql("postgres", f"DROP DATABASE IF EXISTS {database.name} WITH (FORCE)")

    def psql(self, database: str, statement: str) -> str:
        """Runs one statement as the superuser and gives its rows, unaligned, without headings."""
        command = [
            self.binaries / "psql",
            "-XAtq",
            *("-v", "ON_ERROR_STOP=1", "-h", str(self.folder), "-p", str(self.port), "-U", ADMIN),
            *("-d", database, "-c", statement),
        ]
        return _run(command, None)

    def stop(self) -> None:
        """Ends the postmaster (fast shutdown, then for good) and removes the cluster's folder."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(STOP_SECONDS)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _wait(self, log: Path) -> None:
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up and self.process.poll() is None:
            try:
                self.psql("postgres", "SELECT 1")
            except RuntimeError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")


def _unprivileged_user() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as")


def _run(command: list[str | Path], user: pwd.struct_passwd | None) -> str:
    answer = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        user=user and user.pw_uid,
        group=user and user.pw_gid,
        extra_groups=user and [],
    )
    if answer.returncode != 0:
        raise RuntimeError(f"{Path(command[0]).name} failed: {answer.stderr.strip() or answer.stdout.strip()}")
    return answer.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _version(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in name.split(".") if part.isdigit())
