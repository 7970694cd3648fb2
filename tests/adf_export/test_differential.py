"""Our DAGs in Airflow and their pipelines in the local Data Factory land the same bytes and fill equal tables.

Both sides have a new cloud each, with real Azurite, real Spark and the same market, which stands still.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.adf_export.lakehouse.airflow_side import prepare, run_dags
from tests.adf_export.lakehouse.cloud import Contents, cloud_at, contents
from tests.adf_export.lakehouse.factory_side import exported, factory_client, run_pipeline

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1200)]

# The market stands still at this moment on both sides, which is recent enough for the quality gate.
MOMENT = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
COMMON = {"run_name": "proof", "ingest_date": MOMENT.date().isoformat()}
# DAG -> conf of its run; three coins make two pages. Longer ranges are judged in operators/test_coingecko.py.
RUNS: dict[str, dict[str, Any]] = {
    "crypto_history": {
        **COMMON,
        "coins": ["bitcoin", "solana"],
        "date_from": (MOMENT.date() - timedelta(days=2)).isoformat(),
        "date_to": MOMENT.date().isoformat(),
    },
    "crypto_market": {**COMMON, "coins": ["bitcoin", "ethereum", "solana"], "per_page": 2},
}
# Airflow knows its own data interval; both runs are given their days.
OWN: dict[str, dict[str, Any]] = {"crypto_history": {"data_interval_start": MOMENT.isoformat()}}


@pytest.fixture(scope="module")
def in_airflow(tmp_path_factory: pytest.TempPathFactory) -> Contents:
    folder = tmp_path_factory.mktemp("airflow")
    prepare(folder / "home")
    with cloud_at(folder, MOMENT) as stand_ins:
        run_dags(stand_ins, folder / "home", RUNS)
        return contents(stand_ins)


@pytest.fixture(scope="module")
def in_data_factory(tmp_path_factory: pytest.TempPathFactory) -> Contents:
    with cloud_at(tmp_path_factory.mktemp("factory"), MOMENT) as stand_ins:
        with factory_client(stand_ins, exported(stand_ins)) as client:
            for dag_id, conf in RUNS.items():
                run_pipeline(client, dag_id, conf | OWN.get(dag_id, {}))
        return contents(stand_ins)


def test_the_same_bytes_land_under_the_same_names(in_airflow: Contents, in_data_factory: Contents) -> None:
    assert len(in_airflow.landed) == 4
    assert in_data_factory.landed == in_airflow.landed


def test_every_table_has_the_same_rows(in_airflow: Contents, in_data_factory: Contents) -> None:
    assert in_airflow.tables.keys() == in_data_factory.tables.keys()
    assert {name: len(rows) for name, rows in in_airflow.tables.items()} == {
        name: len(rows) for name, rows in in_data_factory.tables.items()
    }
    assert in_airflow.tables["gold.ohlcv_hourly"]
    assert in_data_factory.tables == in_airflow.tables
