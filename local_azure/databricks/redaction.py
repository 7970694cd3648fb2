"""Replaces secret values by [REDACTED] in a stream of bytes, across chunk borders."""

MARK = b"[REDACTED]"


class Redactor:
    """Knows the secrets that a run has read."""

    def __init__(self) -> None:
        self._secrets: list[bytes] = []
        self._held = b""

    def add(self, value: str) -> None:
        """From now on this value is not shown; one that spans lines is hidden line by line."""
        for part in value.splitlines():
            data = part.encode()
            if data.strip() and data not in self._secrets:
                self._secrets.append(data)
        # A secret that holds another one goes first.
        self._secrets.sort(key=len, reverse=True)

    def feed(self, chunk: bytes) -> bytes:
        """What of the stream can be shown now; an end that may be the start of a secret is held back."""
        data = self._replace(self._held + chunk)
        keep = max((_overlap(data, secret) for secret in self._secrets), default=0)
        self._held = data[len(data) - keep :]
        return data[: len(data) - keep]

    def flush(self) -> bytes:
        """The rest, at the end of the stream."""
        held, self._held = self._held, b""
        return held

    def text(self, value: str) -> str:
        """A whole text without its secrets."""
        return self._replace(value.encode()).decode()

    def _replace(self, data: bytes) -> bytes:
        for secret in self._secrets:
            data = data.replace(secret, MARK)
        return data


def _overlap(data: bytes, secret: bytes) -> int:
    """How many bytes at the end of `data` are the start of `secret`."""
    for size in range(min(len(secret) - 1, len(data)), 0, -1):
        if secret.startswith(data[-size:]):
            return size
    return 0
