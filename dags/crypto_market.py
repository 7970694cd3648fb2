"""Market snapshots: every page of `/coins/markets` into the lakehouse.

Purpose   A row a coin: price, market cap, volume, at each run.
Schedule  Hourly; `CRYPTO_MARKET_SCHEDULE` (cron) in the deployment changes it, down to `*/5 * * * *`.
Inputs    CoinGecko `/coins/markets` by the connection `coingecko_default`.
Outputs   Blobs `coingecko/coins_markets/...`, tables bronze.coins_markets, silver.*, gold.*.
ADF twin  Pipeline `crypto_market`: a Copy for each page, then four notebook activities.
"""

import os
from datetime import timedelta

from airflow.providers.databricks.operators.databricks import DatabricksSubmitRunOperator
from airflow.sdk import DAG, TaskGroup
from pendulum import datetime

from adf_export_airflow.coingecko.operators import (
    CoinGeckoMarketsToBlobOperator,
    CoinGeckoPlanMarketPagesOperator,
    CoinGeckoResolveCoinsOperator,
)
from adf_export_airflow.coingecko.params import COINS, INGEST_DATE, PAGES, PER_PAGE, QUALITY_MODE, RUN_NAME, VS_CURRENCY
from adf_export_airflow.failures import LandFailureReportOperator
from adf_export_airflow.lakehouse import BRONZE_MARKETS, GOLD, SILVER, notebook_task

RUN = "{{ params.run_name or run_id }}"
INGEST = "{{ params.ingest_date or (dag_run.run_after | ds) }}"

with DAG(
    dag_id="crypto_market",
    description="CoinGecko market snapshots into bronze, silver and gold tables",
    doc_md=__doc__,
    schedule=os.environ.get("CRYPTO_MARKET_SCHEDULE", "5 * * * *"),
    start_date=datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    render_template_as_native_obj=True,
    dagrun_timeout=timedelta(hours=1),
    default_args={
        "owner": "crypto-data",
        "retries": 2,
        "retry_delay": timedelta(seconds=30),
        "execution_timeout": timedelta(minutes=20),
    },
    params={
        "coins": COINS,
        "vs_currency": VS_CURRENCY,
        "pages": PAGES,
        "per_page": PER_PAGE,
        "run_name": RUN_NAME,
        "ingest_date": INGEST_DATE,
        "quality_mode": QUALITY_MODE,
    },
    tags=["crypto", "coingecko", "lakehouse"],
) as dag:
    with TaskGroup("land", tooltip="CoinGecko answers, unchanged, into Blob Storage"):
        coins = CoinGeckoResolveCoinsOperator(task_id="resolve_coins", coins="{{ params.coins }}")
        pages = CoinGeckoPlanMarketPagesOperator(
            task_id="plan_pages", pages="{{ params.pages }}", per_page="{{ params.per_page }}", coin_ids=coins.output
        )
        markets = CoinGeckoMarketsToBlobOperator.partial(
            task_id="markets",
            vs_currency="{{ params.vs_currency }}",
            per_page="{{ params.per_page }}",
            coin_ids=coins.output,
            ingest_date=INGEST,
            run_name=RUN,
            max_active_tis_per_dagrun=4,
        ).expand(page=pages.output)

    with TaskGroup("lakehouse", tooltip="Autoloader, then Delta tables"):
        bronze = DatabricksSubmitRunOperator(
            task_id="bronze", outlets=[BRONZE_MARKETS], **notebook_task("bronze", dataset="coins_markets")
        )
        silver = DatabricksSubmitRunOperator(task_id="silver", outlets=[SILVER], **notebook_task("silver"))
        gold = DatabricksSubmitRunOperator(task_id="gold", outlets=[GOLD], **notebook_task("gold"))
        bronze >> silver >> gold

    quality = DatabricksSubmitRunOperator(
        task_id="quality", **notebook_task("quality", mode="{{ params.quality_mode }}")
    )
    report_failure = LandFailureReportOperator(
        task_id="report_failure", ingest_date=INGEST, run_name=RUN, trigger_rule="one_failed"
    )

    markets >> bronze
    gold >> quality
    [coins, pages, markets, bronze, silver, gold, quality] >> report_failure
