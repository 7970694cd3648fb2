"""The command line `local-azure`: start, stop and steer the stand-ins of one state folder."""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from local_azure import lock
from local_azure.data_factory.cli import app as factory_app
from local_azure.endpoints import Endpoints
from local_azure.errors import LocalAzureError
from local_azure.ports import HOST, PORTS
from local_azure.state import Secrets, State

if TYPE_CHECKING:
    from local_azure.clients import Health, Vault
    from local_azure.up import Ready

STOP_SECONDS = 40.0
PROJECT_SPARK = Path(__file__).parents[1] / "spark"

app = typer.Typer(
    help="Local stand-ins for Azure: Data Factory, Blob Storage, Key Vault, identity, Databricks; a CoinGecko market.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
secret_app = typer.Typer(help="Read and write secrets of the vault.", no_args_is_help=True)
faults_app = typer.Typer(help="Make the CoinGecko stand-in misbehave.", no_args_is_help=True)
clock_app = typer.Typer(help="Set the time of the CoinGecko stand-in.", no_args_is_help=True)
app.add_typer(secret_app, name="secret")
app.add_typer(faults_app, name="faults")
app.add_typer(clock_app, name="clock")
app.add_typer(factory_app, name="factory")

StateOption = Annotated[
    Path, typer.Option("--state", envvar="LOCAL_AZURE_STATE", help="Folder that keeps everything of this cloud.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
DEFAULT_STATE = Path(".local-azure")


@app.command()
def up(
    state: StateOption = DEFAULT_STATE,
    ports: Annotated[str, typer.Option(help="'default' (the port table) or 'free' (any free ones).")] = "default",
    port: Annotated[list[str] | None, typer.Option(help="NAME=NUMBER, for one service; may be repeated.")] = None,
    seed: Annotated[int, typer.Option(help="Of the simulated market.")] = 42,
    replay: Annotated[Path | None, typer.Option(help="Serve the recorded answers of this folder instead.")] = None,
    faults: Annotated[str, typer.Option(help="For example 429:3,null-price,slow:5 (docs/local-azure.md).")] = "",
    spark: Annotated[bool, typer.Option("--spark/--no-spark", help="With or without Databricks.")] = True,
    workspace: Annotated[
        list[str] | None, typer.Option(help="PREFIX=FOLDER of notebooks; default /Shared/adf-export=<project>/spark.")
    ] = None,
    live: Annotated[bool, typer.Option("--live", help="Let Airflow call the real CoinGecko API.")] = False,
    storage_account: Annotated[
        list[str] | None, typer.Option(help="A blob account besides 'cryptolake', with its key; may be repeated.")
    ] = None,
    data_factory_store: Annotated[
        str,
        typer.Option(
            envvar="LOCAL_AZURE_DATA_FACTORY_STORE",
            help="postgresql://... to keep factories and runs there; default is a file of SQLite.",
        ),
    ] = "",
    endpoints: Annotated[
        Path | None, typer.Option(help="JSON file: where the Data Factory finds a host, {HOST: URL or null}.")
    ] = None,
    listen: Annotated[
        str, typer.Option(help="Address that all ports are bound to; 0.0.0.0 only where the network is private.")
    ] = HOST,
    advertise: Annotated[
        str, typer.Option(help="Host name that others find the services by, also in their certificate.")
    ] = "",
    pages: Annotated[
        list[str] | None,
        typer.Option(help="NAME=URL by which a browser finds the pages of databricks or data_factory."),
    ] = None,
    blob: Annotated[
        list[str] | None,
        typer.Option(help="http://HOST:PORT and, again, https://HOST:PORT of an Azurite that runs elsewhere."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Start all services, say when they are ready, stay until ctrl-C, then stop all of them."""
    # First of all, and out of the environment: no child may inherit the key.
    api_key = os.environ.pop("COINGECKO_API_KEY", "").strip() or None
    from local_azure.environment import without_proxy
    from local_azure.ports import choose
    from local_azure.up import Options
    from local_azure.up import up as run

    if faults:
        from local_azure.coingecko.faults import parse_faults

        parse_faults(faults)
    os.environ |= without_proxy(os.environ)
    options = Options(
        state=_state(state),
        ports=choose(ports, port or ()),
        seed=seed,
        replay=None if replay is None else _folder(replay, "--replay"),
        faults=faults,
        spark=spark,
        workspace=_workspace(workspace or ()),
        live=live,
        storage_accounts=_accounts(storage_account or ()),
        data_factory_store=data_factory_store or None,
        hosts=_hosts(endpoints),
        listen=_address(listen, advertise),
        advertise=advertise,
        pages=_pages(pages or ()),
        blob=_blob(blob or ()),
        coingecko_api_key=api_key,
    )

    def announce(ready: "Ready") -> None:
        if as_json:
            _print_json({"state": str(ready.state), "seconds": ready.seconds, "endpoints": asdict(ready.endpoints)})
        else:
            _show_ready(ready)

    run(options, announce)


@app.command()
def prepare(
    folder: Annotated[Path, typer.Argument(help="Gets 'accounts' and 'tls.json', with certificate and key.")],
    state: StateOption = DEFAULT_STATE,
    host: Annotated[list[str] | None, typer.Option(help="For the certificate; may be repeated.")] = None,
    port: Annotated[int, typer.Option(help="Where Azurite shall serve over TLS.")] = PORTS["blob_tls"],
) -> None:
    """Make keys and certificates of a state folder, and write what an Azurite elsewhere needs of them."""
    from local_azure.blob.prepared import write

    write(_state(state), folder, hosts=host or (), port=port)


@app.command()
def down(state: StateOption = DEFAULT_STATE) -> None:
    """Stop what runs on the state folder, from any terminal."""
    found = _state(state)
    pid = lock.end_owner(found.lock, seconds=STOP_SECONDS)
    typer.echo(f"nothing runs on {found.root}" if pid is None else f"stopped process {pid}", err=True)


@app.command()
def status(state: StateOption = DEFAULT_STATE, as_json: JsonOption = False) -> None:
    """Show whether each service answers; exit code 1 unless all do."""
    from local_azure.clients import health

    found = _state(state)
    try:
        rows = health(Endpoints.read(found))
    except LocalAzureError as error:
        if not as_json:
            raise
        _print_json({"state": str(found.root), "running": False, "reason": str(error), "services": []})
        raise typer.Exit(1) from error
    healthy = all(row.healthy for row in rows)
    if as_json:
        services = [asdict(row) for row in rows]
        _print_json({"state": str(found.root), "running": True, "healthy": healthy, "services": services})
    else:
        _show_health(rows)
    if not healthy:
        raise typer.Exit(1)


@app.command()
def env(state: StateOption = DEFAULT_STATE, as_json: JsonOption = False) -> None:
    """Print what an Airflow process needs: eval "$(local-azure env)". It holds secrets: do not log it."""
    from local_azure.environment import client_environment, export_lines, without_proxy

    found = _state(state)
    variables = client_environment(found, Endpoints.read(found), Secrets.load(found)) | without_proxy(os.environ)
    if as_json:
        _print_json(variables)
    else:
        typer.echo(export_lines(variables))


@secret_app.command("set")
def secret_set(
    name: str,
    value: Annotated[str | None, typer.Argument(help="Left out, it is read from standard input.")] = None,
    state: StateOption = DEFAULT_STATE,
) -> None:
    """Write a new version of a secret."""
    if value is None:
        value = typer.prompt("value", hide_input=True) if sys.stdin.isatty() else sys.stdin.read().removesuffix("\n")
    _vault(state).set(name, str(value))


@secret_app.command("get")
def secret_get(name: str, state: StateOption = DEFAULT_STATE) -> None:
    """Print the value of a secret."""
    typer.echo(_vault(state).get(name))


@secret_app.command("list")
def secret_list(state: StateOption = DEFAULT_STATE, as_json: JsonOption = False) -> None:
    """Print the names of all secrets."""
    names = _vault(state).names()
    if as_json:
        _print_json(names)
    else:
        typer.echo("\n".join(names))


@faults_app.command("set")
def faults_set(spec: str, state: StateOption = DEFAULT_STATE) -> None:
    """Put faults in force, for example 429:3,null-price (docs/local-azure.md)."""
    _steer(state, "PUT", "faults", spec)


@faults_app.command("clear")
def faults_clear(state: StateOption = DEFAULT_STATE) -> None:
    """End all faults."""
    _steer(state, "DELETE", "faults")


@faults_app.command("show")
def faults_show(state: StateOption = DEFAULT_STATE) -> None:
    """Show the faults in force."""
    _steer(state, "GET", "faults")


@clock_app.command("set")
def clock_set(
    moment: Annotated[str, typer.Argument(help="Such as 2021-05-19T12:00:00Z.")], state: StateOption = DEFAULT_STATE
) -> None:
    """Stop the clock at a moment."""
    _steer(state, "PUT", "clock", moment)


@clock_app.command("reset")
def clock_reset(state: StateOption = DEFAULT_STATE) -> None:
    """Set the clock back to what it was at the start."""
    _steer(state, "DELETE", "clock")


@clock_app.command("show")
def clock_show(state: StateOption = DEFAULT_STATE) -> None:
    """Show the time that the stand-in believes in."""
    _steer(state, "GET", "clock")


@app.command()
def logs(run_id: int, state: StateOption = DEFAULT_STATE) -> None:
    """Print what a Databricks run printed, and its error."""
    from local_azure.clients import run_logs

    found = _state(state)
    run_logs(Endpoints.read(found), Secrets.load(found), run_id, typer.echo)


def main() -> None:
    """The entry point: an error of ours is one line and exit code 1."""
    try:
        app()
    except LocalAzureError as error:
        if "--json" in sys.argv:
            _print_json({"error": str(error)})
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)


def _state(folder: Path) -> State:
    return State(folder.expanduser().absolute())


def _folder(path: Path, option: str) -> Path:
    if not path.is_dir():
        raise typer.BadParameter(f"{path} is not a folder", param_hint=option)
    return path.absolute()


def _workspace(mounts: "list[str] | tuple[()]") -> dict[str, Path]:
    from local_azure.environment import NOTEBOOKS

    found = {NOTEBOOKS: PROJECT_SPARK} if PROJECT_SPARK.is_dir() else {}
    for mount in mounts:
        prefix, separator, folder = mount.partition("=")
        if not separator or not prefix.startswith("/"):
            raise typer.BadParameter(f"'{mount}': expected /PREFIX=FOLDER", param_hint="--workspace")
        found[prefix.rstrip("/") or "/"] = _folder(Path(folder), "--workspace")
    return found


def _accounts(names: "list[str] | tuple[()]") -> tuple[str, ...]:
    for name in names:
        # Azure's rule. Azurite would take a colon or semicolon for the end of a name.
        if not (3 <= len(name) <= 24 and name.isascii() and name.isalnum() and name == name.lower()):
            raise typer.BadParameter(
                f"'{name}': expected 3 to 24 small letters and digits", param_hint="--storage-account"
            )
    return tuple(names)


def _address(listen: str, advertise: str) -> str:
    if listen != HOST and not advertise:
        raise typer.BadParameter("needs --advertise HOST: by which name do others find it?", param_hint="--listen")
    return listen


def _pages(given: "list[str] | tuple[()]") -> dict[str, str]:
    found: dict[str, str] = {}
    for one in given:
        name, _, url = one.partition("=")
        if name not in ("databricks", "data_factory") or urlsplit(url).scheme not in ("http", "https"):
            raise typer.BadParameter(f"'{one}': expected databricks=URL or data_factory=URL", param_hint="--pages")
        found[name] = url.rstrip("/")
    return found


def _blob(urls: "list[str] | tuple[()]") -> tuple[str, str] | None:
    if not urls:
        return None
    found = {urlsplit(url).scheme: url.rstrip("/") for url in urls}
    if len(urls) != 2 or set(found) != {"http", "https"} or not all(urlsplit(url).port for url in urls):
        raise typer.BadParameter("expected http://HOST:PORT and https://HOST:PORT", param_hint="--blob")
    return found["http"], found["https"]


def _hosts(file: Path | None) -> "dict[str, str | None]":
    if file is None:
        return {}
    from local_azure.data_factory.endpoint_map import read_changes

    return read_changes(file)


def _vault(folder: Path) -> "Vault":
    from local_azure.clients import Vault

    state = _state(folder)
    return Vault(Endpoints.read(state), Secrets.load(state))


def _steer(folder: Path, method: str, name: str, body: str = "") -> None:
    from local_azure.clients import steer_coingecko

    state = _state(folder)
    _print_json(steer_coingecko(Endpoints.read(state), Secrets.load(state), method, name, body))


def _print_json(document: Any) -> None:
    typer.echo(json.dumps(document, indent=2))


def _show_ready(ready: "Ready") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    endpoints = ready.endpoints
    for name in ("blob", "blob_tls", "coingecko", "data_factory", "databricks", "identity", "key_vault"):
        address = getattr(endpoints, name)
        table.add_row(f"  {name}", address or "[dim]left out (--no-spark)[/dim]")
    console = Console(soft_wrap=True, highlight=False)
    console.print(table)
    console.print(f"ready after {ready.seconds:.1f} s; state in {ready.state}; ctrl-C stops all", markup=False)


def _show_health(rows: "list[Health]") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for row in rows:
        mark = "[green]up[/green]" if row.healthy else "[red]down[/red]"
        table.add_row(mark, row.service, row.url, row.detail)
    Console(soft_wrap=True, highlight=False).print(table)
