"""Writes what a copy made: names of files, packing, and blobs that show only when they are whole."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from local_azure.data_factory.activities.base import ActivityContext
from local_azure.data_factory.copying.accounts import open_account
from local_azure.data_factory.copying.counting import Counters
from local_azure.data_factory.copying.settings import INVALID
from local_azure.data_factory.data_errors import DataError
from local_azure.data_factory.datasets import BlobLocation, ResolvedDataset
from local_azure.data_factory.formats.base import Format
from local_azure.data_factory.formats.compression import GZIP, Packer
from local_azure.data_factory.formats.delimited_text import DelimitedTextFormat
from local_azure.data_factory.formats.json_file import FilePattern, JsonFormat
from local_azure.data_factory.refusing import as_flag
from local_azure.data_factory.stores.blob import BLOCK, BlobAccount, BlobWriter

Json = Any
PRESERVE, FLATTEN, MERGE = "preservehierarchy", "flattenhierarchy", "mergefiles"
MEGABYTE = 1024 * 1024
MAX_BLOCK_MEGABYTES = 4000
DATASETS: Mapping[str, str] = {
    "BinarySink": "Binary",
    "DelimitedTextSink": "DelimitedText",
    "JsonSink": "Json",
    "ParquetSink": "Parquet",
}
_NAMES = uuid.UUID("6f1f0a9e-5a4e-4b0c-9d55-1f2ab3a0c7d4")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    """Where files go and what they are called."""

    dataset: ResolvedDataset
    location: BlobLocation
    account: BlobAccount
    # One of PRESERVE, FLATTEN, MERGE.
    behaviour: str
    block: int
    activity_run_id: str

    @property
    def format(self) -> Format | None:
        return self.dataset.format

    def target(self, relative: str, *, files: int, unpacked: bool = False) -> str:
        """The blob for the source file of this path; `unpacked`: it was packed and is not any more.

        Raises:
            DataError: the dataset names one file, and there are several.
        """
        location = self.location
        if location.file:
            if files > 1 and self.behaviour != MERGE:
                raise DataError(
                    INVALID,
                    f"the sink names one file, '{location.file}', and the source has {files}: leave the fileName of "
                    "the sink's dataset empty, or set copyBehavior to MergeFiles",
                )
            return self._in_folder(location.file)
        if self.behaviour == PRESERVE and relative:
            return self._in_folder(self._renamed(relative, unpacked=unpacked))
        name = f"data_{self.activity_run_id}"
        if self.behaviour == FLATTEN:
            name += f"_{uuid.uuid5(_NAMES, relative)}"
        extension = self.format.extension if self.format else _extension(relative)
        return self._in_folder(name + extension + self._packed)

    @property
    def _packed(self) -> str:
        return ".gz" if self.dataset.compression == GZIP else ""

    def _renamed(self, relative: str, *, unpacked: bool) -> str:
        if unpacked:
            relative = relative.removesuffix(".gz")
        if self.format is not None:
            folder, slash, file = relative.rpartition("/")
            stem = _EXTENSION.sub("", file) or file
            relative = f"{folder}{slash}{stem}{self.format.extension}"
        return relative if relative.endswith(".gz") else relative + self._packed

    def _in_folder(self, name: str) -> str:
        return f"{self.location.folder}/{name}" if self.location.folder else name

    def open(self, name: str, counters: Counters, *, packed: bool = False) -> "Output":
        """A file to write; `packed`: the bytes that it will be given are packed already."""
        writer = self.account.writer(self.location.container, name, block=self.block)
        packer = Packer(self.dataset.level) if self.dataset.compression == GZIP and not packed else None
        return Output(writer=writer, packer=packer, counters=counters)


@dataclass(slots=True, kw_only=True)
class Output:
    """One file that is being written; an error inside leaves nothing behind."""

    writer: BlobWriter
    packer: Packer | None
    counters: Counters

    async def __aenter__(self) -> "Output":
        await self.writer.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None and self.packer is not None:
            await self.writer.write(self.packer.finish())
        await self.writer.__aexit__(kind, *rest)
        if kind is None:
            self.counters.data_written += self.writer.written
            self.counters.files_written += 1

    async def write(self, data: bytes) -> None:
        """Takes bytes of the file."""
        await self.writer.write(self.packer.pack(data) if self.packer else data)


def open_sink(dataset: ResolvedDataset, sink: Mapping[str, Json], context: ActivityContext) -> Sink:
    """The sink of evaluated settings that were checked.

    Raises:
        DataError: sink, settings and dataset do not belong together.
    """
    kind = str(sink.get("type"))
    if DATASETS.get(kind) != dataset.type:
        raise DataError(
            INVALID,
            f"a {kind} writes to a dataset of type {DATASETS.get(kind)}, '{dataset.name}' is of type {dataset.type}",
        )
    location = dataset.location
    if not isinstance(location, BlobLocation):
        raise DataError(INVALID, f"dataset '{dataset.name}' is not in Blob Storage, where alone a sink writes here")
    settings = sink.get("formatSettings") or {}
    if settings and settings.get("type") != f"{kind.removesuffix('Sink')}WriteSettings":
        raise DataError(INVALID, f"formatSettings of type {settings.get('type')} do not fit a {kind}")
    store = sink.get("storeSettings") or {}
    block = int(store.get("blockSizeInMB") or 0)
    if block > MAX_BLOCK_MEGABYTES:
        raise DataError(INVALID, f"blockSizeInMB is {block}, and {MAX_BLOCK_MEGABYTES} is the most")
    return Sink(
        dataset=replace(dataset, format=_with_settings(dataset, settings, location)),
        location=location,
        account=open_account(location.service, context),
        behaviour=str(store.get("copyBehavior") or PRESERVE).lower(),
        block=block * MEGABYTE or BLOCK,
        activity_run_id=context.activity_run_id,
    )


def _with_settings(dataset: ResolvedDataset, settings: Mapping[str, Json], location: BlobLocation) -> Format | None:
    match dataset.format:
        case JsonFormat() as format_:
            return replace(format_, pattern=FilePattern(settings.get("filePattern") or FilePattern.SET_OF_OBJECTS))
        case DelimitedTextFormat() as format_:
            extension = settings.get("fileExtension") or ""
            if not extension and not location.file:
                raise DataError(INVALID, "fileExtension is needed in formatSettings where the sink names no file")
            dotted = extension if extension.startswith(".") or not extension else f".{extension}"
            return replace(
                format_,
                file_extension=dotted or format_.file_extension,
                quote_all_text=as_flag(settings.get("quoteAllText") or False),
            )
        case other:
            return other


def _extension(relative: str) -> str:
    found = _EXTENSION.search(relative.removesuffix(".gz"))
    return found[0] if found else ""
