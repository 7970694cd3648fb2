"""One DAG with mapped landing in real Airflow, from the local CoinGecko into real Azurite."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from azure.storage.blob import ContainerClient

from tests.plugins.clients import KEY
from tests.plugins.conftest import ADMIN, LocalCoinGecko

pytestmark = pytest.mark.integration
DAGS = Path(__file__).parent / "dags"


def airflow(home: Path, *words: str, container: str) -> "subprocess.CompletedProcess[str]":
    env = os.environ | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "SMALL_HISTORY_CONTAINER": container,
        "COLUMNS": "1000",
    }
    return subprocess.run(
        [sys.executable, "-m", "airflow", *words], env=env, capture_output=True, text=True, timeout=200, check=False
    )


def test_a_dag_lands_its_mapped_ranges(coingecko: LocalCoinGecko, landing: ContainerClient, tmp_path: Path) -> None:
    requests.delete(f"{coingecko.origin}/_admin/clock", headers=ADMIN, timeout=10).raise_for_status()
    container = str(landing.container_name)
    migrated = airflow(tmp_path, "db", "migrate", container=container)
    assert migrated.returncode == 0, migrated.stderr[-2000:]
    conf = json.dumps({"coins": ["bitcoin", "solana"], "vs_currency": "eur"})
    done = airflow(tmp_path, "dags", "test", "small_history", "--conf", conf, container=container)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-4000:]
    names = sorted(blob.name for blob in landing.list_blobs())
    assert [re.sub(r"ingest_date=[\d-]+|/manual__.*", "", name) for name in names] == [
        "coingecko/market_chart_range//bitcoin.eur",
        "coingecko/market_chart_range//solana.eur",
    ]
    assert KEY not in said
    assert coingecko.calls() == 3
