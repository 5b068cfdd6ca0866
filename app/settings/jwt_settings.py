"""JWTs: whose are accepted, and where the keys are that sign them."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_settings import BaseSettings

from app.settings.listening_settings import is_loopback
from app.settings.names import variable


def key_set_url(text: str) -> str:
    """Refuse a URL of keys that isn't HTTPS: keys could be exchanged on the way. Loopback may be HTTP."""
    try:
        url = urlsplit(text)
        readable = url.port != 0 and bool(url.hostname) and re.fullmatch("[!-~]+", text) is not None
    except ValueError:
        url, readable = urlsplit(""), False
    if not readable:
        raise ValueError("this is no URL, such as https://login.example.com/.well-known/jwks.json")
    if url.username is not None or url.password is not None or url.fragment:
        raise ValueError("the URL must have no user, no password and no fragment")
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.hostname or "")):
        raise ValueError("the URL must begin with https://; http:// is for loopback only")
    return text


def required_with_key_set(text: str | None, settings: ValidationInfo) -> str | None:
    if text is None and settings.data.get("jwks_url") is not None:
        raise ValueError(f"must be given where {variable('jwks_url')} is")
    return text


NeededWithKeySet = Annotated[str | None, AfterValidator(required_with_key_set)]


class JwtSettings(BaseSettings):
    # Somebody may write a password into it, which is refused and not repeated.
    jwks_url: Annotated[str, AfterValidator(key_set_url)] | None = Field(
        default=None,
        repr=False,
        description="URL of the keys that sign JWTs (a JWK set); unset, only API tokens are accepted",
    )
    jwt_issuer: NeededWithKeySet = Field(
        default=None, validate_default=True, min_length=1, description="`iss` of every JWT; needed with the URL"
    )
    jwt_audience: NeededWithKeySet = Field(
        default=None, validate_default=True, min_length=1, description="`aud` of every JWT; needed with the URL"
    )
    jwt_user_claim: str = Field(
        default="email",
        min_length=1,
        description="claim of a JWT that names its user, by e-mail address or id; `email` must be verified",
    )
    jwt_leeway_seconds: int = Field(
        default=30, ge=0, le=300, description="how far the clock of the issuer of JWTs may be off"
    )
    jwks_cache_seconds: int = Field(default=300, ge=1, le=86_400, description="how long the keys are cached")
