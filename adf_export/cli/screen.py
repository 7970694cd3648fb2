"""What commands say: results on standard output; progress, diagnostics and errors on standard error."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import typer

from adf_export.errors import AdfExportError

if TYPE_CHECKING:
    from rich.text import Text


def show(text: "Text", *, err: bool = False) -> None:
    """A text with its styles, without them where nobody looks; lines are left as they are."""
    from rich.console import Console

    stream = sys.stderr if err else sys.stdout
    Console(file=stream, soft_wrap=True, highlight=False, markup=False, emoji=False).print(text)


def show_json(document: Any) -> None:
    typer.echo(json_text(document), nl=False)


def json_text(document: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def write(text: str, out: Path | None) -> None:
    """A result to a file or to standard output.

    Raises:
        AdfExportError: the file cannot be written.
    """
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise AdfExportError(f"cannot write the file: {error.strerror}", place=str(out)) from error


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[str], None] | None]:
    """Names each file as it is read, where a person looks on."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True, highlight=False).status("reading DAG files") as status:
        count = 0

        def tell(file: str) -> None:
            nonlocal count
            count += 1
            status.update(f"reading DAG files: {count:,}, {file}")

        yield tell
