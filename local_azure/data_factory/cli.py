"""The commands `local-azure factory`: load a factory's folder, run its pipelines, look at runs, repeat and cancel them.

Everything goes through the REST API: with --url it works the same against another factory.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from local_azure.data_factory.remote.api import FactoryApi, Target
    from local_azure.data_factory.remote.loading import Report
    from local_azure.data_factory.remote.targets import Place

Json = Any

app = typer.Typer(help="Load, run and look at the pipelines of the local Data Factory.", no_args_is_help=True)

StateOption = Annotated[
    Path, typer.Option("--state", envvar="LOCAL_AZURE_STATE", help="Folder that keeps everything of this cloud.")
]
FactoryOption = Annotated[
    str, typer.Option("--factory", envvar="AZURE_DATA_FACTORY", help="Which factory; made by 'load' if it is missing.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, nothing else.")]
FollowOption = Annotated[bool, typer.Option("--follow", help="Show the activities live until the run has ended.")]
WaitOption = Annotated[bool, typer.Option("--wait", help="Wait until the run has ended.")]
RunArgument = Annotated[
    str,
    typer.Argument(
        metavar="RUN", help="The id of a run, its beginning, or 'last': the newest that no pipeline started."
    ),
]
DEFAULT_STATE = Path(".local-azure")
# As shells report a command that ctrl-C ended.
INTERRUPTED = 130


@app.callback()
def place(
    context: typer.Context,
    url: Annotated[str, typer.Option(help="Base URL of another Resource Manager, not of the local factory.")] = "",
    token_env: Annotated[str, typer.Option(help="With --url: the variable that holds an access token.")] = "",
    subscription: Annotated[str, typer.Option(envvar="AZURE_SUBSCRIPTION_ID", help="With --url.")] = "",
    resource_group: Annotated[str, typer.Option(envvar="AZURE_RESOURCE_GROUP", help="With --url.")] = "",
) -> None:
    from local_azure.data_factory.remote.targets import Place

    context.obj = Place(url=url, token_env=token_env, subscription=subscription, resource_group=resource_group)


@app.command()
def load(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="With pipeline/, dataset/, linkedService/, trigger/, factory/.")],
    watch: Annotated[bool, typer.Option("--watch", help="Stay, and load again what changes.")] = False,
    state: StateOption = DEFAULT_STATE,
    factory: FactoryOption = "",
    as_json: JsonOption = False,
) -> None:
    """Load the Git folder of a factory; exit code 1 unless all of it was loaded."""
    from local_azure.data_factory.defaults import LOCATION
    from local_azure.data_factory.remote import loading
    from local_azure.data_factory.remote.screen import console, load_report

    if watch and as_json:
        raise typer.BadParameter("it goes with one document, and --watch never ends", param_hint="--json")
    with _api(context, state, factory) as api:
        if api.factory() is None:
            api.put_factory({"location": LOCATION, "properties": {}})
        before = loading.stamp(folder)
        report = loading.load(api, folder)
        if as_json:
            _print_json(_report_document(report))
        else:
            console().print(load_report(report))
        if watch:
            _watch(api, folder, report, before)
    if not report.clean:
        raise typer.Exit(1)


def _watch(api: "FactoryApi", folder: Path, report: "Report", before: Any) -> NoReturn:
    from local_azure.data_factory.remote import loading
    from local_azure.data_factory.remote.screen import console, load_report

    shown = console()
    shown.print(f"watching {folder}; ctrl-C ends it", style="bright_black")
    try:
        for change in loading.watch(api, folder, report, before):
            for file in change.deleted:
                shown.print(f"{file} was deleted; what it held stays in the factory", style="yellow")
            if change.report is not None:
                shown.print(load_report(change.report))
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    raise AssertionError("watching does not end by itself")


@app.command()
def run(
    context: typer.Context,
    pipeline: str,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", help="NAME=VALUE; JSON unless a String; may be repeated.")
    ] = None,
    follow: FollowOption = False,
    wait: WaitOption = False,
    state: StateOption = DEFAULT_STATE,
    factory: FactoryOption = "",
    as_json: JsonOption = False,
) -> None:
    """Start a pipeline. With --follow or --wait: exit code 0 when it succeeded, 1 when it failed or was cancelled."""
    from local_azure.data_factory.remote.arguments import read_parameters
    from local_azure.errors import LocalAzureError

    with _api(context, state, factory) as api:
        document = api.pipeline(pipeline)
        if document is None:
            known = ", ".join(api.names("pipelines")[:20]) or "none"
            raise LocalAzureError(f"factory '{api.target.factory.name}' has no pipeline '{pipeline}'; it has: {known}")
        declared = document["properties"].get("parameters") or {}
        run_id = api.create_run(document["name"], read_parameters(parameter or (), declared, document["name"]))
        _report_run(api, run_id, follow=follow, wait=wait, as_json=as_json)


@app.command()
def rerun(
    context: typer.Context,
    run_id: RunArgument,
    start: Annotated[str, typer.Option("--from", metavar="ACTIVITY", help="Start at this activity.")] = "",
    from_failure: Annotated[bool, typer.Option("--from-failure", help="Repeat only what did not succeed.")] = False,
    follow: FollowOption = False,
    wait: WaitOption = False,
    state: StateOption = DEFAULT_STATE,
    factory: FactoryOption = "",
    as_json: JsonOption = False,
) -> None:
    """Repeat a run with its parameters: whole, from an activity on, or from its failure on."""
    from local_azure.data_factory.remote.arguments import find_run

    if start and from_failure:
        raise typer.BadParameter("choose one of --from and --from-failure", param_hint="--from")
    with _api(context, state, factory) as api:
        before = api.run(find_run(api, run_id))
        query = {"referencePipelineRunId": str(before["runId"]), "isRecovery": "true"}
        if start:
            query["startActivityName"] = start
        if from_failure:
            query["startFromFailure"] = "true"
        again = api.create_run(before["pipelineName"], {}, **query)
        _report_run(api, again, follow=follow, wait=wait, as_json=as_json)


@app.command()
def runs(
    context: typer.Context,
    status: Annotated[str, typer.Option(help="Only runs of this status, such as Failed.")] = "",
    pipeline: Annotated[str, typer.Option(help="Only runs of this pipeline.")] = "",
    last: Annotated[int, typer.Option("--last", min=1, help="How many, the newest first.")] = 20,
    state: StateOption = DEFAULT_STATE,
    factory: FactoryOption = "",
    as_json: JsonOption = False,
) -> None:
    """List runs, the newest first."""
    from local_azure.data_factory.remote.api import RunFilter
    from local_azure.data_factory.remote.screen import console, runs_table

    with _api(context, state, factory) as api:
        found = api.runs(RunFilter(status=_status(status), pipeline=pipeline, limit=last))
    if as_json:
        _print_json(found)
    else:
        shown = console()
        shown.print(runs_table(found, shown.width))


@app.command()
def show(
    context: typer.Context,
    run_id: RunArgument,
    activity: Annotated[str, typer.Option(help="Only this activity, with all of its input and output.")] = "",
    state: StateOption = DEFAULT_STATE,
    factory: FactoryOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show a run: its activities, and their inputs, outputs and errors."""
    from local_azure.data_factory.remote.arguments import find_run
    from local_azure.data_factory.remote.following import Follower
    from local_azure.data_factory.remote.screen import activity_details, console, details, run_tree
    from local_azure.errors import LocalAzureError

    with _api(context, state, factory) as api:
        found = api.run(find_run(api, run_id))
        rows = api.activity_runs(found["runId"])
        if activity:
            names = list(dict.fromkeys(row["activityName"] for row in rows))
            rows = [row for row in rows if row["activityName"].lower() == activity.lower()]
            if not rows:
                raise LocalAzureError(f"no activity '{activity}' ran in this run; those that did: {', '.join(names)}")
        if as_json:
            _print_json({"run": found, "activities": rows})
        elif activity:
            console().print(activity_details(rows))
        else:
            console().print(run_tree(Follower(api).tree(found)))
            console().print(details(found, rows))


