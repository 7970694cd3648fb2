"""`adf-export verify`: whether the pipeline of a DAG does what the DAG does."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from adf_export.cli.explaining import find
from adf_export.cli.options import CacheOption, EnvOption, Exit, JsonOption, NoCacheOption, PathsArgument, QuietOption
from adf_export.cli.screen import show_json
from adf_export.cli.work import work
from adf_export.errors import AdfExportError

if TYPE_CHECKING:
    from adf_proof.judge import Compared, Judged


def verify_command(
    dag_id: Annotated[str, typer.Argument(metavar="DAG", help="Id of the DAG.")],
    paths: PathsArgument = None,
    as_json: JsonOption = False,
    outcomes: Annotated[int, typer.Option(help="Outcomes of tasks to try; a sample where there are more.")] = 256,
    seed: Annotated[int, typer.Option(help="Of the sample and of the times that activities take.")] = 1,
    env: EnvOption = None,
    quiet: QuietOption = False,
    cache: CacheOption = None,
    no_cache: NoCacheOption = False,
) -> None:
    """Prove a DAG: run its pipeline with all outcomes of its tasks, and ask Airflow's own evaluator.

    Tasks get injected outcomes: success, failure, skip, each decision of a branch. The pipeline is executed in the
    local Data Factory; what ran and how the run ended must be a result that Airflow can reach, in some order of events.

    Exit codes: 0 no difference was found; 1 there is one, or the DAG is not exported; 2 the command cannot work.
    """
    from adf_proof.execution import Cases
    from adf_proof.verify import verified

    session, report = work(paths, env, cache, no_cache=no_cache, quiet=quiet).session()
    compiled, dag = find(session, report, dag_id)
    if not dag.exported:
        raise AdfExportError(f"DAG '{dag_id}' is not exported", remedy=f"adf-export explain {dag_id} tells why")
    dags = {one.dag.dag_id: one.dag for one in session.compiled}
    environment = work(paths, env, cache, no_cache=no_cache, quiet=quiet).environment
    judged = verified(compiled.dag, environment, dags, Cases(most=outcomes, seed=seed))
    if as_json:
        show_json(_as_json(dag_id, judged, seed))
    else:
        _print(dag_id, judged, seed)
    if judged.counterexamples:
        raise typer.Exit(Exit.ERRORS)


def _print(dag_id: str, judged: "Judged", seed: int) -> None:
    from rich.console import Console

    from adf_proof.judge import Verdict
    from adf_proof.printing import counterexample

    console = Console(highlight=False)
    tried = f"{judged.runs} outcomes" + ("" if judged.complete else f", a sample (seed {seed}) of those that there are")
    if judged.verdict is Verdict.TOO_LARGE:
        console.print(f"{dag_id}: not decided: Airflow may take more ways through it than can be looked at ({tried})")
    elif judged.counterexamples:
        console.print(f"{dag_id}: the pipeline differs from the DAG ({tried})", style="bold red")
        console.print(counterexample(judged))
    else:
        console.print(f"{dag_id}: no difference found ({tried})")


def _as_json(dag_id: str, judged: "Judged", seed: int) -> dict[str, Any]:
    return {
        "dag": dag_id,
        "verdict": judged.verdict.value,
        "outcomes": judged.runs,
        "complete": judged.complete,
        **({} if judged.complete else {"seed": seed}),
        "counterexamples": [_difference(judged, one) for one in judged.counterexamples],
    }


def _difference(judged: "Judged", found: "Compared") -> dict[str, Any]:
    from adf_proof.printing import as_json

    return {
        "given": {name: str(outcome) for name, outcome in found.ran.given.items()},
        "airflow": [as_json(judged.shape, result) for result in sorted(found.reachable, key=str)],
        "data_factory": as_json(judged.shape, found.ran.result),
    }
