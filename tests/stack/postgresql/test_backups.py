"""Backups of a running Flack on PostgreSQL, by PostgreSQL's own tools."""

import os
import subprocess
from pathlib import Path
from typing import Any

import psycopg

from tests.running import Stack


def test_postgresqls_own_tools_save_and_restore(
    stack: Stack, postgresql: str, tmp_path: Path, postgresql_server: Any
) -> None:
    message = stack.posted(stack.person("ann"), "to be kept")
    dump = tmp_path / "flack.dump"

    def run(program: str, *arguments: Any) -> None:
        programs = postgresql_server.bin_path
        libraries = {**os.environ, "LD_LIBRARY_PATH": str(programs.parent / "lib")}
        subprocess.run([programs / program, *arguments], check=True, env=libraries)

    run("pg_dump", "--format=custom", f"--file={dump}", postgresql)
    with psycopg.connect(postgresql, autocommit=True) as server:
        server.execute("CREATE DATABASE restored")
    try:
        restored = postgresql.replace("/postgres?", "/restored?")
        options = ["--clean", "--if-exists", "--no-owner", "--exit-on-error"]
        run("pg_restore", *options, f"--dbname={restored}", dump)
        with psycopg.connect(restored) as copy:
            query = "SELECT source FROM chat_message WHERE id = %s"
            assert copy.execute(query, [message["id"]]).fetchone() == ("to be kept",)
    finally:
        with psycopg.connect(postgresql, autocommit=True) as server:
            server.execute("DROP DATABASE restored")
