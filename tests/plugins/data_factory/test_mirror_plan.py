"""Mirrors are built from a factory's folder: nesting, parameters, what is left out, what is said about a bad one."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from adf_export_airflow.data_factory.errors import FactoryFolderError
from adf_export_airflow.data_factory.mirror import mirror_dags
from adf_export_airflow.data_factory.mirror.plan import read_folder
from tests.plugins.data_factory.orders import pipelines

PROJECT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pipeline").mkdir()
    for name, properties in pipelines("http://service").items():
        write(tmp_path, name, properties)
    return tmp_path


def write(folder: Path, name: str, properties: Any) -> None:
    (folder / "pipeline" / f"{name}.json").write_text(json.dumps({"name": name, "properties": properties}))


def test_parts_of_a_dag_stand_inside_of_it_and_other_pipelines_have_no_mirror(folder: Path) -> None:
    assert [one.name for one in read_folder(folder)] == ["orders"]
    (dag,) = mirror_dags(folder).values()
    assert dag.dag_id == "orders__adf"
    edges = {task.task_id: task.upstream_task_ids for task in dag.tasks}
    assert edges == {
        "start_pipeline": set(),
        "pipeline_run": {"start_pipeline"},
        "fetch": {"start_pipeline"},
        "each.load": {"fetch"},
        "each.check.on_two": {"each.load"},
        "each.check.IfCondition": {"each.check.on_two"},
        "each.ForEach": {"each.check.IfCondition"},
        "publish": {"each.ForEach"},
        "finish": {"publish"},
        "alarm": {"publish"},
        "other": {"start_pipeline"},
        "part.inner": {"other"},
        "part.ExecutePipeline": {"part.inner"},
        "outcome": {"pipeline_run", "finish", "alarm", "part.ExecutePipeline"},
    }
    assert set(dag.tags) == {"sales", "adf-mirror"}


def test_params_are_the_pipelines_and_what_the_run_knows_is_not_asked_for(folder: Path) -> None:
    (dag,) = mirror_dags(folder).values()
    assert dict(dag.params.dump()) == {"items": [1, 2]}


def test_a_date_without_a_default_is_asked_for(folder: Path) -> None:
    (orders, *_) = (json.loads(file.read_text()) for file in [folder / "pipeline" / "orders.json"])
    orders["properties"]["parameters"]["data_interval_start"] = {"type": "String"}
    write(folder, "orders", orders["properties"])
    (dag,) = mirror_dags(folder).values()
    assert not dag.params.get_param("data_interval_start").has_value


def test_a_task_may_be_named_like_ours(folder: Path) -> None:
    pause = next(one for one in pipelines("")["orders"]["activities"] if one["name"] == "other")
    write(folder, "orders", {"activities": [pause | {"name": "outcome"}, pause | {"name": "pipeline_run"}]})
    with pytest.raises(FactoryFolderError, match="'orders' and 'orders__part' both come from DAG 'orders'"):
        mirror_dags(folder)
    (folder / "pipeline" / "orders__part.json").unlink()
    (dag,) = mirror_dags(folder).values()
    assert set(dag.task_ids) == {"start_pipeline", "pipeline_run_", "pipeline_run", "outcome", "outcome_"}


def test_an_empty_folder_and_a_broken_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(FactoryFolderError, match="holds no pipelines"):
        mirror_dags(tmp_path)
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline" / "bad.json").write_text("{")
    with pytest.raises(FactoryFolderError, match=r"bad\.json"):
        mirror_dags(tmp_path)
    lost = next(one for one in pipelines("")["orders"]["activities"] if one["name"] == "finish")
    write(tmp_path, "bad", {"activities": [lost]})
    with pytest.raises(FactoryFolderError, match=r"'finish' depends on 'publish'.*pipeline 'bad'"):
        mirror_dags(tmp_path)


def test_our_own_factory_is_mirrored() -> None:
    dags = mirror_dags(PROJECT / "factory")
    assert set(dags) == {"crypto_history__adf", "crypto_maintenance__adf", "crypto_market__adf"}


def test_parsing_imports_nothing_of_azure() -> None:
    code = (
        "import sys; from adf_export_airflow.data_factory.mirror import mirror_dags; "
        f"mirror_dags({str(PROJECT / 'factory')!r}); "
        "sys.exit(any(name.split('.')[0] == 'azure' for name in sys.modules))"
    )
    environment = {"PATH": "", "PYTHONPATH": str(PROJECT / "plugins")}
    assert subprocess.run([sys.executable, "-c", code], env=environment, timeout=120, check=False).returncode == 0
