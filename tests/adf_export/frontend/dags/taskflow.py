from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import Param, PokeReturnValue, dag, setup, task, teardown

LIMIT = 10
NAMES = ["a", "b"]


@dag(schedule=None, params={"region": "eu", "must": Param(type="string")})
def taskflow(url: str = "https://example.com"):
    """Documentation of the DAG."""
    step = 2

    @task(retries=2, multiple_outputs=True)
    def extract(source: str, size: int = 5) -> dict:
        """Documentation of the task."""
        return {"rows": LIMIT * step, "source": source, "names": NAMES}

    @task.branch
    def choose(rows):
        return "few" if rows < LIMIT else "many"

    @task.short_circuit(ignore_downstream_trigger_rules=False)
    def enough(rows):
        return rows > 1

    @task.sensor(poke_interval=30, timeout=600, mode="reschedule")
    def ready() -> PokeReturnValue:
        return PokeReturnValue(is_done=True)

    @setup
    def open_it():
        return "id"

    @teardown(on_failure_fail_dagrun=True)
    def close_it(handle):
        return handle

    found = extract(url, size=7)
    again = extract.override(task_id="again", retries=0)("{{ params.region }}")
    few = BashOperator(task_id="few", bash_command=found["source"])
    many = BashOperator(task_id="many", bash_command=f"echo {found['rows']}")
    ready() >> found >> choose(found["rows"]) >> [few, many]
    enough(again)
    handle = open_it()
    handle >> few >> close_it(handle)


taskflow()
