"""A few trivial tasks, one of them failing on request, for the tests of the Airflow stack."""

from airflow.sdk import dag, task
from pendulum import datetime


@dag(schedule=None, start_date=datetime(2026, 1, 1, tz="UTC"), params={"fail": False})
def tiny() -> None:
    @task
    def first() -> int:
        return 1

    @task
    def second(number: int) -> int:
        return number + 1

    @task
    def third(number: int, params: dict[str, bool] | None = None) -> int:
        if params and params["fail"]:
            raise ValueError("asked to fail")
        return number + 1

    third(second(first()))


tiny()
