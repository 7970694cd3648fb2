"""Signs and verifies the access tokens of a state folder."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local_azure.errors import LocalAzureError
from local_azure.state import State, write_private

LIFETIME_SECONDS = 24 * 3600
# Fixed names, so that a token of one state folder differs from another's by its signature only.
TENANT = "5ad0a5b4-64d9-4b0e-9f0c-2b7a4f6d8c11"
OBJECT = "0c6a3c0e-6f2f-4d0b-8a57-3f4e9d1b7a22"
_CLOCK_SKEW_SECONDS = 60


class TokenError(LocalAzureError):
    """A token that is not accepted: `code` is the reason in OAuth's words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An issued access token."""

    text: str
    audience: str
    issued_at: int
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Tokens:
    """The one signer of a state folder; whoever holds it can also verify."""

    key: rsa.RSAPrivateKey
    # The base address of the identity service; the discovery document is built from it.
    base_url: str
    clock: Callable[[], float] = time.time

    @property
    def issuer(self) -> str:
        """As Entra ID's version 1 tokens have it, which managed identities get: Azurite takes no other."""
        return f"https://sts.windows.net/{TENANT}/"

    @property
    def public_key(self) -> str:
        """PEM of the key that verifies the signature."""
        encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_key().public_bytes(encoding, form).decode()

    @property
    def key_id(self) -> str:
        return f"{self.key.public_key().public_numbers().n:x}"[:40]

    def issue(self, audience: str, *, client_id: str) -> Token:
        """A token for one resource."""
        now = int(self.clock())
        token = {
            "aud": audience,
            "iss": self.issuer,
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME_SECONDS,
            "appid": client_id,
            "idtyp": "app",
            "oid": OBJECT,
            "sub": OBJECT,
            "tid": TENANT,
            "uti": uuid.uuid4().hex,
            "ver": "1.0",
        }
        text = jwt.encode(token, self.key, algorithm="RS256", headers={"kid": self.key_id})
        return Token(text=text, audience=audience, issued_at=now, expires_at=now + LIFETIME_SECONDS)

    def verify(self, text: str, *, audience: str) -> dict[str, Any]:
        """The claims of a token that is ours, in time and meant for this audience (a final slash aside)."""
        options: Any = {"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False}
        try:
            claims: dict[str, Any] = jwt.decode(text, self.key.public_key(), algorithms=["RS256"], options=options)
        except jwt.InvalidSignatureError as error:
            raise TokenError(
                "invalid_token", "the token is not signed by this state folder's identity service"
            ) from error
        except jwt.InvalidTokenError as error:
            raise TokenError("invalid_token", "the token is not a signed JWT") from error
        now = self.clock()
        if claims.get("iss") != self.issuer:
            raise TokenError("invalid_token", f"the token's issuer is {claims.get('iss')!r}, expected {self.issuer!r}")
        if str(claims.get("aud")).rstrip("/") != audience.rstrip("/"):
            raise TokenError("invalid_token", f"the token is for {claims.get('aud')!r}, expected {audience!r}")
        if now >= claims.get("exp", 0) + _CLOCK_SKEW_SECONDS:
            raise TokenError("invalid_token", "the token has expired")
        if now < claims.get("nbf", now + 2 * _CLOCK_SKEW_SECONDS) - _CLOCK_SKEW_SECONDS:
            raise TokenError("invalid_token", "the token is not valid yet")
        return claims

    def accepts(self, audience: str) -> Callable[[str], bool]:
        """Whether a text is a token of ours for this audience."""

        def accept(text: str) -> bool:
            try:
                self.verify(text, audience=audience)
            except TokenError:
                return False
            return True

        return accept

    def jwks(self) -> dict[str, Any]:
        """The public key, as the discovery document's `jwks_uri` serves it."""
        public: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [public | {"kid": self.key_id, "use": "sig", "alg": "RS256"}]}


def load_or_create_key(state: State) -> rsa.RSAPrivateKey:
    """The signing key of a state folder."""
    file = state.identity / "signing.key.pem"
    if file.exists():
        key = serialization.load_pem_private_key(file.read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return key
    state.identity.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    write_private(file, key.private_bytes(encoding, form, serialization.NoEncryption()))
    return key
