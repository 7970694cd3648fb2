"""Pure DataFrame functions: bronze rows to judged observations, observations to candles, indicators and dominance."""

from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812 - the name that every Spark reader knows

from crypto_lakehouse.quality import Reason
from crypto_lakehouse.schemas import (
    DOMINANCE,
    INDICATORS_DAILY,
    OBSERVATIONS,
    OHLCV_DAILY,
    OHLCV_HOURLY,
    QUARANTINE,
    SERIES,
)

# Bitcoin's first block: an earlier time is a mistaken unit, not an observation.
EARLIEST = "2009-01-03 00:00:00"
LATEST_MILLIS = 253402300799999
FUTURE_TOLERANCE = "10 minutes"
PAYLOAD_CHARACTERS = 4000
DAYS_A_YEAR = 365
INDICATOR_DAYS = (7, 30)
# A return needs the day before, so the longest window of returns reaches one day further back.
LONGEST_LOOKBACK = max(INDICATOR_DAYS) + 1

# The values of an observation and the chart array that each comes from.
CHART_ARRAYS = {"price": "prices", "market_cap": "market_caps", "total_volume": "total_volumes"}
MARKET_FIELDS = ("id", "current_price", "market_cap", "total_volume", "last_updated")

# What a newer answer is: the later file, then the later name, then the values, so that no order of arrival matters.
NEWNESS = ("file_modified_at", "source_file", "price", "market_cap", "total_volume", "source", "ingested_at")


def judge_markets(bronze: DataFrame) -> DataFrame:
    """One judged row for each row of bronze.coins_markets: the observation, and a reason_code where it is refused."""
    fields = F.struct("id", "symbol", "current_price", "market_cap", "total_volume", "last_updated")
    rows = bronze.select(
        F.lit("coins_markets").alias("source"),
        _presence("id").alias("coin_id"),
        _presence_of(_folder_currency()).alias("vs_currency"),
        F.try_to_timestamp("last_updated").alias("observed_at"),
        F.col("current_price").alias("price"),
        "market_cap",
        "total_volume",
        *_provenance(),
        _whole_row_fault(MARKET_FIELDS).alias("_fault"),
        _payload(fields).alias("payload"),
    )
    return _with_reason(rows, extra={})


def judge_charts(bronze: DataFrame) -> DataFrame:
    """One judged row for each moment of each row of bronze.market_chart_range, its three series joined by time."""
    folder, currency = _folder(), _folder_currency()
    arrays = [_points(value, array) for value, array in CHART_ARRAYS.items()]
    files = bronze.select(
        _presence_of(F.left(folder, F.length(folder) - F.length(currency) - 1)).alias("coin_id"),
        _presence_of(currency).alias("vs_currency"),
        *_provenance(),
        _whole_row_fault(tuple(CHART_ARRAYS.values())).alias("_fault"),
        _payload(F.struct()).alias("_payload"),
        F.concat(*arrays).alias("_points"),
    )
    points = files.select("*", F.explode_outer(F.when(F.col("_fault").isNull(), F.col("_points"))).alias("_point"))
    moments = (
        points.drop("_points")
        .withColumn("_slot", _slot())
        .groupBy("coin_id", "vs_currency", "source_file", "file_modified_at", "ingested_at", "_fault", "_slot")
        .agg(
            F.max("_payload").alias("_payload"),
            F.max("_point.millis").alias("_millis"),
            F.bool_or(F.col("_point.pair") == F.lit(False)).alias("_malformed"),
            F.count_distinct("_point.value_of").alias("_series"),
            *(_value(name) for name in CHART_ARRAYS),
        )
    )
    rows = moments.select(
        F.lit("market_chart_range").alias("source"),
        "coin_id",
        "vs_currency",
        _from_millis(F.col("_millis")).alias("observed_at"),
        *CHART_ARRAYS,
        "source_file",
        "file_modified_at",
        "ingested_at",
        "_fault",
        "_slot",
        "_malformed",
        "_series",
        F.when(F.col("_slot").isNull(), F.col("_payload"))
        .otherwise(F.to_json(F.struct(F.col("_slot").alias("at"), *CHART_ARRAYS)))
        .alias("payload"),
    )
    return _with_reason(
        rows,
        extra={
            Reason.EMPTY_SERIES: F.col("_slot").isNull(),
            Reason.MALFORMED_POINT: F.col("_malformed"),
            Reason.ARRAYS_DIFFER: F.col("_series") < len(CHART_ARRAYS),
        },
    )


def accepted(judged: DataFrame) -> DataFrame:
    """The judged rows that are observations, the newest one for each key."""
    return newest(judged.where(F.col("reason_code").isNull()))


