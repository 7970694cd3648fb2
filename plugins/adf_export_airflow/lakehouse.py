"""Names the lakehouse's assets and describes its Databricks notebook runs, for the DAGs to share."""

from datetime import timedelta
from typing import Any

from airflow.sdk import Asset

BRONZE_MARKETS = Asset("delta://crypto/bronze/coins_markets")
BRONZE_CHARTS = Asset("delta://crypto/bronze/market_chart_range")
SILVER = Asset("delta://crypto/silver/observations")
GOLD = Asset("delta://crypto/gold/ohlcv_daily")

PLACES = {
    "catalog": "{{ var.value.crypto_catalog }}",
    "landing_url": "{{ var.value.crypto_landing_url }}",
    "checkpoint_root": "{{ var.value.crypto_checkpoint_root }}",
}
"""Where a deployment keeps its data: Airflow Variables, in Data Factory global parameters."""

NOTEBOOK_PLACES = {
    "bronze": ("catalog", "landing_url", "checkpoint_root"),
    "silver": ("catalog", "checkpoint_root"),
    "gold": ("catalog",),
    "quality": ("catalog",),
    "optimize": ("catalog",),
}
"""Which of the places each notebook takes as a widget."""


def notebook_task(notebook: str, **widgets: str) -> dict[str, Any]:
    """Arguments of a DatabricksSubmitRunOperator that runs a notebook of the lakehouse, deferred while it runs.

    Autoloader fails a run once by design when it meets a new column, so these tasks always have retries; the retry
    of the same attempt returns the same Databricks run (idempotency token), never a second one.
    """
    places = {name: PLACES[name] for name in NOTEBOOK_PLACES[notebook]}
    return {
        "notebook_task": {
            "notebook_path": "{{ var.value.crypto_notebook_root }}/" + notebook,
            "source": "WORKSPACE",
            "base_parameters": {**places, **widgets},
        },
        "existing_cluster_id": "{{ var.value.crypto_cluster_id }}",
        "deferrable": True,
        "polling_period_seconds": 1,
        "timeout_seconds": 1200,
        "retries": 2,
        "retry_delay": timedelta(seconds=5),
    }
