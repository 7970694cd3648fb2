"""The rules that data is judged by, as tables: why silver refuses a row, and what must hold after a run."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from crypto_lakehouse.errors import LakehouseError
from crypto_lakehouse.schemas import OBSERVATIONS, OHLCV_DAILY, OHLCV_HOURLY, QUARANTINE, Table


class Reason(StrEnum):
    """Why silver refused a row; where several apply, the first in this order is given."""

    CORRUPT_JSON = "CORRUPT_JSON"
    ERROR_BODY = "ERROR_BODY"
    RESCUED_TYPE_MISMATCH = "RESCUED_TYPE_MISMATCH"
    MISSING_COIN_ID = "MISSING_COIN_ID"
    MISSING_VS_CURRENCY = "MISSING_VS_CURRENCY"
    EMPTY_SERIES = "EMPTY_SERIES"
    MALFORMED_POINT = "MALFORMED_POINT"
    BAD_TIMESTAMP = "BAD_TIMESTAMP"
    FUTURE_TIMESTAMP = "FUTURE_TIMESTAMP"
    ARRAYS_DIFFER = "ARRAYS_DIFFER"
    NULL_PRICE = "NULL_PRICE"
    NOT_A_NUMBER = "NOT_A_NUMBER"
    NON_POSITIVE_PRICE = "NON_POSITIVE_PRICE"
    NEGATIVE_MARKET_CAP = "NEGATIVE_MARKET_CAP"
    NEGATIVE_VOLUME = "NEGATIVE_VOLUME"


@dataclass(frozen=True, slots=True)
class ReasonText:
    meaning: str
    remedy: str


REASONS: Mapping[Reason, ReasonText] = {
    Reason.CORRUPT_JSON: ReasonText(
        "The landed file is no JSON (cut short, or another format).",
        "Land the answer again under a new run name; the broken file stays as evidence.",
    ),
    Reason.ERROR_BODY: ReasonText(
        "The file holds an API error (a rate limit inside a 200, for example), not data.",
        "Run the range or page again; look at the limit and the key of the connection.",
    ),
    Reason.RESCUED_TYPE_MISMATCH: ReasonText(
        "A field that silver needs came with another type and sits in _rescued_data.",
        "Compare the payload with the API's reference; widen the hint in schemas.py if the API has changed.",
    ),
    Reason.MISSING_COIN_ID: ReasonText(
        "The row names no coin (field id, or the folder <coin_id>.<vs_currency> of a chart).",
        "Land under the documented folder names; rows without id are of no use.",
    ),
    Reason.MISSING_VS_CURRENCY: ReasonText(
        "The file's folder does not end in .<vs_currency>.",
        "Land under the documented folder names.",
    ),
    Reason.EMPTY_SERIES: ReasonText(
        "The chart has no point at all: the range lies before the listing, or in the future.",
        "Check the range; take it out of the plan if the coin was not listed yet.",
    ),
    Reason.MALFORMED_POINT: ReasonText(
        "A point of a series is not a pair [time, value].",
        "Land the range again; report it to the API's vendor if it stays.",
    ),
    Reason.BAD_TIMESTAMP: ReasonText(
        "The time is missing, unreadable or before 2009-01-03 (seconds in place of milliseconds, for example).",
        "Check the unit of the times; land the answer again.",
    ),
    Reason.FUTURE_TIMESTAMP: ReasonText(
        "The time lies more than 10 minutes after the ingestion.",
        "Check the clock of the source and of the cluster.",
    ),
    Reason.ARRAYS_DIFFER: ReasonText(
        "The moment is missing in at least one of prices, market_caps and total_volumes.",
        "Land the range again; the next answer repaints it when the series agree.",
    ),
    Reason.NULL_PRICE: ReasonText(
        "The price is null.", "Nothing, if the coin is not traded; else land the answer again."
    ),
    Reason.NOT_A_NUMBER: ReasonText(
        "Price, market capitalisation or volume is NaN or infinite.", "Land the answer again."
    ),
    Reason.NON_POSITIVE_PRICE: ReasonText(
        "The price is zero or below.", "Nothing, if the coin is dead; else land the answer again."
    ),
    Reason.NEGATIVE_MARKET_CAP: ReasonText("The market capitalisation is below zero.", "Land the answer again."),
    Reason.NEGATIVE_VOLUME: ReasonText("The volume is below zero.", "Land the answer again."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What must hold: `measure`, an aggregate over `table`, lies between `at_least` and `at_most`."""

    name: str
    table: Table
    measure: str
    meaning: str
    remedy: str
    # None: no bound on this side.
    at_least: float | None = None
    at_most: float | None = None

    @property
    def bound(self) -> str:
        return f">= {self.at_least:g}" if self.at_least is not None else f"<= {self.at_most:g}"

    def holds(self, value: float | None) -> bool:
        """Whether the measured value is within the bound; nothing measured never is."""
        if value is None:
            return False
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)

    def with_bound(self, bound: float) -> "Expectation":
        return replace(self, at_least=bound) if self.at_least is not None else replace(self, at_most=bound)