def newest(observations: DataFrame) -> DataFrame:
    """One row for each (coin_id, vs_currency, observed_at): that of the newest answer."""
    best = observations.groupBy(*OBSERVATIONS.key).agg(F.max(F.struct(*NEWNESS)).alias("_best"))
    values = [name for name in OBSERVATIONS.column_names if name not in OBSERVATIONS.key]
    return best.select(*OBSERVATIONS.key, *(F.col(f"_best.{name}").alias(name) for name in values))


def rejected(judged: DataFrame) -> DataFrame:
    """The judged rows that are refused, as rows of the quarantine; the same refusal has the same reject_id."""
    identity = F.to_json(F.struct("source", "source_file", "reason_code", "coin_id", "vs_currency", "payload"))
    return (
        judged.where(F.col("reason_code").isNotNull())
        .withColumn("payload", F.left("payload", F.lit(PAYLOAD_CHARACTERS)))
        .withColumn("reject_id", F.sha2(identity, 256))
        .withColumn("quarantined_at", F.current_timestamp())
        .dropDuplicates(["reject_id"])
        .select(*QUARANTINE.column_names)
    )


def ohlcv_hourly(observations: DataFrame) -> DataFrame:
    """Candles by UTC hour."""
    rows = observations.select(
        *SERIES, "observed_at", F.date_trunc("hour", "observed_at").alias("hour"), "price", "market_cap", "total_volume"
    )
    return (
        rows.groupBy(*SERIES, "hour")
        .agg(
            F.min_by("price", "observed_at").alias("open"),
            F.max("price").alias("high"),
            F.min("price").alias("low"),
            F.max_by("price", "observed_at").alias("close"),
            _last_known("total_volume", "observed_at").alias("volume_24h"),
            _last_known("market_cap", "observed_at").alias("market_cap"),
            F.count("*").alias("points"),
        )
        .select(*OHLCV_HOURLY.column_names)
    )


def ohlcv_daily(hourly: DataFrame) -> DataFrame:
    """Candles by UTC day, from the candles by hour."""
    rows = hourly.withColumn("day", F.to_date("hour"))
    return (
        rows.groupBy(*SERIES, "day")
        .agg(
            F.min_by("open", "hour").alias("open"),
            F.max("high").alias("high"),
            F.min("low").alias("low"),
            F.max_by("close", "hour").alias("close"),
            _last_known("volume_24h", "hour").alias("volume_24h"),
            _last_known("market_cap", "hour").alias("market_cap"),
            F.sum("points").alias("points"),
        )
        .select(*OHLCV_DAILY.column_names)
    )


def indicators_daily(daily: DataFrame) -> DataFrame:
    """Returns, volatility and moving averages of daily closes; null where a day that they need is missing."""
    by_day = Window.partitionBy(*SERIES).orderBy(F.unix_date("day"))
    previous = F.max("close").over(by_day.rangeBetween(-1, -1))
    returns = daily.select(
        *SERIES,
        "day",
        "close",
        (F.col("close") / previous - 1).alias("simple_return"),
        F.ln(F.col("close") / previous).alias("log_return"),
    )
    indicators = returns
    for days in INDICATOR_DAYS:
        frame = by_day.rangeBetween(1 - days, 0)
        volatility = F.stddev_samp("log_return").over(frame) * F.sqrt(F.lit(DAYS_A_YEAR))
        average = F.avg("close").over(frame)
        indicators = indicators.withColumns(
            {
                f"volatility_{days}d": F.when(F.count("log_return").over(frame) == days, volatility),
                f"moving_average_{days}d": F.when(F.count("close").over(frame) == days, average),
            }
        )
    return indicators.select(*INDICATORS_DAILY.column_names)


def dominance(daily: DataFrame) -> DataFrame:
    """Share of each coin in the day's market capitalisation, over the coins that have one that day."""
    # Floating-point sums depend on their order: by coin, so that the same input gives the same last digit.
    market = Window.partitionBy("vs_currency", "day").orderBy("coin_id")
    whole = market.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    total = F.sum("market_cap").over(whole)
    return (
        daily.where(F.col("market_cap").isNotNull())
        .select(
            *SERIES,
            "day",
            "market_cap",
            total.alias("total_market_cap"),
            F.when(total > 0, F.col("market_cap") / total).alias("share"),
            F.count("*").over(whole).alias("coins"),
        )
        .select(*DOMINANCE.column_names)
    )


def row_hashes(rows: DataFrame) -> DataFrame:
    """A hash of each row over all its columns, whatever their order."""
    return rows.select(F.xxhash64(*sorted(rows.columns)).alias("hash"))


def _provenance() -> tuple[Column, ...]:
    return (
        F.col("_source_file").alias("source_file"),
        F.col("_file_modified_at").alias("file_modified_at"),
        F.col("_ingested_at").alias("ingested_at"),
    )


