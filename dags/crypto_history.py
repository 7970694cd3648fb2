"""Price history: coins x date range of `/coins/{id}/market_chart/range` into the lakehouse.

Purpose   Hourly points of price, market cap and volume; backfills and the daily correction.
Schedule  Daily at 00:40 UTC, when the last day is complete (CoinGecko publishes it at 00:35). A run reads the
          last two days of its data interval again, since CoinGecko corrects them; catchup fills what was missed.
Inputs    CoinGecko `/coins/{id}/market_chart/range` by the connection `coingecko_default`.
Outputs   Blobs `coingecko/market_chart_range/...`, tables bronze.market_chart_range, silver.*, gold.*.
ADF twin  Pipeline `crypto_history`: a ForEach over the ranges, then four notebook activities.
"""

from datetime import timedelta

from airflow.providers.databricks.operators.databricks import DatabricksSubmitRunOperator
from airflow.sdk import DAG, CronDataIntervalTimetable, TaskGroup
from pendulum import datetime

from adf_export_airflow.coingecko.operators import (
    CoinGeckoMarketChartRangeToBlobOperator,
    CoinGeckoPlanChartRangesOperator,
    CoinGeckoResolveCoinsOperator,
)
from adf_export_airflow.coingecko.params import (
    DATE_FROM,
    DATE_TO,
    HISTORY_COINS,
    INGEST_DATE,
    QUALITY_MODE,
    RUN_NAME,
    VS_CURRENCY,
)
from adf_export_airflow.failures import LandFailureReportOperator
from adf_export_airflow.lakehouse import BRONZE_CHARTS, GOLD, SILVER, notebook_task

RUN = "{{ params.run_name or run_id }}"
INGEST = "{{ params.ingest_date or (dag_run.run_after | ds) }}"

with DAG(
    dag_id="crypto_history",
    description="CoinGecko price history by coin and date range into bronze, silver and gold tables",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("40 0 * * *", timezone="UTC"),
    start_date=datetime(2026, 11, 1, tz="UTC"),
    catchup=True,
    max_active_runs=1,
    render_template_as_native_obj=True,
    dagrun_timeout=timedelta(hours=6),
    default_args={
        "owner": "crypto-data",
        "retries": 2,
        "retry_delay": timedelta(seconds=30),
        "execution_timeout": timedelta(hours=1),
    },
    params={
        "coins": HISTORY_COINS,
        "vs_currency": VS_CURRENCY,
        "date_from": DATE_FROM,
        "date_to": DATE_TO,
        "run_name": RUN_NAME,
        "ingest_date": INGEST_DATE,
        "quality_mode": QUALITY_MODE,
    },
    tags=["crypto", "coingecko", "lakehouse"],
) as dag:
    with TaskGroup("land", tooltip="CoinGecko answers, unchanged, into Blob Storage"):
        coins = CoinGeckoResolveCoinsOperator(task_id="resolve_coins", coins="{{ params.coins }}")
        ranges = CoinGeckoPlanChartRangesOperator(
            task_id="plan_ranges",
            coins=coins.output,
            vs_currency="{{ params.vs_currency }}",
            date_from="{{ params.date_from or macros.ds_add(data_interval_start | ds, -1) }}",
            date_to="{{ params.date_to or (data_interval_start | ds) }}",
        )
        charts = CoinGeckoMarketChartRangeToBlobOperator.partial(
            task_id="charts", ingest_date=INGEST, run_name=RUN, max_active_tis_per_dagrun=4
        ).expand_kwargs(ranges.output)

    with TaskGroup("lakehouse", tooltip="Autoloader, then Delta tables"):
        bronze = DatabricksSubmitRunOperator(
            task_id="bronze", outlets=[BRONZE_CHARTS], **notebook_task("bronze", dataset="market_chart_range")
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

    charts >> bronze
    gold >> quality
    [coins, ranges, charts, bronze, silver, gold, quality] >> report_failure
