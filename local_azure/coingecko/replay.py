"""Recorded answers served again, byte for byte, up to the time of a clock that is stepped by hand.

A recording is a folder with one file an answer and an `index.tsv` (columns: file, endpoint, status, query, kind, ...,
odd). Only answers saved as they came are served: rows of the kinds "wire recording (VCR)" and "recorded file" whose
query names a real call. A call is matched by path and parameters; parameters at their default, the order of parameters
and the order inside lists do not count. Of two recordings of one call the latest one not after the clock is served.

`/coins/bitcoin/market_chart/range` is cut from the two recorded market charts (30 days hourly, one day of 5-minute
points): granularity by the real table, the other chart where the first has no point in the range, no point after the
clock, and the recorded bytes themselves where the whole chart is covered.
"""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from local_azure.coingecko import charts, errors
from local_azure.coingecko.clock import iso
from local_azure.coingecko.errors import CoinGeckoStandInError
from local_azure.coingecko.market import Answer, RawQuery
from local_azure.coingecko.queries import PARAMETERS, Endpoint, Param, Query

WIRE, SAVED = "wire recording (VCR)", "recorded file"
GUESSED = "(guess)"  # the query of a saved file that its source does not tell for certain
COLUMNS = ("file", "endpoint", "status", "query", "kind", "odd")
CHART_KEYS = ("prices", "market_caps", "total_volumes")
# Parameters that change no byte of a recorded answer when they have this value.
_MORE_DEFAULTS = {"include_contract_address": "false", "precision": ""}

