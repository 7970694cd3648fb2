"""One local Azure with real Azurite, real Spark and the CoinGecko stand-in, whose market stands still."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from azure.storage.blob import ContainerClient

from demo.family import Family
from demo.options import Options
from demo.stand_ins import NOTEBOOKS, StandIns
from local_azure.environment import LANDING

# They tell when a row was brought, which differs between two runs.
INGESTION_COLUMNS = ("_file_modified_at", "_ingested_at", "file_modified_at", "ingested_at", "quarantined_at")
_OWN_NOTEBOOKS = {"/Shared/tests": Path(__file__).parent / "notebooks"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is in a lakehouse at the end."""

    # Name of a blob -> its bytes.
    landed: Mapping[str, bytes]
    # Table -> its rows as JSON texts, sorted.
    tables: Mapping[str, list[str]]


@contextmanager
def cloud_at(folder: Path, moment: datetime) -> Iterator[StandIns]:
    """A new cloud whose market is that of a moment."""
    with Family() as family:
        stand_ins = StandIns(family=family, options=_options(folder, moment), notebooks=NOTEBOOKS | _OWN_NOTEBOOKS)
        folder.mkdir(parents=True, exist_ok=True)
        stand_ins.start()
        stand_ins.wait_ready()
        stand_ins.set_clock(moment)
        yield stand_ins


def contents(stand_ins: StandIns) -> Contents:
    endpoints = stand_ins.endpoints
    with ContainerClient(
        account_url=endpoints.blob, container_name=LANDING, credential=stand_ins.secrets.azurite_key
    ) as landing:
        blobs = {name: bytes(landing.download_blob(name).readall()) for name in landing.list_blob_names()}
    tables = stand_ins.run_notebook("/Shared/tests/rows", {"ingestion_columns": json.dumps(INGESTION_COLUMNS)})
    return Contents(landed=blobs, tables=tables)


def _options(folder: Path, moment: datetime) -> Options:
    return Options(
        coins=("bitcoin",),
        date_from=moment.date(),
        date_to=moment.date(),
        snapshots=1,
        seed=42,
        faults="",
        live=False,
        keep_up=False,
        state=folder,
        replay=None,
        now=moment,
    )
