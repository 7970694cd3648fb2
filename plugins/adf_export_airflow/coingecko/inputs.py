"""Checks what a task is given before any call, and turns it into values; templates render most of it as text."""

import ast
import re
from collections.abc import Sequence
from datetime import date, datetime

from adf_export_airflow.coingecko.errors import CoinGeckoInputError

COIN_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._$+-]{0,99}$"
"""A coin id or symbol. Ids are lower case with dashes, but `bitCNY` and `hive_dollar` exist; symbols also have `$`."""
VS_CURRENCY_PATTERN = r"^[a-z0-9]{2,10}$"
RUN_NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$"
MAX_PAGES = 40
MAX_PER_PAGE = 250


def read_coins(value: object) -> tuple[str, ...]:
    """Coins in the order given, each once. A text is a list as a template renders it, or separated by commas."""
    coins = [
        _matching("coin", coin, COIN_PATTERN, "an id like 'bitcoin' or a symbol like 'btc'") for coin in _list(value)
    ]
    return tuple(dict.fromkeys(coins))


def read_vs_currency(value: object) -> str:
    """A currency code in lower case, as CoinGecko wants it."""
    return _matching("vs_currency", value, VS_CURRENCY_PATTERN, "lower case, like 'usd' or 'eur'")


def read_run_name(value: object) -> str:
    """A run name or an Airflow run id; characters that a blob name cannot hold are replaced later."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)  # native rendering turns '20261124' into a number
    if not isinstance(value, str) or not value.strip() or not any(char.isalnum() for char in value):
        raise CoinGeckoInputError(f"run_name is {value!r}", remedy="Give a text with letters or digits")
    return value


def read_date(name: str, value: object) -> date:
    """A day, from a date, a datetime (its own day) or `YYYY-MM-DD`."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise CoinGeckoInputError(f"{name} is {value!r}", remedy="Give a day as YYYY-MM-DD")


def read_count(name: str, value: object, *, minimum: int, maximum: int) -> int:
    """A whole number within bounds."""
    text = str(value)
    if not isinstance(value, bool) and re.fullmatch(r"-?\d{1,18}", text, re.ASCII) and minimum <= int(text) <= maximum:
        return int(text)
    raise CoinGeckoInputError(f"{name} is {value!r}", remedy=f"Give a whole number from {minimum} to {maximum}")


def read_text(name: str, value: object) -> str:
    """A text that must be there."""
    if isinstance(value, str) and value.strip():
        return value
    raise CoinGeckoInputError(f"{name} is {value!r}", remedy="Give a text")


def _list(value: object) -> Sequence[object]:
    if value is None:
        return ()
    if not isinstance(value, str):
        if isinstance(value, Sequence):
            return value
        raise CoinGeckoInputError(f"coins is {value!r}", remedy="Give a list of coin ids or symbols")
    if not value.strip().startswith("["):
        return [part.strip() for part in value.split(",") if part.strip()]
    try:
        read = ast.literal_eval(value.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        read = None
    if not isinstance(read, list):
        raise CoinGeckoInputError(f"coins is {value!r}", remedy="Give a list of coin ids or symbols")
    return read


def _matching(name: str, value: object, pattern: str, example: str) -> str:
    if isinstance(value, str) and re.fullmatch(pattern.removeprefix("^").removesuffix("$"), value):
        return value
    raise CoinGeckoInputError(f"{name} is {value!r}", remedy=f"Give {example}")
