"""One call for each region, at most four at once; then they are merged."""

from airflow.providers.databricks.operators.databricks import DatabricksSubmitRunOperator
from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk import DAG
from pendulum import datetime

with DAG(dag_id="mapped_extract", schedule=None, start_date=datetime(2026, 1, 1, tz="UTC")) as dag:
    extract = HttpOperator.partial(
        task_id="extract", http_conn_id="orders_api", method="GET", max_active_tis_per_dagrun=4
    ).expand(endpoint=["v1/orders/europe", "v1/orders/asia", "v1/orders/america"])
    merge = DatabricksSubmitRunOperator(
        task_id="merge",
        existing_cluster_id="0101-120000-abcdef12",
        notebook_task={"notebook_path": "/Shared/orders/merge"},
    )
    extract >> merge
