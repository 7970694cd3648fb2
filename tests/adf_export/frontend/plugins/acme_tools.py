"""An operator and a helper of the user's own."""

from airflow.providers.standard.operators.bash import BashOperator

DEFAULT_COMMAND = "echo acme"


class AcmeOperator(BashOperator):
    def __init__(self, *, region: str = "eu", **kwargs):
        super().__init__(bash_command=f"{DEFAULT_COMMAND} {region}", **kwargs)
        self.region = region


def made_here(task_id: str) -> AcmeOperator:
    return AcmeOperator(task_id=task_id, region="us")
