"""The command line of the demo."""

import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from demo.errors import DemoError
from demo.options import DEFAULT_COINS, DEFAULT_SNAPSHOTS, make_options, utc_now
from demo.render import show
from demo.report import Report
from demo.run import run_demo
from demo.screen import Screen

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


def demo(
    coins: Annotated[str, typer.Option(help="Coins of the history, ids or symbols.")] = ",".join(DEFAULT_COINS),
    date_from: Annotated[str | None, typer.Option("--from", help="First day, UTC. [default: 7 days back]")] = None,
    date_to: Annotated[str | None, typer.Option("--to", help="Last day, UTC. [default: today]")] = None,
    snapshots: Annotated[int, typer.Option(help="Hourly snapshots of the market, up to now.")] = DEFAULT_SNAPSHOTS,
    seed: Annotated[int | None, typer.Option(help="Which simulated market. [default: 42]")] = None,
    faults: Annotated[str, typer.Option(help="What goes wrong, e.g. 429:3,new-column,null-price:coin=bitcoin.")] = "",
    replay: Annotated[Path | None, typer.Option(help="Folder of recorded answers for the recorded run.")] = None,
    state: Annotated[Path | None, typer.Option(help="Where everything is kept. [default: .demo/<market>]")] = None,
    *,
    live: Annotated[bool, typer.Option("--live", help="The real CoinGecko instead of the simulated market.")] = False,
    keep_up: Annotated[bool, typer.Option("--keep-up", help="Leave all services running until ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The report as one JSON document.")] = False,
) -> None:
    """Run the crypto lakehouse on this machine: CoinGecko, Blob, Autoloader, Delta, by Airflow."""
    progress = Console(stderr=True)
    output = Console()

    def finish(report: Report) -> None:
        if as_json:
            sys.stdout.write(json.dumps(asdict(report), indent=2) + "\n")
            sys.stdout.flush()
        else:
            show(report, output)
        if report.airflow_url:
            progress.print("All services stay up: end them with ctrl-C", highlight=False)
            signal.pause()

    signal.signal(signal.SIGTERM, interrupt)
    try:
        options = make_options(
            coins=coins,
            date_from=date_from,
            date_to=date_to,
            snapshots=snapshots,
            seed=seed,
            faults=faults,
            live=live,
            keep_up=keep_up,
            state=state,
            replay=replay,
            now=utc_now(),
        )
    except DemoError as error:
        fail(progress, error, EXIT_USAGE)
    try:
        run_demo(options, Screen(progress), finish=finish)
    except DemoError as error:
        fail(progress, error, EXIT_FAILED)
    except KeyboardInterrupt:
        progress.print("Interrupted: everything is stopped; run it again to go on", highlight=False)
        raise typer.Exit(EXIT_INTERRUPTED) from None


def fail(console: Console, error: DemoError, code: int) -> NoReturn:
    console.print(f"[red bold]error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
    raise typer.Exit(code)


def interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def main() -> None:
    """`python -m demo`"""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(demo)
    app(prog_name="python -m demo")
