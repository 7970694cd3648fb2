"""What the user asked the demo for."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from demo.errors import DemoError
from local_azure.coingecko.faults import parse_faults
from local_azure.errors import LocalAzureError

PROJECT = Path(__file__).resolve().parents[1]
DEFAULT_COINS = ("bitcoin", "ethereum", "solana")
DEFAULT_SEED = 42
DEFAULT_DAYS = 7
DEFAULT_SNAPSHOTS = 6
MOST_SNAPSHOTS = 168
# recorded answers of the real API, where the maintainers' workspace has them
RECORDINGS = PROJECT.parent / "shared" / "coingecko" / "recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Checked choices for one run of the demo."""

    coins: tuple[str, ...]
    date_from: date
    date_to: date
    snapshots: int
    seed: int
    faults: str
    live: bool
    keep_up: bool
    state: Path
    # None: no recorded run
    replay: Path | None
    now: datetime

    @property
    def market(self) -> str:
        """The one market that a state folder holds, as shown at each chart."""
        return "live" if self.live else f"simulated market, seed {self.seed}"

    @property
    def market_slug(self) -> str:
        """The same for file names."""
        return "live" if self.live else f"simulated-seed{self.seed}"

    @property
    def azure(self) -> Path:
        return self.state / "azure"

    @property
    def airflow(self) -> Path:
        return self.state / "airflow"


def make_options(
    *,
    coins: str,
    date_from: str | None,
    date_to: str | None,
    snapshots: int,
    seed: int | None,
    faults: str,
    live: bool,
    keep_up: bool,
    state: Path | None,
    replay: Path | None,
    now: datetime,
) -> Options:
    """Reads what was typed; a mistake is one DemoError that says what to type instead."""
    if live and seed is not None:
        raise DemoError("--live and --seed exclude each other: the real market has no seed")
    if live and faults:
        raise DemoError("--live and --faults exclude each other: faults are injected by the local CoinGecko")
    chosen = tuple(dict.fromkeys(name.strip().lower() for name in coins.split(",") if name.strip()))
    if not chosen:
        raise DemoError("--coins is empty: give ids or symbols, e.g. --coins bitcoin,ethereum")
    last = read_date("--to", date_to) if date_to else now.date()
    first = read_date("--from", date_from) if date_from else last - timedelta(days=DEFAULT_DAYS)
    if first >= last:
        raise DemoError(f"--from {first} is not before --to {last}: a range has at least one day")
    if last > now.date():
        raise DemoError(f"--to {last} is in the future: it can be today, {now.date()} (UTC), at the latest")
    if not 1 <= snapshots <= MOST_SNAPSHOTS:
        raise DemoError(f"--snapshots {snapshots} is not between 1 and {MOST_SNAPSHOTS} (a week of hours)")
    if replay is not None and not (replay / "index.tsv").is_file():
        raise DemoError(f"--replay {replay} has no index.tsv: give the folder of a recording")
    check_faults(faults)
    number = DEFAULT_SEED if seed is None else seed
    folder = state or PROJECT / ".demo" / ("live" if live else f"seed-{number}")
    return Options(
        coins=chosen,
        date_from=first,
        date_to=last,
        snapshots=snapshots,
        seed=number,
        faults=faults,
        live=live,
        keep_up=keep_up,
        state=folder.resolve(),
        replay=replay or (RECORDINGS if (RECORDINGS / "index.tsv").is_file() else None),
        now=now,
    )


def check_faults(spec: str) -> None:
    try:
        parse_faults(spec)
    except LocalAzureError as error:
        raise DemoError(f"--faults: {error}") from error


def read_date(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise DemoError(f"{option} {text!r} is not a date: write it as 2026-01-31 (UTC)") from error


def utc_now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
