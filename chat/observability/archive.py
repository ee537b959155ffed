"""Metric files of processes that have ended: their counts are kept, their files are removed."""

import fcntl
import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import mark_process_dead

ARCHIVE = 0  # stands in a file's name for the process id; no process has it


@contextmanager
def locked(folder: str) -> Iterator[None]:
    """Let one process at a time read and fold the files of a folder."""
    with open(f"{folder}/lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fold_dead_processes(folder: str) -> None:
    """Add the counts of ended processes to the archive and remove their files.

    To remove the counts as well would make the sums of a machine fall. Call it under `locked`.
    """
    for path in glob.glob(f"{folder}/*_*.db"):
        kind, _, pid = os.path.basename(path).removesuffix(".db").rpartition("_")
        if int(pid) == ARCHIVE or _is_alive(int(pid)):
            continue
        if kind in ("counter", "histogram"):
            _add(path, f"{folder}/{kind}_{ARCHIVE}.db")
            os.remove(path)
        else:
            mark_process_dead(int(pid), folder)  # type: ignore[no-untyped-call]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it runs as another user
    return True


def _add(path: str, archive: str) -> None:
    sums = MmapedDict(archive)  # type: ignore[no-untyped-call]
    values = MmapedDict.read_all_values_from_file(path)  # type: ignore[no-untyped-call]
    for key, value, time, _ in values:
        sums.write_value(key, sums.read_value(key)[0] + value, time)  # type: ignore[no-untyped-call]
    sums.close()  # type: ignore[no-untyped-call]
