"""Makes the local certificate authority and the server certificate of a state folder, once."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from local_azure.state import State, write_private

_CA_DAYS = 3650
# Browsers and macOS refuse server certificates that are valid for longer than this.
_SERVER_DAYS = 397
_RENEW_BEFORE = timedelta(days=30)
_ALWAYS = ("localhost", "127.0.0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """The files that a TLS server and its clients need."""

    # Our CA alone, for a client that trusts nothing else.
    ca: Path
    # certifi's public CAs and ours: what REQUESTS_CA_BUNDLE and SSL_CERT_FILE name.
    bundle: Path
    certificate: Path
    key: Path


def prepare(state: State, hosts: Iterable[str] = ()) -> Tls:
    """The TLS files of a state folder, for this machine and more hosts; what is missing or expires is made anew."""
    state.tls.mkdir(mode=0o700, parents=True, exist_ok=True)
    ca_key_file, ca_file = state.tls / "ca.key.pem", state.tls / "ca.pem"
    found = Tls(
        ca=ca_file,
        bundle=state.tls / "bundle.pem",
        certificate=state.tls / "server.pem",
        key=state.tls / "server.key.pem",
    )
    if not (ca_key_file.exists() and _lasts(ca_file)):
        _make_ca(ca_key_file, ca_file)
    names = dict.fromkeys((*_ALWAYS, *hosts))
    if not (found.key.exists() and _lasts(found.certificate) and _serves(found.certificate, ca_file, names)):
        _make_server(ca_key_file, ca_file, found, names)
    write_private(found.bundle, Path(certifi.where()).read_bytes().rstrip() + b"\n" + ca_file.read_bytes())
    return found


def _make_ca(key_file: Path, ca_file: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "local-azure CA (this state folder only)")])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        _builder(name, name, key.public_key(), days=_CA_DAYS)
        # Python 3.13 verifies strictly: both constraints must be there and be critical.
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    write_private(key_file, _pem(key))
    write_private(ca_file, certificate.public_bytes(serialization.Encoding.PEM))


def _make_server(ca_key_file: Path, ca_file: Path, files: Tls, hosts: Iterable[str]) -> None:
    ca_key = serialization.load_pem_private_key(ca_key_file.read_bytes(), None)
    assert isinstance(ca_key, ec.EllipticCurvePrivateKey)
    ca = x509.load_pem_x509_certificate(ca_file.read_bytes())
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    certificate = (
        _builder(name, ca.subject, key.public_key(), days=_SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(map(_name, hosts)), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(authority, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    write_private(files.key, _pem(key))
    write_private(files.certificate, certificate.public_bytes(serialization.Encoding.PEM))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        # An hour back, for clocks that differ between a container and its host.
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _lasts(file: Path) -> bool:
    if not file.exists():
        return False
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    return certificate.not_valid_after_utc - datetime.now(UTC) > _RENEW_BEFORE


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _serves(file: Path, ca_file: Path, hosts: Iterable[str]) -> bool:
    """Whether a certificate is of this CA and names all hosts."""
    found = x509.load_pem_x509_certificate(file.read_bytes())
    named = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return _issued_by(ca_file, file) and set(map(_name, hosts)) <= set(named)


def _issued_by(ca_file: Path, file: Path) -> bool:
    ca = x509.load_pem_x509_certificate(ca_file.read_bytes())
    try:
        x509.load_pem_x509_certificate(file.read_bytes()).verify_directly_issued_by(ca)
    except (InvalidSignature, ValueError):
        return False
    return True


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
