"""Imports a DAG file as Airflow does: under a name of its own, with its DAGs registered."""

import importlib.machinery
import importlib.util
import sys
from types import ModuleType

from airflow.sdk.definitions._internal.contextmanager import DagContext
from airflow.utils.file import get_unique_dag_module_name


def import_file(file: str) -> ModuleType:
    """The module of a file; whatever the file raises goes through."""
    name = get_unique_dag_module_name(file)
    loader = importlib.machinery.SourceFileLoader(name, file)
    spec = importlib.util.spec_from_loader(name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    DagContext.autoregistered_dags.clear()
    DagContext.current_autoregister_module_name = name
    loader.exec_module(module)
    DagContext.current_autoregister_module_name = None
    return module
