"""A real PostgreSQL server for the tests: on a free port, in a temporary folder, removed at the end."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import attrs

# Debian installs the programs in a folder that is not on PATH.
PLACES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
USER = "postgres"


def binary(name: str) -> str | None:
    """Return the path of a program of PostgreSQL; None if it is not installed."""
    return shutil.which(name) or next((str(place / name) for place in PLACES if (place / name).exists()), None)


@attrs.frozen
class Postgres:
    """A running server.

    Attributes:
        folder: Folder of the data and the log.
        port: Port on 127.0.0.1.
        options: Further options of the server's command.
    """

    folder: Path
    port: int
    options: str = ""

    def address(self, database: str = "postgres") -> str:
        """Return the address of a database."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def make(self, database: str, template: str = "template1") -> str:
        """Create a database, empty or as a copy of *template*, and return its address."""
        import psycopg

        with psycopg.connect(self.address(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"'.encode())
        return self.address(database)

    def start(self) -> None:
        """Start the server and wait until it accepts connections."""
        log = self.folder / "log"
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off {self.options}"
        _run("pg_ctl", "-D", str(self.folder / "data"), "-l", str(log), "-w", "-t", "60", "-o", options, "start")

    def stop(self, how: str = "fast") -> None:
        """Stop the server: `fast` ends its connections, `immediate` is a crash."""
        _run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", how, "stop")

    def restart(self, how: str = "fast") -> None:
        """Stop the server and start it again; all connections are lost."""
        self.stop(how)
        self.start()


@contextlib.contextmanager
def postgres(options: str = "") -> Iterator[Postgres]:
    """Run a server with further *options* of its command.

    Raises:
        FileNotFoundError: PostgreSQL is not installed.
    """
    for name in ("initdb", "pg_ctl"):
        if binary(name) is None:
            raise FileNotFoundError(f"{name}: PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="heygen-postgres-"))
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        found = pwd.getpwnam(USER)
        os.chown(folder, found.pw_uid, found.pw_gid)
    server = Postgres(folder, _free_port(), options)
    try:
        _run("initdb", "-D", str(folder / "data"), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        server.start()
        yield server
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


def _run(name: str, *words: str) -> None:
    command = [str(binary(name)), *words]
    if os.geteuid() == 0:
        command = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", *command]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class CutOff:
    """A proxy to a server that can drop a connection after a COMMIT: the commit is made, and its answer is lost."""

    def __init__(self, port: int) -> None:
        """Forward connections to 127.0.0.1:*port*."""
        self.is_armed = False
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._server = threading.Thread(target=self._serve)
        self._server.start()

    def close(self) -> None:
        """Accept no more connections."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._server.join()

    def _serve(self) -> None:
        with self._listener, contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._port)) as server:
            back = threading.Thread(target=self._pump, args=(server, client))
            back.start()
            self._pump(client, server, client)
            back.join()

    def _pump(self, source: socket.socket, target: socket.socket, asks: socket.socket | None = None) -> None:
        """Copy bytes to the end of *source*; after a COMMIT of the client *asks* it gets no more answers, if armed."""
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if asks is not None and self.is_armed and b"COMMIT" in data:
                    self.is_armed = False
                    asks.shutdown(socket.SHUT_RDWR)
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RD if end is source else socket.SHUT_WR)
