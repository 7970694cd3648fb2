"""Names of landed blobs: the same inputs give the same name, whoever orchestrates."""

from datetime import date

MAX_PART = 200  # characters of one path segment; a blob name has 1,024


def landing_name(text: str) -> str:
    """A text as it stands in blob names: everything but letters, digits, `.`, `_` and `-` becomes `_`.

    >>> landing_name("manual__2026-11-24T01:05:00+00:00")
    'manual__2026-11-24T01_05_00_00_00'
    """
    name = "".join(char if char.isascii() and (char.isalnum() or char in "._-") else "_" for char in text)
    return name[:MAX_PART]


def markets_blob(*, ingest_date: date, page: int, vs_currency: str, run_name: str) -> str:
    """The name of one page of `/coins/markets`; its currency is the text after the folder's last dot."""
    return (
        f"coingecko/coins_markets/ingest_date={ingest_date}/page-{page:04}.{vs_currency}/{landing_name(run_name)}.json"
    )


def chart_blob(
    *, ingest_date: date, coin_id: str, vs_currency: str, run_name: str, range_from: int, range_to: int
) -> str:
    """The name of one piece of `/coins/{id}/market_chart/range`."""
    folder = f"coingecko/market_chart_range/ingest_date={ingest_date}/{landing_name(coin_id)}.{vs_currency}"
    return f"{folder}/{landing_name(run_name)}.{range_from}-{range_to}.json"
