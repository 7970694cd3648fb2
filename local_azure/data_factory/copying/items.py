"""What is known of a file or folder without reading it: for GetMetadata and Validation."""

import datetime
from dataclasses import dataclass

from local_azure.data_factory.stores.blob import Blob, BlobAccount, Listing
from local_azure.data_factory.stores.blob_files import Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A file, or a folder with what it holds directly."""

    name: str
    # None for a folder.
    file: Blob | None = None
    # Of a folder.
    content: Listing | None = None
    # Of a container: a folder in one has no time of its own.
    modified: datetime.datetime | None = None

    @property
    def type(self) -> str:
        return "File" if self.file else "Folder"


async def find_item(account: BlobAccount, selection: Selection) -> Item | None:
    """The file or folder of a selection without wildcards, None where there is none."""
    if selection.file:
        name = f"{selection.folder}/{selection.file}" if selection.folder else selection.file
        blob = await account.find(selection.container, name)
        return None if blob is None else Item(name=selection.file, file=blob, modified=blob.modified)
    modified = await account.container_modified(selection.container)
    if modified is None:
        return None
    listing = await account.list_folder(selection.container, f"{selection.folder}/" if selection.folder else "")
    if not selection.folder:
        return Item(name=selection.container, content=listing, modified=modified)
    if not (listing.blobs or listing.folders) and not await account.is_folder(selection.container, selection.folder):
        return None
    return Item(name=selection.folder.rpartition("/")[2], content=listing)


def children(content: Listing, selection: Selection) -> list[dict[str, str]]:
    """Names and types, as `childItems` has them; where times are asked for, files only."""
    timed = selection.modified_start is not None or selection.modified_end is not None
    folders = [] if timed else [{"name": _last(folder), "type": "Folder"} for folder in content.folders]
    files = [{"name": _last(blob.name), "type": "File"} for blob in content.blobs if selection.modified_within(blob)]
    return sorted(folders + files, key=lambda child: child["name"])


def _last(name: str) -> str:
    return name.rstrip("/").rpartition("/")[2]
