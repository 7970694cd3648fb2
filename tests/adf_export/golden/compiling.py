"""Compiles folders of DAGs from their files to a factory, as the command line does."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from adf_export.environment import read_environment
from adf_export.frontend import read_dags
from adf_export.session import Session, compile_readings


def export(root: Path, folders: Sequence[str], environment_file: Path) -> Mapping[str, Session]:
    """Folder -> what its DAGs became; each folder is a factory of its own, all are read in one go."""
    environment = read_environment(environment_file)
    readings = read_dags([root / folder / "dag.py" for folder in folders], root=root)
    return {
        folder: compile_readings([one for one in readings if one.file.startswith(f"{folder}/")], environment)
        for folder in folders
    }
