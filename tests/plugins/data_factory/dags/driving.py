"""Drives the pipelines of `orders.py` with our operator and sensor, as a user's DAG would."""

from datetime import timedelta

from airflow.sdk import DAG

from adf_export_airflow.data_factory.operators import DataFactoryRunPipelineOperator
from adf_export_airflow.data_factory.sensors import DataFactoryPipelineRunStatusSensor

SOON = timedelta(seconds=1)

with DAG("deferred", schedule=None, params={"items": [1, 2]}, render_template_as_native_obj=True):
    DataFactoryRunPipelineOperator(
        task_id="run",
        pipeline_name="orders",
        parameters={"items": "{{ params['items'] }}"},
        deferrable=True,
        check_interval=1,
        retries=1,
        retry_delay=SOON,
    )

with DAG("waiting", schedule=None):
    # The first tries give up while the run goes on; a later one must find it again.
    DataFactoryRunPipelineOperator(
        task_id="run", pipeline_name="orders", check_interval=1, timeout=1, retries=20, retry_delay=SOON
    )

with DAG("sensing", schedule=None):
    start = DataFactoryRunPipelineOperator(task_id="run", pipeline_name="orders", wait_for_termination=False)
    DataFactoryPipelineRunStatusSensor(
        task_id="wait",
        run_id="{{ ti.xcom_pull('run', key='run_id') }}",
        deferrable=True,
        poke_interval=1,
        timeout=120,
    ).set_upstream(start)
