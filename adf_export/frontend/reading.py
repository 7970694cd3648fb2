"""Reads DAG files: what the cache has, then the rest in the worker process."""

import gc
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from adf_export.codes import DUPLICATE_DAG
from adf_export.diagnostics import Diagnostic, diagnostic, in_order
from adf_export.frontend.cache import Cache
from adf_export.frontend.client import ask
from adf_export.frontend.discovery import dag_files
from adf_export.frontend.protocol import Answer, Request
from adf_export.ir.dag import Dag, Reading

_PLUGINS = "AIRFLOW__CORE__PLUGINS_FOLDER"
_MOST_AT_ONCE = 4


def read_dags(
    paths: Sequence[Path],
    *,
    root: Path | None = None,
    cache: Path | None = None,
    timeout_seconds: float = 30.0,
    progress: Callable[[str], None] | None = None,
) -> tuple[Reading, ...]:
    """The DAGs of files and folders, a Reading for each file, sorted by file.

    `root` is what origins are relative to: by default the folder that is given, or that of the file.

    Raises:
        AdfExportError: the process that imports DAG files does not work.
    """
    base = Path(os.path.abspath(root or root_of(paths)))
    search = tuple(str(folder) for folder in _search(base))
    kept = Cache(cache, root=base, search=search) if cache else None
    files = [str(file) for file in dag_files(paths)]
    with _without_collection():
        known = {file: kept.get(file) if kept else None for file in files}
    readings = [reading for reading in known.values() if reading is not None]
    request = Request(
        files=tuple(file for file, reading in known.items() if reading is None),
        root=str(base),
        search=search,
        timeout_seconds=timeout_seconds,
        parallel=min(os.cpu_count() or 1, _MOST_AT_ONCE),
    )
    readings += [answer.reading for answer in _asked(request, kept, progress)]
    if kept:
        kept.save()
    return _with_duplicates(sorted(readings, key=lambda reading: reading.file))


@contextmanager
def _without_collection() -> Iterator[None]:
    """Nothing that is decoded is garbage: looking for some takes as long as the decoding."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _asked(request: Request, kept: Cache | None, progress: Callable[[str], None] | None) -> Iterator[Answer]:
    for answer in ask(request) if request.files else ():
        if kept:
            kept.put(answer)
        if progress:
            progress(answer.reading.file)
        yield answer


def root_of(paths: Sequence[Path]) -> Path:
    """The folder that is given, or the one of a file; of several ones what they have in common."""
    folders = [path if path.is_dir() else path.parent for path in map(Path, paths)]
    return Path(os.path.commonpath([os.path.abspath(folder) for folder in folders])) if folders else Path()


def _search(root: Path) -> list[Path]:
    """Folders that Airflow would have on sys.path: plugins, then the DAG folder."""
    named = os.environ.get(_PLUGINS)
    plugins = [Path(named)] if named else []
    return [folder.resolve() for folder in (*plugins, root.parent / "plugins", root) if folder.is_dir()]


def _with_duplicates(readings: Sequence[Reading]) -> tuple[Reading, ...]:
    """Each DAG id that is defined again is told, at every place but the first."""
    places: dict[str, list[Dag]] = defaultdict(list)
    for reading in readings:
        for dag in reading.dags:
            places[dag.dag_id].append(dag)
    return tuple(_told(reading, places) for reading in readings)


def _told(reading: Reading, places: dict[str, list[Dag]]) -> Reading:
    found = [twice for dag in reading.dags for twice in _duplicate(dag, places[dag.dag_id])]
    if not found:
        return reading
    return msgspec.structs.replace(reading, diagnostics=in_order([*reading.diagnostics, *found]))


def _duplicate(dag: Dag, all_of_id: Sequence[Dag]) -> Iterable[Diagnostic]:
    first = all_of_id[0]
    if dag is not first:
        summary = f"DAG '{dag.dag_id}' is also defined in {first.origin}"
        yield diagnostic(DUPLICATE_DAG, summary, origin=dag.origin, hint="give one of them another id")
