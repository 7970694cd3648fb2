"""Reads DAG files into the compiler's own data, in a process of its own: the only part that knows Airflow.

discovery   folders -> DAG files, by Airflow's rules                       this process, without airflow
cache       files that did not change -> readings                          likewise
client      the other files -> worker process -> readings                  likewise
worker      imports airflow once, forks for each file                      the worker
fork        imports one file and reads its DAGs                            a fork of the worker
dags, tasks, values, functions   Airflow's objects -> IR                   likewise
"""

from adf_export.frontend.reading import read_dags, root_of

__all__ = ["read_dags", "root_of"]
