"""Ready Params for DAGs: Airflow checks them when a run is triggered, before any task and any call."""

from airflow.sdk import Param

from adf_export_airflow.coingecko.inputs import (
    COIN_PATTERN,
    MAX_PAGES,
    MAX_PER_PAGE,
    RUN_NAME_PATTERN,
    VS_CURRENCY_PATTERN,
)

_COIN = {"type": "string", "pattern": COIN_PATTERN}

COINS = Param(
    [],
    type="array",
    items=_COIN,
    maxItems=MAX_PER_PAGE,
    uniqueItems=True,
    title="Coins",
    description="Ids or symbols, one a line; empty: the largest coins, as many as the pages hold",
)
HISTORY_COINS = Param(
    ["bitcoin", "ethereum", "solana"],
    type="array",
    items=_COIN,
    minItems=1,
    maxItems=MAX_PER_PAGE,
    uniqueItems=True,
    title="Coins",
    description="Ids or symbols, one a line",
)
VS_CURRENCY = Param(
    "usd", type="string", pattern=VS_CURRENCY_PATTERN, title="Currency", description="Of the prices: usd, eur, btc"
)
PAGES = Param(
    1, type="integer", minimum=1, maximum=MAX_PAGES, title="Pages", description="Of the list of largest coins"
)
PER_PAGE = Param(
    100, type="integer", minimum=1, maximum=MAX_PER_PAGE, title="Coins a page", description="One call a page"
)
DATE_FROM = Param(
    None,
    type=["null", "string"],
    format="date",
    title="First day",
    description="UTC, included; empty: from the run's data interval",
)
DATE_TO = Param(
    None,
    type=["null", "string"],
    format="date",
    title="Last day",
    description="UTC, included; empty: from the run's data interval",
)
RUN_NAME = Param(
    None,
    type=["null", "string"],
    pattern=RUN_NAME_PATTERN,
    title="Run name",
    description="In the names of landed files; empty: Airflow's run id",
)
INGEST_DATE = Param(
    None,
    type=["null", "string"],
    format="date",
    title="Ingest date",
    description="Folder of the landed files; empty: the day of the run",
)
QUALITY_MODE = Param(
    "fail",
    type="string",
    enum=["fail", "warn"],
    title="Quality gate",
    description="Whether data that break an expectation fail the run or only warn",
)
