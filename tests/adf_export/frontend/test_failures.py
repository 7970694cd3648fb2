"""DAG files that cannot be imported: each is told at its place, and none harms the others."""

import time
import zipfile
from pathlib import Path

import psutil
import pytest

from adf_export.frontend import read_dags
from adf_export.ir.dag import Reading

FACTORY = Path(__file__).parents[3] / "factory"
HEAD = """\
from airflow.sdk import DAG, Variable
from airflow.providers.standard.operators.bash import BashOperator
"""
# Begins at line 3.
BODIES = {
    "archive": "",
    "connection": "from airflow.sdk import Connection\nConnection.get('none')",
    "core_variable": "from airflow.models import Variable as Core\nCore.get('none')",
    "crash": "import ctypes\nctypes.string_at(0)",
    "cycle": "with DAG('cycle'):\n    a, b = [BashOperator(task_id=x, bash_command=x) for x in 'ab']\n    a >> b >> a",
    "empty": "",
    "exit": "import os\nos._exit(3)",
    "fine": "with DAG('fine'):\n    BashOperator(task_id='a', bash_command='x')",
    "helped": "import broken_helper",
    "mirror": "from adf_export_airflow.data_factory.mirror import mirror_dags\n"
    f"globals().update(mirror_dags({str(FACTORY)!r}))",
    "missing": "import not_installed_anywhere",
    "missing_family": "from airflow.providers.apache.nowhere.operators import x",
    "missing_provider": "from airflow.providers.nowhere.operators import x",
    "old_argument": "DAG('old_argument', schedule_interval='@daily')",
    "old_module": "from airflow.utils.dates import days_ago",
    "missing_file": "with DAG('missing_file'):\n    BashOperator(task_id='a', bash_command='none.sh')",
    "prints": "import os\nprint('noise', flush=True)\nos.write(1, b'more')\ndag = DAG('prints')",
    "quits": "import sys\nsys.exit(4)",
    "reads_default": "X = Variable.get('none', default='7')\n"
    "with DAG('reads_default'):\n    BashOperator(task_id='a', bash_command=X)",
    "same_a": "with DAG('same'):\n    pass",
    "same_b": "with DAG('same'):\n    pass",
    "slow": "import time\ntime.sleep(60)",
    "spawns": "import subprocess\nsubprocess.Popen(['sleep', '98765'])\nwith DAG('spawns'):\n    pass",
    "stubborn": "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True:\n    pass",
    "syntax": "def broken(:\n    pass",
    "variable": "Variable.get('none')",
}
# File, code, line, text of the summary, text of the hint.
TOLD = [
    ("archive.zip", "ADF001", 0, "packaged", "unpack"),
    ("connection.py", "ADF001", 4, "AirflowNotFoundException", "connection"),
    ("core_variable.py", "ADF001", 4, "Variable 'none'", "var.value.none"),
    ("crash.py", "ADF001", 0, "SIGSEGV", "must not end"),
    ("cycle.py", "ADF001", 3, "Cycle detected", "cycle"),
    ("empty.py", "ADF004", 0, "defines no DAG", ""),
    ("exit.py", "ADF001", 0, "exit code 3", "must not end"),
    ("helped.py", "ADF001", 2, "ValueError: first second", "import the file"),
    ("missing.py", "ADF001", 3, "not_installed_anywhere", "not_installed_anywhere"),
    ("missing_family.py", "ADF001", 3, "providers.apache'", "install apache-airflow-providers-apache-... here"),
    ("missing_provider.py", "ADF001", 3, "providers.nowhere'", "install apache-airflow-providers-nowhere here"),
    ("old_argument.py", "ADF001", 3, "schedule_interval", "ruff check --select AIR3"),
    ("old_module.py", "ADF001", 3, "days_ago", "ruff check --select AIR3"),
    ("missing_file.py", "ADF005", 4, "'none.sh' of task 'a'", "template_searchpath"),
    ("quits.py", "ADF001", 4, "SystemExit: 4", "must not end"),
    ("reads_default.py", "ADF006", 3, "Variable 'none'", "var.value.none"),
    ("same_b.py", "ADF003", 3, "'same' is also defined in same_a.py:3", "another id"),
    ("slow.py", "ADF002", 0, "longer than 8 s", "top level"),
    ("stubborn.py", "ADF002", 0, "longer than 8 s", "top level"),
    ("syntax.py", "ADF001", 3, "SyntaxError", "syntax"),
    ("variable.py", "ADF001", 3, "Variable 'none'", "var.value.none"),
]
SILENT = ["fine.py", "prints.py", "same_a.py", "spawns.py"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad") / "dags"
    folder.mkdir()
    for name, body in BODIES.items():
        (folder / f"{name}.py").write_text(HEAD + body + "\n", encoding="utf-8")
    (folder / "archive.py").unlink()
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        archive.writestr("inside.py", HEAD)
    (folder.parent / "plugins").mkdir()
    (folder.parent / "plugins" / "broken_helper.py").write_text(
        "\nraise ValueError('first\\n  second')\n", encoding="utf-8"
    )
    return folder


@pytest.fixture(scope="module")
def readings(folder: Path) -> dict[str, Reading]:
    started = time.monotonic()
    found = read_dags([folder], timeout_seconds=8)
    assert time.monotonic() - started < 120
    return {reading.file: reading for reading in found}


@pytest.mark.parametrize(("file", "code", "line", "summary", "hint"), TOLD)
def test_told(readings: dict[str, Reading], file: str, code: str, line: int, summary: str, hint: str) -> None:
    found = [one for one in readings[file].diagnostics if one.code == code]
    assert [(one.origin.line, "\n" in one.summary) for one in found] == [(line, False)]
    assert summary in found[0].summary
    assert hint in found[0].hint
    assert found[0].origin.file == ("../plugins/broken_helper.py" if file == "helped.py" else file)


def test_mirrors_of_exported_pipelines_are_not_exported(readings: dict[str, Reading]) -> None:
    assert (readings["mirror.py"].dags, readings["mirror.py"].diagnostics) == ((), ())


def test_others_are_not_harmed(readings: dict[str, Reading]) -> None:
    assert sorted(readings) == sorted([*(file for file, *_ in TOLD), *SILENT, "mirror.py"])
    assert [readings[file].diagnostics for file in SILENT] == [()] * len(SILENT)
    assert {file: len(readings[file].dags) for file in SILENT} == dict.fromkeys(SILENT, 1)
    assert [task.fields[0][1].value for task in readings["reads_default.py"].dags[0].tasks] == ["7"]


def test_no_process_is_left(readings: dict[str, Reading]) -> None:
    lines = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    assert [line for line in lines if "98765" in line] == []
    assert [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE] == []


def test_progress_is_told_for_each_file(folder: Path) -> None:
    seen: list[str] = []
    read_dags([folder / "fine.py", folder / "prints.py"], progress=seen.append)
    assert sorted(seen) == ["fine.py", "prints.py"]
