"""Files of Blob Storage behind abfss:// and wasbs:// URLs."""

from typing import TYPE_CHECKING, Any

from local_azure.storage import StorageMap

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

# How Hadoop's and Azure's own tools mark an empty folder of a flat container.
FOLDER_MARK = {"hdi_isfolder": "true"}


class BlobFiles:
    """Containers of the known accounts; a folder is a common prefix of names."""

    def __init__(self, storage: StorageMap) -> None:
        self._storage = storage

    def entries(self, url: str) -> list[tuple[str, int, int]]:
        """What a folder holds, or the file itself."""
        from azure.storage.blob import BlobPrefix

        container, path = self._locate(url)
        if path and not self.is_folder(url):
            properties = container.get_blob_client(path).get_blob_properties()
            return [(path.rpartition("/")[2], int(properties.size), _milliseconds(properties))]
        prefix = f"{path}/" if path else ""
        found: dict[str, tuple[str, int, int]] = {}
        for item in container.walk_blobs(name_starts_with=prefix, delimiter="/", include=["metadata"]):
            name = item.name.removeprefix(prefix)
            if isinstance(item, BlobPrefix) or (item.metadata or {}).get("hdi_isfolder"):
                # A folder may show both as its mark and as the prefix of what it holds.
                name = name.rstrip("/") + "/"
                found[name] = (name, 0, 0)
            else:
                found[name] = (name, int(item.size), _milliseconds(item))
        return list(found.values())

    def is_folder(self, url: str) -> bool:
        """Whether the URL is a folder."""
        container, path = self._locate(url)
        if not path:
            if not container.exists():
                raise FileNotFoundError(f"No such file or directory: {url}")
            return True
        if next(iter(container.list_blobs(name_starts_with=f"{path}/")), None) is not None:
            return True
        blob = container.get_blob_client(path)
        if not blob.exists():
            raise FileNotFoundError(f"No such file or directory: {url}")
        return bool((blob.get_blob_properties().metadata or {}).get("hdi_isfolder"))

    def read(self, url: str, limit: int | None = None) -> bytes:
        """The first bytes of a file."""
        if self.is_folder(url):
            raise IsADirectoryError(f"{url} is a folder")
        container, path = self._locate(url)
        # A range of an empty blob is an error of the service.
        if not container.get_blob_client(path).get_blob_properties().size:
            return b""
        return bytes(container.download_blob(path, offset=0, length=limit).readall())

    def write(self, url: str, data: bytes, *, overwrite: bool) -> None:
        """Write a whole file."""
        from azure.core.exceptions import ResourceExistsError

        container, path = self._locate(url)
        try:
            container.upload_blob(path, data, overwrite=overwrite)
        except ResourceExistsError as error:
            raise FileExistsError(f"{url} exists: pass overwrite=True") from error

    def delete(self, url: str, *, recurse: bool) -> bool:
        """Delete; False when there was nothing."""
        container, path = self._locate(url)
        if not path:
            raise PermissionError(f"{url} is a whole container: nothing is deleted")
        try:
            folder = self.is_folder(url)
        except FileNotFoundError:
            return False
        if not folder:
            container.delete_blob(path)
            return True
        names = [blob.name for blob in container.list_blobs(name_starts_with=f"{path}/")]
        if names and not recurse:
            raise OSError(f"{url} is a folder that is not empty: pass recurse=True")
        for name in names:
            container.delete_blob(name)
        marker = container.get_blob_client(path)
        if marker.exists():
            marker.delete_blob()
        return True

    def make_folder(self, url: str) -> None:
        """Mark a folder: a flat container has none."""
        container, path = self._locate(url)
        try:
            if not self.is_folder(url):
                raise FileExistsError(f"{url} is a file")
        except FileNotFoundError:
            container.upload_blob(path, b"", metadata=FOLDER_MARK)

    def _locate(self, url: str) -> "tuple[ContainerClient, str]":
        place = self._storage.locate(url)
        return place.account.container(place.container), place.path.strip("/")


def _milliseconds(properties: Any) -> int:
    return int(properties.last_modified.timestamp() * 1000)
