"""`adf-export monitor`: runs of a factory, failures first."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adf_export.cli.options import Exit, JsonOption
from adf_export.cli.screen import show_json
from adf_export.errors import AdfExportError

if TYPE_CHECKING:
    from adf_export.monitor.api import FactoryApi
    from adf_export.monitor.tree import Node

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
# As shells report a command that ctrl-C ended.
_INTERRUPTED = 130
# Seconds between two questions; nobody counts calls to the local Data Factory.
_INTERVAL, _LOCAL_INTERVAL = 5.0, 1.0


def monitor_command(
    which: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN|PIPELINE]...", help="Run ids, their beginnings, 'last', or names of pipelines."),
    ] = None,
    subscription: Annotated[str, typer.Option(envvar="AZURE_SUBSCRIPTION_ID", help="The factory's subscription.")] = "",
    resource_group: Annotated[str, typer.Option(envvar="AZURE_RESOURCE_GROUP", help="Its resource group.")] = "",
    factory: Annotated[str, typer.Option(envvar="AZURE_DATA_FACTORY", help="Its name.")] = "",
    cloud: Annotated[str, typer.Option(help="public, china or usgov.")] = "public",
    url: Annotated[
        str, typer.Option(envvar="AZURE_RESOURCE_MANAGER_URL", help="Another Resource Manager, as the local one.")
    ] = "",
    token_env: Annotated[str, typer.Option(help="Variable with an access token; else whoever is signed in.")] = "",
    since: Annotated[str, typer.Option(help="How far back, such as 90m, 24h or 7d.")] = "24h",
    status: Annotated[list[str] | None, typer.Option(help="Only such runs, for example Failed; repeatable.")] = None,
    last: Annotated[int, typer.Option(help="At most so many runs.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Stay until all shown runs have ended.")] = False,
    interval: Annotated[float, typer.Option(help="Seconds between two questions; 0: 5, or 1 if local.")] = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Show runs of a factory, the failed ones first and opened to the activity that failed, and its error.

    With runs or pipelines named, all activities: iterations, branches, pipelines that were started, and the Airflow
    task and line of DAG code that each came from. Reruns count as attempts of one run. Works the same against Azure
    and, after 'eval "$(local-azure env)"', against the local Data Factory.

    Exit codes: 0 all shown runs succeeded or still run; 1 one failed or was cancelled; 2 the command cannot work
    (usage, no such factory or run, not let in, no answer); 130 ctrl-C.
    """
    from adf_export.monitor.api import CLOUDS, FactoryApi, Place, token_in, token_of

    if cloud not in CLOUDS:
        raise AdfExportError(f"--cloud {cloud}: there is no such cloud", remedy=f"one of {', '.join(CLOUDS)}")
    for value, option in ((subscription, "subscription"), (resource_group, "resource-group"), (factory, "factory")):
        if not value:
            raise AdfExportError(f"--{option} is missing", remedy='give it, or run: eval "$(local-azure env)"')
    place = Place(
        url=(url or CLOUDS[cloud][0]).rstrip("/"),
        subscription=subscription,
        resource_group=resource_group,
        factory=factory,
    )
    api = FactoryApi(place=place, token=token_in(token_env) if token_env else token_of(cloud))
    asked = Asked(which or [], _since(since), status or [], last)
    pause = interval or (_LOCAL_INTERVAL if place.is_local else _INTERVAL)
    try:
        runs = _followed(api, asked, pause, quiet=as_json) if follow else _once(api, asked, quiet=as_json)
    except KeyboardInterrupt:
        raise typer.Exit(_INTERRUPTED) from None
    finally:
        api.close()
    if as_json:
        from adf_export.monitor.screen import documents

        show_json({"factory": place.path, "runs": documents(runs)})
    if any(run.failed for run in runs):
        raise typer.Exit(Exit.ERRORS)


