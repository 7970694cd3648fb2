"""Knows the forms of secrets: what a text holds is found by parsing it as what it might be."""

import base64
import binascii
import json
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import parse_qs, urlsplit

# Members of connection strings whose value is a secret, in small letters without blanks.
_CONNECTION_KEYS: Final = frozenset(
    {"accountkey", "password", "pwd", "sharedaccesskey", "sharedaccesssignature", "sharedsecretvalue", "clientsecret"}
)
# Ends of the names of members (headers, parameters, properties) whose text is a secret, in small letters and digits.
_SECRET_NAMES: Final = (
    "accesskey",
    "accesstoken",
    "accountkey",
    "apikey",
    "apitoken",
    "authorization",
    "authtoken",
    "clientsecret",
    "functionkey",
    "functionskey",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "sastoken",
    "secretkey",
    "serviceprincipalkey",
    "subscriptionkey",
)
_TOKEN: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+/=")
_HEX: Final = frozenset("0123456789abcdef")
_STORAGE_KEY_BYTES: Final = 64


def forms_in(text: str) -> Iterator[str]:
    """What kinds of secrets a text holds, in words; most texts hold none."""
    for words, mark, holds in _FORMS:
        if mark in text and holds(text):
            yield words


def is_secret_name(name: str) -> bool:
    """Whether a member of this name holds a secret: "x-api-key", "Authorization", "shop_api_key"; not "secretName"."""
    return "".join(char for char in name.lower() if char.isalnum()).endswith(_SECRET_NAMES)


def _has_private_key(text: str) -> bool:
    _, begins, rest = text.partition("-----BEGIN ")
    return bool(begins) and rest.partition("-----")[0].endswith("PRIVATE KEY")


def _has_web_token(text: str) -> bool:
    """Three parts, of which the first is a JSON object with the algorithm."""
    return any(_is_web_token(word) for word in _words(text) if word.count(".") == 2)


def _is_web_token(word: str) -> bool:
    head = word.partition(".")[0]
    try:
        found = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, binascii.Error):
        return False
    return isinstance(found, dict) and "alg" in found


def _has_databricks_token(text: str) -> bool:
    if "dapi" not in text and "dose" not in text:
        return False
    return any(
        word.startswith(("dapi", "dose")) and len(word) >= 36 and _HEX.issuperset(word[4:36]) for word in _words(text)
    )


def _has_storage_key(text: str) -> bool:
    keys = (word for word in _words(text) if word.endswith("=="))
    # "AccountKey=..." is one word.
    return any(_STORAGE_KEY_BYTES in (_decoded(word), _decoded(word.partition("=")[2])) for word in keys)


def _decoded(word: str) -> int:
    """How many bytes a base64 text stands for; 0: it is none."""
    try:
        return len(base64.b64decode(word, validate=True))
    except (ValueError, binascii.Error):
        return 0


def _has_signature(text: str) -> bool:
    """The query of a shared access signature, or of a Logic App."""
    query = urlsplit(text).query if "://" in text else text.removeprefix("?")
    found = parse_qs(query)
    return "sig" in found and bool({"se", "sp", "sv", "si"} & set(found))


def _has_password_in_address(text: str) -> bool:
    for word in text.split():
        if "://" in word:
            try:
                password = urlsplit(word).password
            except ValueError:
                continue
            if password and not password.startswith("@{"):
                return True
    return False


def _has_connection_password(text: str) -> bool:
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if equals and value.strip() and "".join(name.lower().split()) in _CONNECTION_KEYS:
            return True
    return False


def _words(text: str) -> Iterator[str]:
    """The runs of characters that a token may have."""
    word = ""
    for char in text:
        if char in _TOKEN:
            word += char
        elif word:
            yield word
            word = ""
    if word:
        yield word


# What it is, what every one of it has, the test.
_FORMS: Final[tuple[tuple[str, str, Callable[[str], bool]], ...]] = (
    ("a private key", "PRIVATE KEY", _has_private_key),
    ("a JSON web token", "ey", _has_web_token),
    ("a Databricks token", "d", _has_databricks_token),
    ("the key of a storage account", "==", _has_storage_key),
    ("a shared access signature", "sig=", _has_signature),
    ("a password in an address", "://", _has_password_in_address),
    ("a password in a connection string", "=", _has_connection_password),
)
