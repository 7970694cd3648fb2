from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, TaskGroup, task, task_group

with DAG("mapping", schedule=None, default_args={"retries": 4}):

    @task
    def numbers():
        return [1, 2]

    @task
    def add(x, y):
        return x + y

    one = numbers()
    two = numbers.override(task_id="two")()
    sums = add.partial(y=10).expand(x=one)
    BashOperator.partial(
        task_id="echoes",
        env={"A": "b"},
        max_active_tis_per_dagrun=2,
    ).expand(
        bash_command=["echo 1", "echo {{ ds }}"],
    )
    BashOperator.partial(task_id="kwargs").expand_kwargs([{"bash_command": "a"}, {"bash_command": "b"}])
    BashOperator.partial(task_id="doubled").expand(bash_command=one.map(lambda x: f"echo {x * 2}"))
    BashOperator.partial(task_id="zipped").expand(env=one.zip(two, fillvalue=0))
    BashOperator.partial(task_id="joined").expand(bash_command=one.concat(two))
    BashOperator(task_id="total", bash_command=sums)

    @task_group
    def each(number, word="w"):
        """Of one number."""
        BashOperator(task_id="work", bash_command=number)

    each.expand(number=one)

    with TaskGroup("outer", default_args={"pool": "outer_pool"}), TaskGroup("inner", prefix_group_id=False):
        BashOperator(task_id="deep", bash_command="x")
