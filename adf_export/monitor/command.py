"""The command `adf-export monitor`: runs of a factory, failures first."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from adf_export.cli.options import Exit, JsonOption
from adf_export.cli.screen import show_json
from adf_export.errors import AdfExportError

if TYPE_CHECKING:
    from rich.tree import Tree

    from adf_export.monitor.api import FactoryApi, Place
    from adf_export.monitor.asked import Asked
    from adf_export.monitor.following import Show
    from adf_export.monitor.tree import Node

_UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
# Seconds between two questions; nobody counts calls to the local Data Factory.
_INTERVAL, _LOCAL_INTERVAL = 5.0, 1.0


class Ended(IntEnum):
    """How this command ends, besides the codes of all."""

    # No such factory, pipeline or run, not let in, no answer.
    OUTSIDE = 3
    # As shells report a command that ctrl-C ended.
    INTERRUPTED = 130


class Cloud(StrEnum):
    """A cloud of Azure's; a row of api.CLOUDS each."""

    PUBLIC = "public"
    CHINA = "china"
    USGOV = "usgov"


class Status(StrEnum):
    """Of a pipeline run, as Azure spells it."""

    QUEUED = "Queued"
    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELING = "Canceling"
    CANCELLED = "Cancelled"


def monitor_command(
    which: Annotated[
        list[str] | None,
        typer.Argument(metavar="RUN|PIPELINE", help="Run ids, their beginnings, 'last', or names of pipelines."),
    ] = None,
    subscription: Annotated[str, typer.Option(envvar="AZURE_SUBSCRIPTION_ID", help="The factory's subscription.")] = "",
    resource_group: Annotated[str, typer.Option(envvar="AZURE_RESOURCE_GROUP", help="Its resource group.")] = "",
    factory: Annotated[str, typer.Option(envvar="AZURE_DATA_FACTORY", help="Its name.")] = "",
    cloud: Annotated[Cloud, typer.Option(case_sensitive=False, help="Where it is.")] = Cloud.PUBLIC,
    url: Annotated[
        str, typer.Option(envvar="AZURE_RESOURCE_MANAGER_URL", help="Another Resource Manager, as the local one.")
    ] = "",
    token_env: Annotated[str, typer.Option(help="Variable with an access token; else whoever is signed in.")] = "",
    since: Annotated[str, typer.Option(help="How far back, such as 90m, 24h or 7d.")] = "24h",
    status: Annotated[
        list[Status] | None, typer.Option(case_sensitive=False, help="Only such runs; repeatable.")
    ] = None,
    last: Annotated[int | None, typer.Option(min=1, help="At most so many runs, the newest; else all.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Stay until all shown runs have ended.")] = False,
    interval: Annotated[
        float | None, typer.Option(min=0.2, max=3600, help="Seconds between two questions; else 5, or 1 if local.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show runs of a factory, the failed ones first and opened to the activity that failed, and its error.

    With runs or pipelines named, all activities: iterations, branches, pipelines that were started, and the Airflow
    task and line of DAG code that each came from. Reruns count as attempts of one run. Works the same against Azure
    and, after 'eval "$(local-azure env)"', against the local Data Factory.

    Exit codes: 0 all shown runs succeeded or still run; 1 one failed or was cancelled; 2 usage; 3 no such factory,
    pipeline or run, not let in, or no answer; 130 ctrl-C.
    """
    with _ending(as_json=as_json):
        from adf_export.monitor.api import Place
        from adf_export.monitor.asked import Asked

        asked = Asked(which=which or [], since=_since(since), statuses=status or [], last=last)
        for value, option in ((subscription, "subscription"), (resource_group, "resource-group"), (factory, "factory")):
            if not value:
                raise AdfExportError(f"--{option} is missing", remedy='give it, or run: eval "$(local-azure env)"')
        base = (url or _base_of(cloud)).rstrip("/")
        place = Place(url=base, subscription=subscription, resource_group=resource_group, factory=factory)
        pause = interval or (_LOCAL_INTERVAL if place.is_local else _INTERVAL)
        with _opened(place, cloud, token_env) as api, _shown(follow=follow, quiet=as_json) as show:
            runs = _runs(api, asked, pause if follow else None, show)
        if as_json:
            from adf_export.monitor.screen import documents

            show_json({"factory": place.path, "runs": documents(runs)})
        if any(run.counts_as_failed for run in runs):
            raise typer.Exit(Exit.ERRORS)


@contextmanager
def _ending(*, as_json: bool) -> Iterator[None]:
    """Gives each kind of end its exit code."""
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(Ended.INTERRUPTED) from None
    except AdfExportError as error:
        from adf_export.monitor.api import OutsideError

        if not isinstance(error, OutsideError):
            raise
        if as_json:
            show_json({"error": str(error)})
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(Ended.OUTSIDE) from error


def _base_of(cloud: Cloud) -> str:
    from adf_export.monitor.api import CLOUDS

    return CLOUDS[cloud][0]


@contextmanager
def _opened(place: "Place", cloud: Cloud, token_env: str) -> "Iterator[FactoryApi]":
    from adf_export.monitor.api import FactoryApi, token_in, token_of

    token = token_in(token_env) if token_env else token_of(cloud)
    api = FactoryApi(place=place, token=token, renewable=not token_env)
    try:
        yield api
    finally:
        api.close()


def _runs(api: "FactoryApi", asked: "Asked", pause: float | None, show: "Show") -> "list[Node]":
    from adf_export.monitor.following import Following, once

    if pause is not None:
        return Following(api=api, asked=asked, pause=pause, show=show).to_the_end()
    runs = once(api, asked)
    show(runs, [])
    return runs


@contextmanager
def _shown(*, follow: bool, quiet: bool) -> "Iterator[Show]":
    """Draws again and again where a person looks on, else the end alone; what is out of reach is said on stderr."""
    if quiet:
        yield _tell
        return
    from rich.console import Console
    from rich.live import Live

    from adf_export.monitor.screen import draw

    console = Console(highlight=False)
    if follow and console.is_terminal:
        with Live(console=console, auto_refresh=False, vertical_overflow="ellipsis") as live:
            yield lambda runs, notes: live.update(draw(runs, notes=notes), refresh=True)
        return
    drawn: list[Tree] = []

    def keep(runs: Sequence["Node"], notes: Iterable[str]) -> None:
        drawn.append(draw(runs))
        _tell(runs, notes)

    yield keep
    console.print(drawn[-1], soft_wrap=True)


def _tell(_: Sequence["Node"], notes: Iterable[str]) -> None:
    for note in notes:
        typer.echo(f"note: {note}", err=True)


def _since(text: str) -> timedelta:
    from adf_export.monitor.api import KEPT

    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not (number.isascii() and number.isdecimal()):
        raise AdfExportError(f"--since {text}: not understood", remedy="write it like 90m, 24h or 7d")
    # Also keeps the product within what a timedelta can hold.
    return min(min(int(number), 10**6) * _UNITS[unit], KEPT)
