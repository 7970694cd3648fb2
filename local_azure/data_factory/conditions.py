"""If-Match and If-None-Match: an etag that was read before decides whether a request is carried out."""

from collections.abc import Mapping

from local_azure.data_factory.refusals import already_there, changed, not_there


def check_write(headers: Mapping[str, str], etag: str | None) -> None:
    """Refuses a write when the resource is not the one that was read; `etag` is None when there is no resource."""
    wanted, unwanted = headers.get("if-match"), headers.get("if-none-match")
    if wanted is not None and etag is None:
        raise not_there()
    if wanted is not None and etag is not None and not _names(wanted, etag):
        raise changed(etag)
    if unwanted is not None and etag is not None and _names(unwanted, etag):
        raise already_there(etag)


def is_unchanged(headers: Mapping[str, str], etag: str) -> bool:
    """Whether a read is answered with 304: the client has this version."""
    known = headers.get("if-none-match")
    return known is not None and _names(known, etag)


def _names(header: str, etag: str) -> bool:
    """Whether a list of etags has this one; clients send them with and without quotes, and as weak ones."""
    given = [each.strip().removeprefix("W/").strip('"') for each in header.split(",")]
    return "*" in given or etag in given
