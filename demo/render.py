"""Prints the demo's report for people."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from demo.report import Chart, Report

BARS = "▁▂▃▄▅▆▇█"
SPARK_WIDTH = 48


def spark_line(values: Sequence[float], *, width: int = SPARK_WIDTH) -> str:
    """Prices as bars between their lowest and their highest.

    >>> spark_line([1.0, 2.0, 3.0])
    '▁▅█'
    >>> spark_line([])
    ''
    """
    if not values:
        return ""
    shown = [values[round(place * (len(values) - 1) / (width - 1))] for place in range(width)]
    shown = list(values) if len(values) <= width else shown
    low, high = min(shown), max(shown)
    if high == low:
        return BARS[3] * len(shown)
    return "".join(BARS[round((value - low) / (high - low) * (len(BARS) - 1))] for value in shown)


def price_text(price: float) -> str:
    """A price with as many digits as its size needs.

    >>> [price_text(price) for price in (77671.4, 1.2345678, 0.0000123456)]
    ['77,671.40', '1.2346', '0.000012346']
    """
    if price >= 100:
        return f"{price:,.2f}"
    return f"{price:,.4f}" if price >= 0.01 else f"{price:.9f}"


def size_text(count: int) -> str:
    """Bytes in a unit that fits.

    >>> [size_text(count) for count in (512, 20480, 3_500_000)]
    ['512 B', '20 kB', '3.5 MB']
    """
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def show(report: Report, console: Console) -> None:
    """The whole report, shortest first: what is new, what there is, what it says, how to go on."""
    console.print()
    console.print(headline(report), highlight=False, soft_wrap=True)
    for note in report.notes:
        console.print(f"[yellow]{escape(note)}[/yellow]", highlight=False, soft_wrap=True)
    for table in (landing_table(report), lakehouse_table(report), quarantine_table(report)):
        console.print()
        console.print(table)
    show_charts(report, console)
    show_ways_on(report, console)


def headline(report: Report) -> str:
    runs = f"{len(report.runs)} DAG runs in {report.seconds:.0f} s"
    if report.new_files:
        known = f", {report.known_files} already landed" if report.known_files else ""
        return f"[green bold]Done:[/] {runs}, {report.new_files} new files landed{known} ({escape(report.market)})"
    return f"[green bold]Nothing new:[/] {report.known_files} files already landed; {runs} ({escape(report.market)})"


def make_table(title: str, *columns: str, right: tuple[str, ...] = ()) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in columns:
        table.add_column(
            column, justify="right" if column in right else "left", style=None, header_style="bright_black"
        )
    return table


def landing_table(report: Report) -> Table:
    table = make_table(
        "Landed in Blob", "endpoint", "files", "new", "size", "provenance", right=("files", "new", "size")
    )
    for line in report.landing:
        table.add_row(
            line.endpoint, str(line.files), str(line.new_files), size_text(line.bytes), escape(line.provenance)
        )
    return table


def lakehouse_table(report: Report) -> Table:
    right = ("rows", "version", "size")
    table = make_table("Delta tables", "table", "rows", "version", "size", right=right)
    for line in report.tables:
        table.add_row(line.table, f"{line.rows:,}", str(line.version), size_text(line.bytes))
    return table


def quarantine_table(report: Report) -> Table | str:
    if not report.quarantined:
        return "[bold]Quarantined[/]: nothing"
    table = make_table("Quarantined", "reason", "rows", "a file with it", right=("rows",))
    for line in report.quarantined:
        table.add_row(line.reason_code, f"{line.rows:,}", escape(line.example.rpartition("/coingecko/")[2]))
    return table


def show_charts(report: Report, console: Console) -> None:
    console.print()
    console.print("[bold]Last prices[/]")
    for chart in report.charts:
        console.print(chart_line(chart), highlight=False, soft_wrap=True)
    if report.dominance:
        shares = ", ".join(f"{share.coin_id} {share.share:.1%}" for share in report.dominance)
        console.print(f"Share of market cap on {report.dominance_day}: {shares}", highlight=False, soft_wrap=True)


def chart_line(chart: Chart) -> str:
    colour = "green" if chart.prices and chart.prices[-1] >= chart.prices[0] else "red"
    name = f"{chart.coin_id} {price_text(chart.last_price)} {chart.vs_currency}"
    label = f"{chart.last_at} UTC, {chart.market}"
    return f"{escape(name):<32} [{colour}]{spark_line(chart.prices)}[/]  [bright_black]{escape(label)}[/]"


def show_ways_on(report: Report, console: Console) -> None:
    console.print()
    if report.airflow_url:
        console.print(f"Airflow: {report.airflow_url}  user {report.airflow_user}, password in", soft_wrap=True)
        console.print(f"  {report.airflow_password_file}", highlight=False, soft_wrap=True)
    observed = next((table.path for table in report.tables if table.table == "gold.ohlcv_daily"), None)
    if observed:
        console.print("Open a table (any Delta reader works, each table is a folder):", highlight=False)
        console.print(f"  .venv/bin/python -m demo.show {observed}", highlight=False, soft_wrap=True)
    if not report.airflow_url:
        console.print(
            "Look around: 'make demo ARGS=--keep-up' keeps Airflow and the stand-ins running", highlight=False
        )
