"""The table of cloudFiles options: what each means, its default, and whether it works here."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from local_azure.cloud_files.errors import CloudFilesError


class Status(Enum):
    """What happens to an option here."""

    WORKS = "works"
    WARNS = "accepted with a warning"  # it changes nothing on one machine
    REFUSED = "refused by name"  # unless it is given with its default


@dataclass(frozen=True, slots=True)
class Option:
    """One row: `meaning` also says why an option is ignored or refused."""

    name: str
    default: str | None
    meaning: str
    status: Status = Status.WORKS
    formats: tuple[str, ...] = ()  # empty: every format


W, R = Status.WARNS, Status.REFUSED
TEXTUAL = ("json", "csv", "text")
PARSED = ("json", "csv")

OPTIONS: tuple[Option, ...] = (
    Option("cloudFiles.allowOverwrites", "false", "Take a file again when its modification time moves"),
    Option("cloudFiles.backfillInterval", None, "Every listing here is a full one, so there is nothing to catch up", W),
    Option("cloudFiles.cleanSource", "OFF", "Delete or move files after their commit: files are never touched here", R),
    Option("cloudFiles.cleanSource.moveDestination", None, "Goes with cloudFiles.cleanSource", R),
    Option("cloudFiles.cleanSource.retentionDuration", None, "Goes with cloudFiles.cleanSource", R),
    Option("cloudFiles.clientId", None, "Notification mode: files are found by listing here", W),
    Option("cloudFiles.clientSecret", None, "Notification mode: files are found by listing here", W),
    Option("cloudFiles.connectionString", None, "Notification mode: files are found by listing here", W),
    Option("cloudFiles.fetchParallelism", None, "Notification mode: files are found by listing here", W),
    Option("cloudFiles.format", None, "json, csv, text or binaryFile; required"),
    Option("cloudFiles.includeExistingFiles", "true", "Take the files that are there at the first start of all"),
    Option("cloudFiles.inferColumnTypes", "false", "Infer exact types; otherwise every inferred column is a string"),
    Option("cloudFiles.maxBytesPerTrigger", None, "Soft cap of a batch: the file that crosses it is still taken"),
    Option("cloudFiles.maxFileAge", None, "Known files are never forgotten here, so none is taken twice", W),
    Option("cloudFiles.maxFilesPerTrigger", "1000", "Hard cap of a batch"),
    Option("cloudFiles.partitionColumns", None, "Columns to read from key=value folders; empty for none; default all"),
    Option("cloudFiles.pathRewrites", None, "Notification mode: files are found by listing here", W),
    Option("cloudFiles.queueName", None, "Notification mode: files are found by listing here", W),
    Option("cloudFiles.resourceGroup", None, "Notification mode: files are found by listing here", W),
    Option("cloudFiles.resourceTag.*", None, "Notification mode: files are found by listing here", W),
    Option("cloudFiles.schemaEvolutionMode", None, "addNewColumns, rescue, failOnNewColumns or none"),
    Option("cloudFiles.schemaHints", None, "Types that win over the inferred ones, as DDL with dotted paths"),
    Option("cloudFiles.schemaLocation", None, "Folder that keeps the versions of the schema; required to infer it"),
    Option("cloudFiles.subscriptionId", None, "Notification mode: files are found by listing here", W),
    Option("cloudFiles.tenantId", None, "Notification mode: files are found by listing here", W),
    Option("cloudFiles.useIncrementalListing", None, "Deprecated on Databricks; every listing here is a full one", W),
    Option("cloudFiles.useManagedFileEvents", "false", "File events: files are found by listing here", W),
    Option("cloudFiles.useNotifications", "false", "Notification mode: files are found by listing here", W),
    Option("cloudFiles.useStrictGlobber", "false", "Patterns in the path are always matched folder by folder here", W),
    Option("cloudFiles.validateOptions", "true", "Refuse unknown options; otherwise they are ignored with a warning"),
    Option("allowBackslashEscapingAnyCharacter", "false", "Lax JSON is treated as malformed here", R, ("json",)),
    Option("allowComments", "false", "Lax JSON is treated as malformed here", R, ("json",)),
    Option("allowSingleQuotes", "true", "Single quotes are treated as malformed here", W, ("json",)),
    Option("allowUnquotedFieldNames", "false", "Lax JSON is treated as malformed here", R, ("json",)),
    Option("badRecordsPath", None, "Folder for malformed records and their reasons, instead of a row", formats=PARSED),
    Option("columnNameOfCorruptRecord", "_corrupt_record", "Column for the text of malformed records", formats=PARSED),
    Option("comment", None, "Character that begins a line to skip", formats=("csv",)),
    Option("dateFormat", None, "Other than ISO 8601: read the column as STRING and use to_date", R, PARSED),
    Option("delimiter", ",", "Field separator, also spelled sep", formats=("csv",)),
    Option("encoding", "UTF-8", "Text encoding of the files, also spelled charset", formats=TEXTUAL),
    Option("charset", "UTF-8", "Text encoding of the files, also spelled encoding", formats=TEXTUAL),
    Option("escape", "\\", "Character that escapes quotes within a quoted value", formats=("csv",)),
    Option("header", "false", "The first line names the columns", formats=("csv",)),
    Option("ignoreCorruptFiles", "false", "Skip files that cannot be read, with a warning"),
    Option("ignoreMissingFiles", "false", "Skip files that are gone when they are read, with a warning"),
    Option("inferTimestamp", "false", "Text that looks like a time stays a string: name it in schemaHints", R, PARSED),
    Option("lineSep", None, "Lines end at a newline here", R, TEXTUAL),
    Option("locale", "en-US", "Numbers and times are read in the US form here", R, PARSED),
    Option("mode", "PERMISSIVE", "PERMISSIVE, DROPMALFORMED or FAILFAST for malformed records", formats=PARSED),
    Option("modifiedAfter", None, "Take files modified after this time"),
    Option("modifiedBefore", None, "Take files modified before this time"),
    Option("multiLine", "false", "A file is one JSON document, or its CSV values may hold newlines", formats=PARSED),
    Option("nullValue", "", "Text that stands for null", formats=("csv",)),
    Option("path", None, "The folder, instead of load(path)"),
    Option("pathGlobFilter", None, "Pattern that file names must match"),
    Option("prefersDecimal", "false", "Numbers with a point are DOUBLE: name them in schemaHints", R, PARSED),
    Option("primitivesAsString", "false", "Every column a string: leave cloudFiles.inferColumnTypes off", R, ("json",)),
    Option("quote", '"', "Character around values that hold the separator", formats=("csv",)),
    Option("readerCaseSensitive", "true", "Names that differ in case from the column go to the rescued data", R),
    Option("recursiveFileLookup", None, "Folders are always walked, as Autoloader does", W),
    Option("rescuedDataColumn", "_rescued_data", "Column for what does not fit the schema; on when it is inferred"),
    Option("sep", ",", "Field separator, also spelled delimiter", formats=("csv",)),
    Option("timeZone", None, "Zone of times without one; default the session's zone", formats=PARSED),
    Option("timestampFormat", None, "Other than ISO 8601: read the column as STRING and use to_timestamp", R, PARSED),
    Option("wholeText", "false", "A file is one row", formats=("text",)),
)

BY_NAME = {row.name.lower(): row for row in OPTIONS}
FORMATS = ("json", "csv", "text", "binaryFile")
REFUSED_FORMATS = ("parquet", "avro", "orc", "xml")
EVOLUTION_MODES = ("addNewColumns", "rescue", "failOnNewColumns", "none")
SIZES = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def find_option(name: str) -> Option | None:
    """The row of an option, whose name is read without case."""
    row = BY_NAME.get(name.lower())
    if row is None and name.lower().startswith("cloudfiles.resourcetag."):
        return BY_NAME["cloudfiles.resourcetag.*"]
    return row


def check_options(given: Mapping[str, str]) -> list[str]:
    """Refuse what does not work here; the answer is what is accepted but changes nothing, one sentence each."""
    options = OptionReader(given)
    strict = options.flag("cloudFiles.validateOptions")
    form = options.file_format()
    warnings = []
    for name, value in sorted(given.items()):
        row = find_option(name)
        if row is None or (row.formats and form not in row.formats):
            text = _unknown(name) if row is None else f"option '{row.name}' is not one of format '{form}'"
            if strict:
                raise CloudFilesError(f"{text}; remove it, or set cloudFiles.validateOptions to false to ignore it")
            warnings.append(f"{text}; it is ignored")
        elif row.status is Status.REFUSED and value.lower() != (row.default or "").lower():
            raise CloudFilesError(f"option '{row.name}' is not supported by this local cloudFiles. {row.meaning}")
        elif row.status is Status.WARNS and value.lower() != (row.default or "").lower():
            warnings.append(f"option '{name}' has no effect here. {row.meaning}")
    return warnings


def _unknown(name: str) -> str:
    names = {**{key.removeprefix("cloudfiles."): row.name for key, row in BY_NAME.items()}}
    near = difflib.get_close_matches(name.lower().removeprefix("cloudfiles."), names, n=1, cutoff=0.5)
    hint = f"; did you mean '{names[near[0]]}'?" if near else ""
    return f"unknown option '{name}'{hint}"


class OptionReader:
    """Reads typed values from the options as given, without regard to the case of names."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = {name.lower(): value for name, value in given.items()}

    def has(self, name: str) -> bool:
        """Whether the option was given at all."""
        return name.lower() in self._given

    def text(self, name: str) -> str | None:
        """The text as given, else the default of the table."""
        return self._given.get(name.lower(), BY_NAME[name.lower()].default)

    def flag(self, name: str) -> bool:
        """A boolean."""
        value = self.text(name) or "false"
        if value.lower() not in {"true", "false"}:
            raise CloudFilesError(f"option '{name}' must be true or false, not '{value}'")
        return value.lower() == "true"

    def count(self, name: str) -> int:
        """A whole number above zero."""
        value = self.text(name) or ""
        if not value.isascii() or not value.isdigit() or int(value) == 0:
            raise CloudFilesError(f"option '{name}' must be a whole number above 0, not '{value}'")
        return int(value)

    def size(self, name: str) -> int | None:
        """A number of bytes such as 10g."""
        value = self.text(name)
        if value is None:
            return None
        match = re.fullmatch(r"(\d+)\s*([kmgt]?)b?", value.strip().lower())
        if match is None or int(match[1]) == 0:
            raise CloudFilesError(f"option '{name}' must be a size such as 500m or 10g, not '{value}'")
        return int(match[1]) * SIZES[match[2]]

    def choice(self, name: str, choices: Iterable[str]) -> str | None:
        """One of some words, in the spelling of the table."""
        value = self.text(name)
        if value is None:
            return None
        for word in choices:
            if word.lower() == value.lower():
                return word
        raise CloudFilesError(f"option '{name}' must be one of {', '.join(choices)}, not '{value}'")

    def file_format(self) -> str:
        """The format of the files, one that can be read here."""
        value = self.text("cloudFiles.format")
        if value is None:
            raise CloudFilesError("option 'cloudFiles.format' is missing: name the format of the files, such as json")
        if value.lower() in REFUSED_FORMATS:
            raise CloudFilesError(
                f"cloudFiles.format '{value}' is not supported by this local cloudFiles (it reads {', '.join(FORMATS)})"
            )
        chosen = self.choice("cloudFiles.format", FORMATS)
        assert chosen is not None
        return chosen
