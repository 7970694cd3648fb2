"""For every DAG that was exported into `factory/`: `<dag_id>__adf`, which starts its pipeline and mirrors the run.

Another folder than `factory/` is named by `ADF_MIRROR_FOLDER`, such as what the local Data Factory was given.
"""

import os
from pathlib import Path

from adf_export_airflow.data_factory.mirror import mirror_dags

globals().update(mirror_dags(os.environ.get("ADF_MIRROR_FOLDER", Path(__file__).parents[1] / "factory")))
