"""Writes the system's certificate authorities as a trust store for Java: `python truststore.py FILE`."""

import os
import ssl
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12


def write(target: Path) -> None:
    """The password is Java's usual one: the store holds no secrets."""
    bundle = (
        os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
    )
    found = x509.load_pem_x509_certificates(Path(bundle).read_bytes())
    named = [pkcs12.PKCS12Certificate(one, f"ca-{number}".encode()) for number, one in enumerate(found)]
    target.write_bytes(pkcs12.serialize_java_truststore(named, BestAvailableEncryption(b"changeit")))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
