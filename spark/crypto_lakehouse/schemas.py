"""Every table of the lakehouse as a literal: columns with types and units, keys, and the hints that Autoloader gets."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    name: str
    type: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    layer: str
    name: str
    meaning: str
    columns: tuple[Column, ...]
    # The columns that identify a row; empty where the source may repeat rows (bronze).
    key: tuple[str, ...] = ()
    # The column that says which time bucket a row belongs to; only gold tables are replaced by bucket.
    bucket: str | None = None

    @property
    def path(self) -> str:
        return f"{self.layer}.{self.name}"

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def qualified(self, catalog: str) -> str:
        """The three-level name, quoted for SQL."""
        return ".".join(f"`{part}`" for part in (catalog, self.layer, self.name))


def _columns(*rows: tuple[str, str, str]) -> tuple[Column, ...]:
    return tuple(Column(name=name, type=type_, meaning=meaning) for name, type_, meaning in rows)


# Numbers arrive as int in one answer and as float in the next, so each is a DOUBLE by hint and never inferred.
COINS_MARKETS_FIELDS = _columns(
    ("id", "STRING", "CoinGecko's coin id"),
    ("symbol", "STRING", "ticker; not unique, never a key"),
    ("name", "STRING", "display name"),
    ("image", "STRING", "address of the logo"),
    ("current_price", "DOUBLE", "price in vs_currency"),
    ("market_cap", "DOUBLE", "market capitalisation in vs_currency"),
    ("market_cap_rank", "DOUBLE", "rank by market capitalisation"),
    ("fully_diluted_valuation", "DOUBLE", "in vs_currency"),
    ("total_volume", "DOUBLE", "traded volume of the last 24 hours in vs_currency"),
    ("high_24h", "DOUBLE", "highest price of the last 24 hours in vs_currency"),
    ("low_24h", "DOUBLE", "lowest price of the last 24 hours in vs_currency"),
    ("price_change_24h", "DOUBLE", "in vs_currency"),
    ("price_change_percentage_24h", "DOUBLE", "percent"),
    ("market_cap_change_24h", "DOUBLE", "in vs_currency"),
    ("market_cap_change_percentage_24h", "DOUBLE", "percent"),
    ("circulating_supply", "DOUBLE", "coins"),
    ("total_supply", "DOUBLE", "coins"),
    ("max_supply", "DOUBLE", "coins"),
    ("ath", "DOUBLE", "all-time high in vs_currency"),
    ("ath_change_percentage", "DOUBLE", "percent below the all-time high"),
    ("ath_date", "STRING", "ISO 8601 as answered"),
    ("atl", "DOUBLE", "all-time low in vs_currency"),
    ("atl_change_percentage", "DOUBLE", "percent above the all-time low"),
    ("atl_date", "STRING", "ISO 8601 as answered"),
    ("roi", "STRING", "JSON text of the return on investment object, as answered"),
    ("last_updated", "STRING", "ISO 8601 as answered: the time of the observation"),
)

CHART_FIELDS = _columns(
    ("prices", "ARRAY<ARRAY<DOUBLE>>", "[unix milliseconds, price in vs_currency] points"),
    ("market_caps", "ARRAY<ARRAY<DOUBLE>>", "[unix milliseconds, market capitalisation in vs_currency] points"),
    ("total_volumes", "ARRAY<ARRAY<DOUBLE>>", "[unix milliseconds, volume of the last 24 hours in vs_currency] points"),
)

# An error body sits inside a 200 answer: without these two columns it would look like a row of nulls.
ERROR_FIELDS = _columns(
    ("status", "STRING", "JSON text of an error body's status object"),
    ("error", "STRING", "text or JSON text of an error body"),
    ("_corrupt_record", "STRING", "the file's text when it is no JSON"),
)

INGESTION_FIELDS = _columns(
    ("_rescued_data", "STRING", "JSON text of the fields that did not fit their column's type"),
    ("_ingested_at", "TIMESTAMP", "time of the Autoloader batch"),
    ("_source_file", "STRING", "address of the landed file"),
    ("_file_modified_at", "TIMESTAMP", "modification time of the landed file"),
)

BRONZE_COINS_MARKETS = Table(
    layer="bronze",
    name="coins_markets",
    meaning="Answers of /coins/markets, one row a coin, as landed; columns that the API adds appear at the end.",
    columns=COINS_MARKETS_FIELDS + ERROR_FIELDS + INGESTION_FIELDS,
)

BRONZE_MARKET_CHART_RANGE = Table(
    layer="bronze",
    name="market_chart_range",
    meaning="Answers of /coins/{id}/market_chart/range, one row a file, as landed.",
    columns=CHART_FIELDS + ERROR_FIELDS + INGESTION_FIELDS,
)

BRONZE = {table.name: table for table in (BRONZE_COINS_MARKETS, BRONZE_MARKET_CHART_RANGE)}

SERIES = ("coin_id", "vs_currency")

SERIES_FIELDS = _columns(
    ("coin_id", "STRING", "CoinGecko's coin id"),
    ("vs_currency", "STRING", "currency of every amount in the row"),
)

OBSERVATIONS = Table(
    layer="silver",
    name="observations",
    meaning="One row for each coin, currency and moment: what the newest answer says.",
    columns=(
        *SERIES_FIELDS,
        *_columns(
            ("observed_at", "TIMESTAMP", "UTC, milliseconds, as answered: points are not on a grid"),
            ("price", "DOUBLE", "vs_currency; above zero"),
            ("market_cap", "DOUBLE", "vs_currency; null where the API has none"),
            ("total_volume", "DOUBLE", "vs_currency, rolling 24 hours; null where the API has none"),
            ("source", "STRING", "the bronze table it came from"),
            ("source_file", "STRING", "address of the landed file it came from"),
            ("file_modified_at", "TIMESTAMP", "modification time of that file: the newest answer wins"),
            ("ingested_at", "TIMESTAMP", "time of the Autoloader batch"),
        ),
    ),
    key=(*SERIES, "observed_at"),
)

QUARANTINE = Table(
    layer="silver",
    name="quarantine",
    meaning="What bronze holds and silver refused, each with one reason code.",
    columns=_columns(
        ("reject_id", "STRING", "SHA-256 of source, file, reason and payload: a reject is stored once"),
        ("source", "STRING", "the bronze table it came from"),
        ("source_file", "STRING", "address of the landed file"),
        ("reason_code", "STRING", "see the reason codes"),
        ("coin_id", "STRING", "CoinGecko's coin id, where known"),
        ("vs_currency", "STRING", "currency, where known"),
        ("observed_at", "TIMESTAMP", "UTC, where known"),
        ("payload", "STRING", "JSON text of the refused values, at most 4,000 characters; bronze keeps all"),
        ("ingested_at", "TIMESTAMP", "time of the Autoloader batch"),
        ("quarantined_at", "TIMESTAMP", "time of the refusal"),
    ),
    key=("reject_id",),
)

OHLCV_FIELDS = _columns(
    ("open", "DOUBLE", "first price in the bucket by observed_at, vs_currency"),
    ("high", "DOUBLE", "highest price, vs_currency"),
    ("low", "DOUBLE", "lowest price, vs_currency"),
    ("close", "DOUBLE", "last price in the bucket by observed_at, vs_currency"),
    (
        "volume_24h",
        "DOUBLE",
        "last known rolling 24-hour volume in the bucket, vs_currency; never a sum, not what was traded in the bucket",
    ),
    ("market_cap", "DOUBLE", "last known market capitalisation in the bucket, vs_currency"),
    ("points", "BIGINT", "observations in the bucket; with 1, open = high = low = close"),
)

OHLCV_HOURLY = Table(
    layer="gold",
    name="ohlcv_hourly",
    meaning="Candles by UTC hour; an hour without observations has no row.",
    columns=(*SERIES_FIELDS, *_columns(("hour", "TIMESTAMP", "start of the UTC hour")), *OHLCV_FIELDS),
    key=(*SERIES, "hour"),
    bucket="hour",
)

DAY = _columns(("day", "DATE", "UTC day"))

OHLCV_DAILY = Table(
    layer="gold",
    name="ohlcv_daily",
    meaning="Candles by UTC day; a day without observations has no row, the newest day is still open.",
    columns=(*SERIES_FIELDS, *DAY, *OHLCV_FIELDS),
    key=(*SERIES, "day"),
    bucket="day",
)

INDICATORS_DAILY = Table(
    layer="gold",
    name="indicators_daily",
    meaning="Returns, volatility and moving averages of daily closes; null wherever a day they need is missing.",
    columns=(
        *SERIES_FIELDS,
        *DAY,
        *_columns(
            ("close", "DOUBLE", "last price of the day, vs_currency"),
            ("simple_return", "DOUBLE", "close / close of the day before - 1; null without the day before"),
            ("log_return", "DOUBLE", "ln(close / close of the day before); null without the day before"),
            (
                "volatility_7d",
                "DOUBLE",
                "sample standard deviation of the last 7 daily log returns x sqrt(365); null unless all 7 exist",
            ),
            (
                "volatility_30d",
                "DOUBLE",
                "sample standard deviation of the last 30 daily log returns x sqrt(365); null unless all 30 exist",
            ),
            ("moving_average_7d", "DOUBLE", "mean close of the last 7 days, vs_currency; null unless all 7 exist"),
            ("moving_average_30d", "DOUBLE", "mean close of the last 30 days, vs_currency; null unless all 30 exist"),
        ),
    ),
    key=(*SERIES, "day"),
    bucket="day",
)

DOMINANCE = Table(
    layer="gold",
    name="dominance",
    meaning=(
        "Share of each coin in the market capitalisation of a UTC day, over the coins that this lakehouse observed "
        "with a market capitalisation that day: exactly the rows of that day and currency, not the whole market."
    ),
    columns=(
        *SERIES_FIELDS,
        *DAY,
        *_columns(
            ("market_cap", "DOUBLE", "last known market capitalisation of the day, vs_currency"),
            ("total_market_cap", "DOUBLE", "sum over the coins of that day and currency, vs_currency"),
            ("share", "DOUBLE", "market_cap / total_market_cap, 0 to 1; null where the total is 0"),
            ("coins", "BIGINT", "number of coins that the share is taken over"),
        ),
    ),
    key=(*SERIES, "day"),
    bucket="day",
)

SILVER = (OBSERVATIONS, QUARANTINE)
GOLD = (OHLCV_HOURLY, OHLCV_DAILY, INDICATORS_DAILY, DOMINANCE)
TABLES = (BRONZE_COINS_MARKETS, BRONZE_MARKET_CHART_RANGE, *SILVER, *GOLD)


def autoloader_hints(table: Table) -> str:
    """The columns of a bronze table that come out of the files, as Autoloader's schemaHints."""
    known = {column.name for column in INGESTION_FIELDS}
    return ", ".join(f"{column.name} {column.type}" for column in table.columns if column.name not in known)
