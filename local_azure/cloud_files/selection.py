"""Decides which of the listed files a stream wants, and which of those fit into one batch."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from local_azure.cloud_files.errors import CloudFilesError
from local_azure.cloud_files.folders import FileEntry
from local_azure.cloud_files.globs import compile_glob
from local_azure.cloud_files.options import OptionReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The filters and caps among the options."""

    name_pattern: str | None
    after: int | None  # microseconds
    before: int | None
    overwrites: bool
    max_files: int
    max_bytes: int | None

    @classmethod
    def of(cls, options: OptionReader, time_zone: str) -> "Selection":
        """Read them from the options."""
        return cls(
            name_pattern=options.text("pathGlobFilter"),
            after=_time(options, "modifiedAfter", time_zone),
            before=_time(options, "modifiedBefore", time_zone),
            overwrites=options.flag("cloudFiles.allowOverwrites"),
            max_files=options.count("cloudFiles.maxFilesPerTrigger"),
            max_bytes=options.size("cloudFiles.maxBytesPerTrigger"),
        )

    def wanted(self, files: Iterable[FileEntry]) -> list[FileEntry]:
        """The files that the filters leave, oldest first."""
        pattern = compile_glob(self.name_pattern) if self.name_pattern else None
        chosen = [
            file
            for file in files
            if (pattern is None or pattern.fullmatch(file.key.rpartition("/")[2]))
            and (self.after is None or file.modified > self.after)
            and (self.before is None or file.modified < self.before)
        ]
        return sorted(chosen, key=lambda file: (file.modified, file.key))

    def unseen(self, files: Iterable[FileEntry], seen: dict[str, int]) -> list[FileEntry]:
        """The files that no batch has taken."""
        if self.overwrites:
            return [file for file in files if seen.get(file.key, -1) < file.modified]
        return [file for file in files if file.key not in seen]

    def batch(self, files: list[FileEntry]) -> list[FileEntry]:
        """The first files that fit under the caps, at least one."""
        chosen = files[: self.max_files]
        if self.max_bytes is None:
            return chosen
        total = 0
        for i, file in enumerate(chosen):
            total += file.size
            if total >= self.max_bytes:
                return chosen[: i + 1]
        return chosen


def _time(options: OptionReader, name: str, time_zone: str) -> int | None:
    text = options.text(name)
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise CloudFilesError(f"option '{name}' must be a time such as 2021-05-01T00:00:00, not '{text}'") from None
    if time.tzinfo is None:
        time = time.replace(tzinfo=ZoneInfo(time_zone))
    return int(time.timestamp() * 1_000_000)
