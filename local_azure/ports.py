"""The one port table: which service listens where, and how a user moves it."""

import errno
import socket
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from local_azure.errors import LocalAzureError

HOST = "127.0.0.1"

# service -> port of `--ports default`; all are loopback. 0 means: the system picks a free one.
PORTS: Mapping[str, int] = MappingProxyType(
    {
        "blob": 10000,
        "blob_tls": 10016,
        "coingecko": 10011,
        "data_factory": 10015,
        "databricks": 10014,
        "identity": 10012,
        "key_vault": 10013,
    }
)
FREE = 0


def choose(mode: str, overrides: Iterable[str] = ()) -> dict[str, int]:
    """The wanted port of each service, from `--ports` and the `--port name=N` options."""
    if mode not in ("default", "free"):
        raise LocalAzureError(f"--ports {mode}: expected 'default' or 'free'")
    wanted = dict(PORTS) if mode == "default" else dict.fromkeys(PORTS, FREE)
    for override in overrides:
        name, separator, number = override.partition("=")
        if not separator or name not in PORTS:
            raise LocalAzureError(f"--port {override}: expected NAME=NUMBER with NAME one of {', '.join(PORTS)}")
        if not number.isdecimal() or not 0 <= int(number) <= 65535:
            raise LocalAzureError(f"--port {override}: '{number}' is not a port between 0 and 65535")
        wanted[name] = int(number)
    return wanted


def bind(service: str, port: int, host: str = HOST) -> socket.socket:
    """A socket, of loopback by default, that nobody else can take any more; an error names service, port and remedy."""
    # The protocol is named for asyncio: it only switches Nagle's algorithm off on sockets that say they are TCP, and an
    # answer in two writes would wait 40 ms for the client's acknowledgement.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        # Without this, two sockets with SO_REUSEADDR may be bound to one port until either listens.
        bound.listen(2048)
    except OSError as error:
        bound.close()
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        why = "is taken" if error.errno == errno.EADDRINUSE else "may not be used by this user"
        raise LocalAzureError(
            f"port {port} for {service} {why}: free it, or choose another with --port {service}=NUMBER or --ports free"
        ) from error
    bound.set_inheritable(False)
    return bound


def port_of(bound: socket.socket) -> int:
    """The number behind a bound socket."""
    return int(bound.getsockname()[1])