def _repeated(table: Table) -> str:
    return f"count(*) - count(DISTINCT {', '.join(table.key)})"


_CANDLE = "count_if(NOT (low <= open AND low <= close AND open <= high AND close <= high))"

EXPECTATIONS: tuple[Expectation, ...] = (
    Expectation(
        name="observations_present",
        table=OBSERVATIONS,
        measure="count(*)",
        at_least=1,
        meaning="silver has observations",
        remedy="look at the landing folder and at silver.quarantine",
    ),
    Expectation(
        name="observation_key_unique",
        table=OBSERVATIONS,
        measure=_repeated(OBSERVATIONS),
        at_most=0,
        meaning="repeated (coin_id, vs_currency, observed_at) in silver",
        remedy="something other than the silver notebook has written to the table: restore an earlier version",
    ),
    Expectation(
        name="price_present",
        table=OBSERVATIONS,
        measure="count_if(price IS NULL OR price <= 0)",
        at_most=0,
        meaning="observations without a price above zero",
        remedy="something other than the silver notebook has written to the table: restore an earlier version",
    ),
    Expectation(
        name="freshness_hours",
        table=OBSERVATIONS,
        measure="(unix_millis(current_timestamp()) - unix_millis(max(observed_at))) / 3600000",
        at_most=26,
        meaning="hours since the newest observation",
        remedy='run the landing DAG; for old or recorded data switch it off: {"freshness_hours": false}',
    ),
    Expectation(
        name="quarantine_ratio",
        table=QUARANTINE,
        measure="count(*) / greatest(1, count(*) + (SELECT count(*) FROM {observations}))",
        at_most=0.05,
        meaning="quarantined rows as a share of all rows",
        remedy="select reason_code, count(*) from silver.quarantine group by 1, then the remedy of the code",
    ),
    Expectation(
        name="hourly_present",
        table=OHLCV_HOURLY,
        measure="count(*)",
        at_least=1,
        meaning="there are hourly candles",
        remedy="run the gold notebook",
    ),
    Expectation(
        name="hourly_key_unique",
        table=OHLCV_HOURLY,
        measure=_repeated(OHLCV_HOURLY),
        at_most=0,
        meaning="repeated (coin_id, vs_currency, hour)",
        remedy="restore an earlier version of the table and run the gold notebook",
    ),
    Expectation(
        name="hourly_ordered",
        table=OHLCV_HOURLY,
        measure=_CANDLE,
        at_most=0,
        meaning="hourly candles whose open or close is outside low and high",
        remedy="restore an earlier version of the table and run the gold notebook",
    ),
    Expectation(
        name="daily_key_unique",
        table=OHLCV_DAILY,
        measure=_repeated(OHLCV_DAILY),
        at_most=0,
        meaning="repeated (coin_id, vs_currency, day)",
        remedy="restore an earlier version of the table and run the gold notebook",
    ),
    Expectation(
        name="daily_ordered",
        table=OHLCV_DAILY,
        measure=_CANDLE,
        at_most=0,
        meaning="daily candles whose open or close is outside low and high",
        remedy="restore an earlier version of the table and run the gold notebook",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    expectation: Expectation
    # None: the table is empty, so there is nothing to measure.
    value: float | None

    @property
    def held(self) -> bool:
        return self.expectation.holds(self.value)

    def __str__(self) -> str:
        e = self.expectation
        return f"{e.name} on {e.table.path}: {e.meaning} = {self.value}, expected {e.bound}; remedy: {e.remedy}"


def choose_expectations(text: str) -> tuple[Expectation, ...]:
    """The expectations as a widget overrides them: a JSON object of name to bound, or to false to switch one off."""
    try:
        overrides = json.loads(text or "{}")
    except json.JSONDecodeError as error:
        raise LakehouseError(f"widget expectations is no JSON: {error}") from error
    if not isinstance(overrides, dict):
        raise LakehouseError(f"widget expectations is {text!r}; expected a JSON object of name to bound or false")
    known = [e.name for e in EXPECTATIONS]
    for name, bound in overrides.items():
        if name not in known:
            raise LakehouseError(f"widget expectations names {name!r}; known are {', '.join(known)}")
        if bound is not False and (isinstance(bound, bool) or not isinstance(bound, int | float)):
            raise LakehouseError(f"widget expectations gives {name!r} the bound {bound!r}; expected a number or false")
    kept = (e for e in EXPECTATIONS if overrides.get(e.name) is not False)
    return tuple(e.with_bound(overrides[e.name]) if e.name in overrides else e for e in kept)


def measuring_query(expectations: Sequence[Expectation], catalog: str) -> str:
    """One query with a row for each table: a map of the expectations' names to their measures."""
    observations = OBSERVATIONS.qualified(catalog)
    rows = []
    for table in {e.table.path: e.table for e in expectations}.values():
        measures = ", ".join(
            f"'{e.name}', CAST({e.measure.replace('{observations}', observations)} AS DOUBLE)"
            for e in expectations
            if e.table is table
        )
        rows.append(f"SELECT map({measures}) AS measures FROM {table.qualified(catalog)}")
    return " UNION ALL ".join(rows)


def judge(expectations: Sequence[Expectation], values: Mapping[str, float | None]) -> tuple[Finding, ...]:
    return tuple(Finding(expectation=e, value=values[e.name]) for e in expectations)


def choose_mode(text: str) -> str:
    """What a failing expectation does: fail the run, or warn."""
    if text not in ("fail", "warn"):
        raise LakehouseError(f"widget mode is {text!r}; expected fail or warn")
    return text


def report(findings: Sequence[Finding], mode: str) -> dict[str, Any]:
    """Every finding with its value and bound, and a line for each that does not hold."""
    failing = [str(finding) for finding in findings if not finding.held]
    return {
        "mode": mode,
        "passed": not failing,
        "message": f"{len(findings) - len(failing)} of {len(findings)} expectations hold",
        "failing": failing,
        "expectations": [
            {
                "name": finding.expectation.name,
                "table": finding.expectation.table.path,
                "value": finding.value,
                "expected": finding.expectation.bound,
                "held": finding.held,
            }
            for finding in findings
        ],
    }


def require_all(findings: Sequence[Finding], mode: str) -> None:
    """Raise with every failing expectation when the mode is fail; say nothing when it is warn."""
    failing = [str(finding) for finding in findings if not finding.held]
    if failing and mode == "fail":
        raise LakehouseError(f"{len(failing)} of {len(findings)} expectations do not hold:\n- " + "\n- ".join(failing))