@app.command()
def cancel(
    context: typer.Context,
    run_id: RunArgument,
    recursive: Annotated[bool, typer.Option("--recursive", help="Also the runs that it started.")] = False,
    state: StateOption = DEFAULT_STATE,
    factory: FactoryOption = "",
    as_json: JsonOption = False,
) -> None:
    """Cancel a run."""
    from local_azure.data_factory.remote.arguments import find_run

    with _api(context, state, factory) as api:
        found = find_run(api, run_id)
        api.cancel(found, recursive=recursive)
    if as_json:
        _print_json({"runId": found})
    else:
        typer.echo(f"run {found} is being cancelled")


def _report_run(api: "FactoryApi", run_id: str, *, follow: bool, wait: bool, as_json: bool) -> None:
    """Says which run it is; if asked to, stays with it to its end and lets its status be the exit code."""
    if not (follow or wait):
        if as_json:
            _print_json({"runId": run_id})
        else:
            typer.echo(run_id)
        return
    try:
        ended = _follow(api, run_id) if follow and not as_json else _wait(api, run_id)
    except KeyboardInterrupt:
        typer.echo(f"run {run_id} goes on; 'local-azure factory cancel {run_id}' ends it", err=True)
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        _print_json({"run": ended, "activities": api.activity_runs(run_id)})
    elif not follow:
        from local_azure.data_factory.remote.screen import console, run_line

        console().print(run_line(ended))
    if ended["status"] != "Succeeded":
        raise typer.Exit(1)