Call = tuple[str, frozenset[tuple[str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One recorded answer."""

    file: str  # below the recording's folder
    status: int
    path: str
    items: tuple[tuple[str, str], ...]
    recorded_at: float | None  # None: the index does not tell; such an answer is always visible
    wire: bool
    guessed: bool

    @property
    def call(self) -> Call:
        return _call(self.path, self.items)

    @property
    def text(self) -> str:
        query = "&".join(f"{name}={value}" for name, value in self.items)
        when = "" if self.recorded_at is None else f" (recorded {iso(self.recorded_at)})"
        return self.path + (f"?{query}" if query else "") + when


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A recorded market chart, to be cut."""

    recording: Recording
    body: bytes
    series: Mapping[str, Sequence[Sequence[float]]]

    @property
    def grid(self) -> charts.Grid:
        stamps = self._milliseconds
        step = (stamps[-1] - stamps[0]) / max(1, len(stamps) - 1)
        return charts.Grid.FIVE_MINUTES if step < 1_000_000 else charts.Grid.HOURLY

    @property
    def _milliseconds(self) -> list[float]:
        return [pair[0] for pair in self.series["prices"]]

    @property
    def span(self) -> str:
        return f"{iso(self._milliseconds[0] / 1000)} to {iso(self._milliseconds[-1] / 1000)}"

    def cut(self, first_ms: float, last_ms: float) -> bytes:
        """The chart between two moments; its own bytes when nothing falls away."""
        kept = {name: [pair for pair in self.series[name] if first_ms <= pair[0] <= last_ms] for name in CHART_KEYS}
        if all(len(kept[name]) == len(self.series[name]) for name in CHART_KEYS):
            return self.body
        return json.dumps(kept, separators=(",", ":")).encode()

    def has_points(self, first_ms: float, last_ms: float) -> bool:
        return any(first_ms <= stamp <= last_ms for stamp in self._milliseconds)


class ReplayMarket:
    """A Market that knows only what was recorded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.recordings = tuple(_read_index(folder))
        self._by_call: dict[Call, list[Recording]] = {}
        for recording in self.recordings:
            self._by_call.setdefault(recording.call, []).append(recording)
        self._bytes = lru_cache(maxsize=64)(self._read)
        self.charts = tuple(self._read_charts())
        times = [chart.recording.recorded_at for chart in self.charts] or [r.recorded_at for r in self.recordings]
        self._starts_at = max((time for time in times if time is not None), default=None)

    @property
    def provenance(self) -> str:
        return "recorded; file=none"

    @property
    def starts_at(self) -> float | None:
        return self._starts_at

    def recorded(self, raw: RawQuery, now: float) -> Answer | None:
        found = self._by_call.get(_call(raw.path, raw.items), [])
        visible = [one for one in found if one.recorded_at is None or one.recorded_at <= now]
        if not visible:
            later = [one for one in found if one.status == 200]
            if later:
                raise errors.flat(404, f"not recorded yet: {later[0].text}; {_clock_note(now)}")
            return None
        best = max(visible, key=lambda one: (one.wire, one.recorded_at or 0.0))
        return Answer(body=self._bytes(best.file), provenance=_provenance(best), status=best.status)

    def answer(self, query: Query, now: float) -> Answer:
        if query.endpoint is Endpoint.MARKET_CHART_RANGE:
            return self._range(query, now)
        path = query.endpoint.value.format(coin_id=query.coin_id)
        raise errors.flat(404, f"not recorded: this call of {path}. {self.listing(path, query.endpoint.value, now)}")

    def listing(self, path: str, template: str, now: float) -> str:
        """What is recorded for an endpoint, and what of it the clock hides still."""
        shape = template.replace("{coin_id}", "*").split("/")
        same = [one for one in self.recordings if _like(one.path, shape) or one.path == path]
        if not same:
            known = sorted({one.path for one in self.recordings})
            return f"Nothing is recorded for this endpoint; recorded are {', '.join(known)}"
        listed = ", ".join(
            one.text + (" [later than the clock]" if one.recorded_at and one.recorded_at > now else "") for one in same
        )
        return f"Recorded for this endpoint: {listed}; {_clock_note(now)}"

    def _range(self, query: Query, now: float) -> Answer:
        start, end = query.number("from"), query.number("to")
        if start > end:
            raise errors.flat(400, f"Invalid range: from {start} is later than to {end}")
        same = [
            chart
            for chart in self.charts
            if chart.recording.path == f"/coins/{query.coin_id}/market_chart"
            and dict(chart.recording.items).get("vs_currency") == query.text("vs_currency")
        ]
        wanted = charts.granularity(start, end, now)
        same.sort(key=lambda chart: chart.grid is not wanted)
        first_ms, last_ms = start * 1000, end * 1000
        chosen = next((chart for chart in same if chart.has_points(first_ms, last_ms)), None)
        if chosen is None:
            spans = "; ".join(f"{chart.recording.text}: {chart.span}" for chart in self.charts) or "no market chart"
            raise errors.flat(404, f"not recorded: no point in this range. Recorded charts: {spans}")
        body = chosen.cut(first_ms, min(last_ms, now * 1000))
        return Answer(body=body, provenance=_provenance(chosen.recording))

    def _read(self, file: str) -> bytes:
        try:
            return (self.folder / file).read_bytes()
        except OSError as error:
            raise CoinGeckoStandInError(
                f"{self.folder / file} is in index.tsv but cannot be read ({error.strerror}): restore the file"
            ) from error

    def _read_charts(self) -> Iterable[Chart]:
        for recording in self.recordings:
            if recording.status != 200 or not _like(recording.path, ["", "coins", "*", "market_chart"]):
                continue
            body = self._bytes(recording.file)
            series = json.loads(body)
            if all(series.get(name) for name in CHART_KEYS):
                yield Chart(recording=recording, body=body, series=series)


def _read_index(folder: Path) -> Iterable[Recording]:
    index = folder / "index.tsv"
    if not index.is_file():
        raise CoinGeckoStandInError(f"{folder} is no recording: it has no index.tsv; give --replay such a folder")
    with index.open(encoding="utf-8", newline="") as lines:
        table = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
        if missing:
            raise CoinGeckoStandInError(f"{index}: column {missing[0]!r} is missing in the first line")
        for row in table:
            if recording := _recording(row):
                yield recording


def _recording(row: Mapping[str, str | None]) -> Recording | None:
    """The recording of this row; None for samples, documentation and calls that are not known for certain."""
    kind, status, query = row["kind"] or "", row["status"] or "", row["query"] or ""
    guessed = query.endswith(GUESSED)
    parts = urlsplit(query.removesuffix(GUESSED).strip())
    if (
        kind not in (WIRE, SAVED)
        or not parts.path
        or "{" in parts.path
        or not (status.isdecimal() and len(status) == 3)
    ):
        return None
    return Recording(
        file=row["file"] or "",
        status=int(status),
        path=parts.path.removeprefix("/api/v3"),
        items=tuple(parse_qsl(parts.query)),
        recorded_at=_recorded_at(row["odd"] or ""),
        wire=kind == WIRE,
        guessed=guessed,
    )


def _recorded_at(odd: str) -> float | None:
    for remark in odd.split(";"):
        words = remark.strip().removeprefix("recorded ")
        if words != remark.strip():
            moment: datetime = parsedate_to_datetime(words)
            return moment.timestamp()
    return None


def _provenance(recording: Recording) -> str:
    return f"recorded; file={recording.file}" + ("; query=guessed" if recording.guessed else "")


def _clock_note(now: float) -> str:
    return f"the clock stands at {iso(now)} (PUT /_admin/clock moves it)"


def _like(path: str, shape: Sequence[str]) -> bool:
    parts = path.split("/")
    return len(parts) == len(shape) and all(want in ("*", part) for part, want in zip(parts, shape, strict=True))


def _call(path: str, items: Sequence[tuple[str, str]]) -> Call:
    """A call with everything left out that changes nothing in its answer."""
    table = next((PARAMETERS[point] for point in Endpoint if _like(path, _shape(point))), {})
    given = {name: _plain(table.get(name), value) for name, value in items}
    if "ids" in given:
        wanted = given["ids"].count(",") + 1
        size = given.get("per_page", "100")
        if size.isdecimal() and int(size) >= wanted:
            given.pop("per_page", None)
    defaults = {name: str(param.default).lower() for name, param in table.items() if param.default is not None}
    defaults |= _MORE_DEFAULTS
    named = path.split("/")[2] if path.startswith("/coins/") and path.count("/") > 2 else ""
    kept = {(name, value) for name, value in given.items() if defaults.get(name) != value}
    kept -= {("id", named)}  # some clients repeat the path's coin as a parameter
    return path, frozenset(kept)


def _shape(endpoint: Endpoint) -> list[str]:
    return endpoint.value.replace("{coin_id}", "*").split("/")


def _plain(param: Param | None, value: str) -> str:
    if param is not None and param.kind == "list":
        return ",".join(sorted(word.strip().lower() for word in value.split(",")))
    return value.strip()
