"""What the demo found at its end, as data: landed files, tables, refusals, prices."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from azure.storage.blob import BlobProperties

from demo.follow import Done
from demo.options import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """One DAG run."""

    title: str
    dag_id: str
    run_id: str
    state: str
    seconds: float
    new_files: int
    known_files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingLine:
    """The landed files of one endpoint and one source."""

    endpoint: str
    provenance: str
    files: int
    bytes: int
    # landed by this run of the demo
    new_files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLine:
    """One Delta table."""

    table: str
    rows: int
    version: int
    files: int
    bytes: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineLine:
    """What silver refused for one reason."""

    reason_code: str
    rows: int
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The prices of one coin in one market."""

    coin_id: str
    vs_currency: str
    market: str
    first_at: str
    last_at: str
    last_price: float
    observations: int
    prices: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A coin's share in the market capitalisation of the newest day."""

    coin_id: str
    vs_currency: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that the demo tells at its end."""

    market: str
    seconds: float
    runs: tuple[RunLine, ...]
    landing: tuple[LandingLine, ...]
    tables: tuple[TableLine, ...]
    quarantined: tuple[QuarantineLine, ...]
    charts: tuple[Chart, ...]
    dominance_day: str
    dominance: tuple[Share, ...]
    # what was left out, and why
    notes: tuple[str, ...]
    state: str
    # None unless the services stay up
    airflow_url: str | None
    airflow_user: str | None
    airflow_password_file: str | None

    @property
    def new_files(self) -> int:
        return sum(run.new_files for run in self.runs)

    @property
    def known_files(self) -> int:
        return sum(run.known_files for run in self.runs)


# reports of failed runs are kept beside it
LANDED = "coingecko/"
MARKET_NAMES = {"recorded": "recorded", "live": "live"}


def make_report(
    options: Options,
    done: Iterable[Done],
    files: Iterable[BlobProperties],
    held: Mapping[str, Any],
    *,
    seconds: float,
    notes: tuple[str, ...],
    airflow: Mapping[str, str],
) -> Report:
    """Puts together what the runs returned, what the container holds, and what the report notebook counted."""
    runs = tuple(done)
    return Report(
        market=options.market,
        seconds=round(seconds, 1),
        runs=tuple(run_line(run) for run in runs),
        landing=landing_lines(files, new={one.blob for run in runs for one in run.landed if not one.already_landed}),
        tables=tuple(TableLine(**table) for table in held["tables"]),
        quarantined=tuple(QuarantineLine(**line) for line in held["quarantined"]),
        charts=charts(held["charts"], options),
        dominance_day=held["dominance"]["day"],
        dominance=tuple(Share(**share) for share in held["dominance"]["coins"]),
        notes=notes,
        state=str(options.state),
        airflow_url=airflow.get("url"),
        airflow_user=airflow.get("user"),
        airflow_password_file=airflow.get("password_file"),
    )


def run_line(done: Done) -> RunLine:
    return RunLine(
        title=done.planned.title,
        dag_id=done.run.dag_id,
        run_id=done.run.run_id,
        state=done.run.state,
        seconds=round(done.seconds, 1),
        new_files=sum(not one.already_landed for one in done.landed),
        known_files=sum(one.already_landed for one in done.landed),
    )


def landing_lines(files: Iterable[BlobProperties], *, new: set[str]) -> tuple[LandingLine, ...]:
    """By endpoint and provenance; the names of new files are as tasks return them, with or without the container."""
    count: Counter[tuple[str, str]] = Counter()
    size: Counter[tuple[str, str]] = Counter()
    fresh: Counter[tuple[str, str]] = Counter()
    for file in files:
        if not file.name.startswith(LANDED):
            continue
        key = (endpoint(file.name), (file.metadata or {}).get("provenance", "unknown"))
        count[key] += 1
        size[key] += file.size
        fresh[key] += any(name == file.name or name.endswith(f"/{file.name}") for name in new)
    return tuple(
        LandingLine(endpoint=key[0], provenance=key[1], files=count[key], bytes=size[key], new_files=fresh[key])
        for key in sorted(count)
    )


def endpoint(blob: str) -> str:
    """The endpoint of a landed file.

    >>> endpoint("coingecko/coins_markets/ingest_date=2026-01-01/page-0001.usd/run.json")
    'coins_markets'
    """
    parts = blob.split("/")
    return parts[1] if len(parts) > 2 else blob


def charts(found: Iterable[Mapping[str, Any]], options: Options) -> tuple[Chart, ...]:
    """In the order of the user's coins, the main market before the recorded one."""
    made = [
        Chart(**{**chart, "prices": tuple(chart["prices"]), "market": market_name(chart["market"])}) for chart in found
    ]
    places = {coin: place for place, coin in enumerate(options.coins)}
    return tuple(sorted(made, key=lambda chart: (places.get(chart.coin_id, len(places)), chart.market == "recorded")))


def market_name(slug: str) -> str:
    """The market as shown.

    >>> market_name("simulated-seed42")
    'simulated market, seed 42'
    """
    if slug.startswith("simulated-seed"):
        return f"simulated market, seed {slug.removeprefix('simulated-seed')}"
    return MARKET_NAMES.get(slug, "market unknown")
