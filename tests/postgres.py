"""A PostgreSQL server of the tests' own: in a temporary folder, on a socket in it, with nothing to collide with."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

DEBIAN = Path("/usr/lib/postgresql")  # a folder for each version; they are on nobody's path
MISSING = (
    "PostgreSQL is missing: these tests start a server of their own. Install it (on Debian or Ubuntu: apt-get install "
    "postgresql)."
)
OWNER = "postgres"  # the user that the package makes: the server refuses to run as root
# What is kept has to outlive the server here, but not the machine.
SETTINGS = ["fsync=off", "full_page_writes=off", "autovacuum=off", "listen_addresses="]


def programs(debian: Path = DEBIAN) -> Path:
    """The folder of PostgreSQL's programs. Where there is none the test fails: it is not skipped."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = [folder for folder in debian.glob("*/bin") if (folder / "initdb").exists()]
    if not versions:
        pytest.fail(MISSING)
    return max(versions, key=lambda folder: float(folder.parent.name))


class PostgresServer:
    """A server with as many empty databases as are asked for."""

    def __init__(self) -> None:
        self._programs = programs()
        self._as_owner: dict[str, Any] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="help-postgres-"))
        if os.geteuid() == 0:
            self._as_owner = {"user": OWNER, "group": OWNER, "extra_groups": []}
            shutil.chown(self._folder, OWNER, OWNER)
        self._numbers = itertools.count(1)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), f"--pgdata={self._folder / 'data'}", *arguments]
        # A file, not a pipe: the server would keep a pipe open, and it would be waited for.
        with (self._folder / "log").open("ab") as log:
            done = subprocess.run(
                command, stdout=log, stderr=log, cwd=self._folder, timeout=60, check=False, **self._as_owner
            )
        if done.returncode:
            pytest.fail(f"PostgreSQL's {program} failed:\n{(self._folder / 'log').read_text(errors='replace')}")

    def start(self) -> None:
        if not (self._folder / "data").exists():
            self._run("initdb", "--username=help", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
        settings = " ".join(f"-c {setting}" for setting in [*SETTINGS, f"unix_socket_directories={self._folder}"])
        self._run("pg_ctl", "start", "--silent", f"--options={settings}")

    def stop(self) -> None:
        """As in a crash: nobody is waited for."""
        self._run("pg_ctl", "stop", "--silent", "--mode=immediate")

    def remove(self) -> None:
        if (self._folder / "data" / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self._folder)

    def address(self, database: str, user: str = "help") -> str:
        return f"postgresql://{user}@/{database}?host={self._folder}"

    def new_database(self) -> str:
        """The address of a new, empty database."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.address("postgres"), autocommit=True) as db:
            db.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        return self.address(name)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """It is there and says nothing: the whole server is stopped, and goes on where it was."""
        main = int((self._folder / "data" / "postmaster.pid").read_text().split()[0])
        processes = [main, *map(int, Path(f"/proc/{main}/task/{main}/children").read_text().split())]
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in reversed(processes):
                os.kill(process, signal.SIGCONT)
