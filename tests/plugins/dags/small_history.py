"""A small history: coins by symbol, ranges mapped, charts landed; run by `airflow dags test` in the tests."""

import os

from airflow.sdk import DAG

from adf_export_airflow.coingecko.operators import (
    CoinGeckoMarketChartRangeToBlobOperator,
    CoinGeckoPlanChartRangesOperator,
    CoinGeckoResolveCoinsOperator,
)
from adf_export_airflow.coingecko.params import HISTORY_COINS, VS_CURRENCY

with DAG(
    dag_id="small_history",
    schedule=None,
    render_template_as_native_obj=True,
    params={"coins": HISTORY_COINS, "vs_currency": VS_CURRENCY},
) as dag:
    coins = CoinGeckoResolveCoinsOperator(task_id="coins", coins="{{ params.coins }}")
    ranges = CoinGeckoPlanChartRangesOperator(
        task_id="ranges",
        coins=coins.output,
        vs_currency="{{ params.vs_currency }}",
        date_from="{{ macros.ds_add(dag_run.run_after | ds, -2) }}",
        date_to="{{ macros.ds_add(dag_run.run_after | ds, -1) }}",
    )
    CoinGeckoMarketChartRangeToBlobOperator.partial(
        task_id="charts", container=os.environ.get("SMALL_HISTORY_CONTAINER", "landing")
    ).expand_kwargs(ranges.output)