class Asked:
    """What the user wants to see."""

    def __init__(self, which: list[str], since: timedelta, statuses: list[str], last: int) -> None:
        self.which, self.since, self.statuses, self.last = which, since, statuses, last

    def nodes(self, api: "FactoryApi") -> list["Node"]:
        """The runs as they are now, failed ones first."""
        from adf_export.monitor.tree import of_run, with_activities

        found = self._documents(api)
        nodes = []
        for run, attempts in _groups(found):
            opened = bool(self.which) or run["status"] in ("Failed", "Cancelled")
            node = with_activities(api, run) if opened else of_run(run)
            node.attempts = attempts
            if not self.which:
                node.children = [child for child in node.children if child.failed]
            nodes.append(node)
        return sorted(nodes, key=lambda node: (not node.failed, node.ended))

    def _documents(self, api: "FactoryApi") -> list[Any]:
        filters = [{"operand": "Status", "operator": "In", "values": self.statuses}] if self.statuses else []
        if not self.which:
            return [run for run in _first(api.runs(since=self.since, filters=filters), self.last) if _is_top(run)]
        return [run for name in self.which for run in self._named(api, name, filters)]

    def _named(self, api: "FactoryApi", name: str, filters: list[Any]) -> list[Any]:
        of_pipeline = [*filters, {"operand": "PipelineName", "operator": "Equals", "values": [name]}]
        found = [] if name == "last" else _first(api.runs(since=self.since, filters=of_pipeline), self.last)
        if found:
            return found
        for run in api.runs(filters=filters):
            if run["runId"].startswith(name) or (name == "last" and _is_top(run)):
                return [run]
        close = get_close_matches(name, api.pipelines(), n=3)
        raise AdfExportError(
            f"no run and no pipeline with runs is called '{name}'",
            place=api.place.path,
            remedy=f"did you mean {', '.join(close)}?"
            if close
            else f"look further back than {self.since} with --since",
        )


def _is_top(run: Any) -> bool:
    """Whether no other pipeline started it; those are seen inside of the one that did."""
    return not (run.get("invokedBy") or {}).get("pipelineRunId")


def _groups(runs: Sequence[Any]) -> Iterator[tuple[Any, int]]:
    """The newest run of each chain of reruns, and how many there were."""
    chains: dict[str, list[Any]] = {}
    for run in runs:
        chains.setdefault(run.get("runGroupId") or run["runId"], []).append(run)
    for chain in chains.values():
        yield max(chain, key=lambda run: run.get("runStart") or ""), len(chain)


def _first(runs: Iterator[Any], most: int) -> list[Any]:
    return [run for _, run in zip(range(most), runs, strict=False)]


def _once(api: "FactoryApi", asked: Asked, *, quiet: bool) -> list["Node"]:
    from rich.console import Console

    from adf_export.monitor.screen import draw

    runs = asked.nodes(api)
    if not quiet:
        Console(highlight=False, soft_wrap=True).print(draw(runs))
    return runs


def _followed(api: "FactoryApi", asked: Asked, pause: float, *, quiet: bool) -> list["Node"]:
    from adf_export.monitor.api import UnreachableError

    runs: list[Node] | None = None
    with _live(quiet=quiet) as update:
        while True:
            try:
                runs = asked.nodes(api)
                update(runs, [])
                if all(run.ended for run in runs):
                    return runs
            except UnreachableError as error:
                if runs is None:
                    raise
                update(runs, [f"{error.summary}; asking again"])
            time.sleep(pause)


@contextmanager
def _live(*, quiet: bool) -> Iterator[Any]:
    """Draws again and again where a person looks on, else the end alone."""
    from rich.console import Console
    from rich.live import Live

    from adf_export.monitor.screen import draw

    console = Console(highlight=False)
    if quiet or not console.is_terminal:
        kept: list[Any] = []
        yield lambda runs, notes: kept.append(draw(runs, notes=notes))
        if kept and not quiet:
            console.print(kept[-1], soft_wrap=True)
        return
    with Live(console=console, auto_refresh=False, vertical_overflow="ellipsis") as live:
        yield lambda runs, notes: live.update(draw(runs, notes=notes), refresh=True)


def _since(text: str) -> timedelta:
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not number.isdecimal():
        raise AdfExportError(f"--since {text}: not understood", remedy="write it like 90m, 24h or 7d")
    return timedelta(**{_UNITS[unit]: int(number)})