def _wait(api: "FactoryApi", run_id: str) -> Json:
    from local_azure.data_factory.remote.following import until_final

    *_, ended = until_final(api, run_id)
    return ended


def _follow(api: "FactoryApi", run_id: str) -> Json:
    from rich.live import Live

    from local_azure.data_factory.remote.following import Follower, until_final
    from local_azure.data_factory.remote.screen import console, run_tree

    follower, shown, run = Follower(api), console(), None
    # What is live is as high as the screen; at the end the whole tree is printed in its place.
    with Live(console=shown, auto_refresh=False, transient=True, vertical_overflow="ellipsis") as live:
        for run in until_final(api, run_id):
            tree = run_tree(follower.tree(run))
            if shown.is_terminal:
                live.update(tree, refresh=True)
    shown.print(tree)
    return run


@contextmanager
def _api(context: typer.Context, state: Path, factory: str) -> "Iterator[FactoryApi]":
    from local_azure.data_factory.remote.api import FactoryApi

    with FactoryApi(_target(context.obj, state, factory)) as api:
        yield api


def _target(given: "Place", state: Path, factory: str) -> "Target":
    from local_azure.data_factory.remote.targets import local_target, remote_target
    from local_azure.state import State

    if given.url:
        return remote_target(given, factory)
    return local_target(State(state.expanduser().absolute()), factory)


def _status(given: str) -> str:
    """As Azure spells it."""
    from local_azure.data_factory.records import RunStatus

    if not given:
        return ""
    known = {status.value.lower(): status.value for status in RunStatus}
    if given.lower() not in known:
        raise typer.BadParameter(f"'{given}': expected one of {', '.join(known.values())}", param_hint="--status")
    return known[given.lower()]


def _report_document(report: "Report") -> Json:
    return {
        "factory": report.factory,
        "files": [
            {
                "file": file.file,
                "kind": file.kind,
                "name": file.name,
                "outcome": file.outcome.value,
                "problems": [{"path": problem.path, "message": problem.message} for problem in file.problems],
            }
            for file in report.files
        ],
        "leftOut": [{"folder": left.folder, "files": left.count, "reason": left.reason} for left in report.left_out],
    }


def _print_json(document: Json) -> None:
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
