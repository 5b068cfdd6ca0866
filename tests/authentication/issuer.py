"""An issuer of JWTs with real keys. Tokens are put together by hand, so that they can be wrong in every way."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

Json = dict[str, Any]

ISSUER = "https://login.example.com/"
AUDIENCE = "flowport"

Sign = Callable[[bytes], bytes]

_ALGORITHMS = get_default_algorithms()


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key of the issuer: the private one, and the algorithm it is made for."""

    algorithm: str
    private: Any

    def jwk(self, key_id: str | None, **changes: object) -> Json:
        """The public key as the host shows it."""
        entry: Json = _ALGORITHMS[self.algorithm].to_jwk(self.private.public_key(), as_dict=True)
        entry.pop("key_ops", None)
        return entry | {"use": "sig"} | ({} if key_id is None else {"kid": key_id}) | changes

    def private_jwk(self, key_id: str) -> Json:
        entry: Json = _ALGORITHMS[self.algorithm].to_jwk(self.private, as_dict=True)
        entry.pop("key_ops", None)
        return entry | {"kid": key_id}

    def pem(self) -> bytes:
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        pem: bytes = self.private.public_key().public_bytes(serialization.Encoding.PEM, form)
        return pem

    def signs(self, algorithm: str | None = None) -> Sign:
        return signing(algorithm or self.algorithm, self.private)


def signing(algorithm: str, key: Any) -> Sign:
    known = _ALGORITHMS[algorithm]
    return lambda message: known.sign(message, key)


@cache
def rsa_key(number: int = 1, bits: int = 2048) -> SigningKey:
    """One and the same for a number, since making them takes long."""
    assert number > 0
    return SigningKey("RS256", rsa.generate_private_key(65537, bits))


@cache
def ec_key(number: int = 1) -> SigningKey:
    assert number > 0
    return SigningKey("ES256", ec.generate_private_key(ec.SECP256R1()))


@cache
def p384_key() -> SigningKey:
    return SigningKey("ES384", ec.generate_private_key(ec.SECP384R1()))


@cache
def ed_key(number: int = 1) -> SigningKey:
    assert number > 0
    return SigningKey("EdDSA", ed25519.Ed25519PrivateKey.generate())


def claims_at(now: float, **changes: object) -> Json:
    """What a token says that is good for ten minutes; a change to None leaves the claim out."""
    claims: Json = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": int(now),
        "nbf": int(now),
        "exp": int(now) + 600,
        "sub": "auth0|1",
        "email": "Ada@example.com",
        "email_verified": True,
    }
    return {name: value for name, value in (claims | changes).items() if value is not None}


def jwt_of(claims: object, sign: Sign, **header: object) -> str:
    """A token: claims and header as they are given, whatever they are; bytes stand for themselves."""
    signed = f"{part(header)}.{part(claims)}"
    return f"{signed}.{part(sign(signed.encode()))}"


def part(content: object) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