def _folder() -> Column:
    """The folder that the file lies in: <coin_id>.<vs_currency> of a chart, page-0001.<vs_currency> of a page."""
    return F.element_at(F.split("_source_file", "/"), -2)


def _folder_currency() -> Column:
    folder = _folder()
    return F.when(F.contains(folder, F.lit(".")), F.substring_index(folder, ".", -1))


def _presence(name: str) -> Column:
    return _presence_of(F.col(name))


def _presence_of(text: Column) -> Column:
    return F.nullif(F.trim(text), F.lit(""))


def _whole_row_fault(needed: tuple[str, ...]) -> Column:
    """The reason that refuses a bronze row before its values are looked at."""
    rescued = [F.get_json_object("_rescued_data", f"$.{name}").isNotNull() for name in needed]
    return (
        F.when(F.col("_corrupt_record").isNotNull(), Reason.CORRUPT_JSON.value)
        .when(F.col("status").isNotNull() | F.col("error").isNotNull(), Reason.ERROR_BODY.value)
        .when(reduce(Column.__or__, rescued), Reason.RESCUED_TYPE_MISMATCH.value)
    )


def _payload(fields: Column) -> Column:
    return F.to_json(F.struct(fields.alias("row"), "status", "error", "_rescued_data", "_corrupt_record"))


def _points(value_of: str, array: str) -> Column:
    """A chart array as points that know their series, place and shape; a missing array has none."""

    def point(pair: Column, place: Column) -> Column:
        is_pair = F.coalesce(F.size(pair) == 2, F.lit(False))
        millis = F.when(is_pair, F.get(pair, 0))
        whole = (millis == F.floor(millis)) & millis.between(0, LATEST_MILLIS)
        return F.struct(
            F.lit(value_of).alias("value_of"),
            place.alias("place"),
            is_pair.alias("pair"),
            F.when(whole, millis.cast("bigint")).alias("millis"),
            F.when(is_pair, F.get(pair, 1)).alias("value"),
        )

    return F.transform(F.coalesce(F.col(array), F.array().cast("array<array<double>>")), point)


def _slot() -> Column:
    """What joins the three series: the time, or a timeless point's own place; null for a file without points."""
    place = F.concat(F.col("_point.value_of"), F.lit("#"), F.col("_point.place").cast("string"))
    return F.when(F.col("_point").isNotNull(), F.coalesce(F.col("_point.millis").cast("string"), place))


def _value(value_of: str) -> Column:
    """The last value of a series at a moment; a null gives way to a number where the series has both."""
    known = (F.col("_point.value_of") == value_of) & F.col("_point.value").isNotNull()
    return F.max_by("_point.value", F.when(known, F.col("_point.place"))).alias(value_of)


def _from_millis(millis: Column) -> Column:
    return F.timestamp_millis(millis)


def _with_reason(rows: DataFrame, *, extra: dict[Reason, Column]) -> DataFrame:
    """The rows with the first reason, in the order of `Reason`, that refuses them."""
    amounts = [F.col(name) for name in ("price", "market_cap", "total_volume")]
    infinite = [F.isnan(amount) | (F.abs(amount) == float("inf")) for amount in amounts]
    faults = {
        Reason.MISSING_COIN_ID: F.col("coin_id").isNull(),
        Reason.MISSING_VS_CURRENCY: F.col("vs_currency").isNull(),
        Reason.BAD_TIMESTAMP: F.col("observed_at").isNull()
        | (F.col("observed_at") < F.lit(EARLIEST).cast("timestamp")),
        Reason.FUTURE_TIMESTAMP: F.col("observed_at") > F.col("ingested_at") + F.expr(f"INTERVAL {FUTURE_TOLERANCE}"),
        Reason.NULL_PRICE: F.col("price").isNull(),
        Reason.NOT_A_NUMBER: F.coalesce(reduce(Column.__or__, infinite), F.lit(False)),
        Reason.NON_POSITIVE_PRICE: F.col("price") <= 0,
        Reason.NEGATIVE_MARKET_CAP: F.col("market_cap") < 0,
        Reason.NEGATIVE_VOLUME: F.col("total_volume") < 0,
        **extra,
    }
    reasons = [F.when(faults[reason], reason.value) for reason in Reason if reason in faults]
    reason_code = F.coalesce(F.col("_fault"), *reasons).alias("reason_code")
    values = [name for name in OBSERVATIONS.column_names if name not in ("source",)]
    return rows.select("source", *values, reason_code, "payload")


def _last_known(value: str, order: str) -> Column:
    return F.max_by(value, F.when(F.col(value).isNotNull(), F.col(order)))
