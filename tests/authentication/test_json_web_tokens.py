"""JWTs: each rule, one token that keeps it and those that break it. All are refused in the same words."""

import hmac
from collections.abc import Callable

import pytest

from app.storage.connections.database import Database
from tests.authentication.checked_authenticator import LEEWAY, START, CheckedAuthenticator, open_authenticator
from tests.authentication.issuer import (
    AUDIENCE,
    ISSUER,
    SigningKey,
    claims_at,
    ec_key,
    ed_key,
    jwt_of,
    p384_key,
    part,
    rsa_key,
)
from tests.authentication.jwks_host import JwksHost
from tests.databases import Loaded, run_sql

NOW = int(START.timestamp())
GOOD = claims_at(NOW)
OTHER_ALGORITHM = "InvalidAlgorithmError"
KEYS = [("rsa", rsa_key), ("ec", ec_key), ("ed", ed_key)]


def hmac_with(secret: bytes, name: str = "sha256") -> Callable[[bytes], bytes]:
    return lambda message: hmac.digest(secret, message, name)


def unsigned(_: bytes) -> bytes:
    return b""


@pytest.mark.parametrize(("key_id", "key"), KEYS)
async def test_a_good_token_lets_in_the_user_whom_it_names(
    fixed_authenticator: CheckedAuthenticator, loaded_users: Loaded, key_id: str, key: Callable[[], SigningKey]
) -> None:
    assert await fixed_authenticator.admits(fixed_authenticator.token(key(), key_id)) == loaded_users.ids["Ada"]


@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", "", None, 0, [], ["RS256"], {"alg": "RS256"}])
@pytest.mark.parametrize("sign", [unsigned, rsa_key().signs()], ids=["unsigned", "signed"])
async def test_a_token_without_an_algorithm_is_refused(
    fixed_authenticator: CheckedAuthenticator, algorithm: object, sign: Callable[[bytes], bytes]
) -> None:
    reason = await fixed_authenticator.refuses(f"Bearer {jwt_of(GOOD, sign, alg=algorithm, kid='rsa')}")
    assert reason == OTHER_ALGORITHM


_PUBLIC_KEY_AS_SECRET = hmac_with(rsa_key().pem())


@pytest.mark.parametrize(
    ("algorithm", "key_id", "sign"),
    [
        ("HS256", "rsa", _PUBLIC_KEY_AS_SECRET),
        ("HS384", "rsa", hmac_with(rsa_key().pem(), "sha384")),
        ("HS256", "ed", hmac_with(ed_key().pem())),
        ("HS256", "shared", hmac_with(b"secret-secret-secret-secret-secret")),
        ("HS256", "", hmac_with(b"")),
        ("RS384", "rsa", rsa_key().signs("RS384")),
        ("RS512", "rsa", rsa_key().signs("RS512")),
        ("RS512", "rsa-512", rsa_key(2).signs("RS512")),
        ("PS256", "rsa", rsa_key().signs("PS256")),
        ("ES384", "p384", p384_key().signs()),
        ("Ed25519", "ed", ed_key().signs()),
        ("rs256", "rsa", rsa_key().signs()),
    ],
)
async def test_other_algorithms_are_refused_however_right_the_signature(
    fixed_authenticator: CheckedAuthenticator, algorithm: str, key_id: str, sign: Callable[[bytes], bytes]
) -> None:
    reason = await fixed_authenticator.refuses(f"Bearer {jwt_of(GOOD, sign, alg=algorithm, kid=key_id)}")
    # Keys of other algorithms are as if they weren't there.
    assert reason == (OTHER_ALGORITHM if key_id in dict(KEYS) else "there is no key of this id")


@pytest.mark.parametrize(
    ("algorithm", "key_id", "sign", "reason"),
    [
        ("RS256", "rsa", _PUBLIC_KEY_AS_SECRET, "InvalidSignatureError"),
        ("RS256", "rsa", unsigned, "InvalidSignatureError"),
        ("RS256", "rsa", rsa_key(2).signs(), "InvalidSignatureError"),
        ("RS256", "rsa", rsa_key().signs("PS256"), "InvalidSignatureError"),
        ("RS256", "rsa", rsa_key().signs("RS512"), "InvalidSignatureError"),
        ("ES256", "ec", ec_key(2).signs(), "InvalidSignatureError"),
        ("ES256", "ec", lambda _: bytes(64), "InvalidSignatureError"),
        ("ES256", "ec", unsigned, "InvalidSignatureError"),
        ("EdDSA", "ed", ed_key(2).signs(), "InvalidSignatureError"),
        ("EdDSA", "ed", lambda _: bytes(64), "InvalidSignatureError"),
        ("ES256", "rsa", rsa_key().signs(), OTHER_ALGORITHM),
        ("EdDSA", "ec", ed_key().signs(), OTHER_ALGORITHM),
        ("RS256", "ed", rsa_key().signs(), OTHER_ALGORITHM),
        ("RS256", "shared", hmac_with(b"secret-secret-secret-secret-secret"), "there is no key of this id"),
        ("ES256", "p384", p384_key().signs(), "there is no key of this id"),
        ("RS256", "rsa-512", rsa_key(2).signs(), "there is no key of this id"),
        ("RS256", "encryption", rsa_key(2).signs(), "there is no key of this id"),
        ("RS256", "", rsa_key().signs(), "there is no key of this id"),
        ("RS256", "RSA", rsa_key().signs(), "there is no key of this id"),
        ("RS256", "../rsa", rsa_key().signs(), "there is no key of this id"),
    ],
)
async def test_algorithm_key_and_signature_must_belong_together(
    fixed_authenticator: CheckedAuthenticator, algorithm: str, key_id: str, sign: Callable[[bytes], bytes], reason: str
) -> None:
    assert await fixed_authenticator.refuses(f"Bearer {jwt_of(GOOD, sign, alg=algorithm, kid=key_id)}") == reason


@pytest.mark.parametrize(
    "header",
    [
        {"kid": 1},
        {"kid": ["rsa"]},
        {"kid": {}},
        {"crit": ["exp"], "exp": 1},
        {"crit": []},
        {"crit": ["b64"], "b64": False},
        {"b64": False},
    ],
)
async def test_a_header_that_asks_for_more_than_we_know_is_refused(
    fixed_authenticator: CheckedAuthenticator, header: dict[str, object]
) -> None:
    await fixed_authenticator.refuses(
        f"Bearer {jwt_of(GOOD, rsa_key().signs(), **({'alg': 'RS256', 'kid': 'rsa'} | header))}"
    )


async def test_a_key_that_comes_with_the_token_is_not_looked_at(
    fixed_authenticator: CheckedAuthenticator, host: JwksHost
) -> None:
    host.show(rsa_key(2).jwk("rsa"))
    brought = {"jwk": rsa_key(2).jwk("rsa"), "jku": host.url, "x5u": host.url}
    token = jwt_of(GOOD, rsa_key(2).signs(), alg="RS256", kid="rsa", **brought)
    assert await fixed_authenticator.refuses(f"Bearer {token}") == "InvalidSignatureError"
    assert host.fetches == 0


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_token_that_was_changed_anywhere_is_refused(
    fixed_authenticator: CheckedAuthenticator, place: int
) -> None:
    parts = fixed_authenticator.token(rsa_key(), "rsa").split(".")
    middle = len(parts[place]) // 2
    letter = "A" if parts[place][middle] != "A" else "B"
    parts[place] = parts[place][:middle] + letter + parts[place][middle + 1 :]
    await fixed_authenticator.refuses(f"Bearer {'.'.join(parts)}")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": None}, "MissingRequiredClaimError: iss"),
        ({"iss": "https://evil.example.com/"}, "InvalidIssuerError"),
        ({"iss": ISSUER.rstrip("/")}, "InvalidIssuerError"),
        ({"iss": ISSUER.upper()}, "InvalidIssuerError"),
        ({"iss": [ISSUER]}, "InvalidIssuerError"),
        ({"iss": ""}, "InvalidIssuerError"),
        ({"aud": None}, "MissingRequiredClaimError: aud"),
        ({"aud": "another"}, "InvalidAudienceError"),
        ({"aud": []}, "MissingRequiredClaimError: aud"),
        ({"aud": ["another", "flow"]}, "InvalidAudienceError"),
        ({"aud": [AUDIENCE, 1]}, "InvalidAudienceError"),
        ({"aud": {AUDIENCE: True}}, "InvalidAudienceError"),
        ({"exp": None}, "MissingRequiredClaimError: exp"),
        ({"exp": NOW - LEEWAY}, "ExpiredSignatureError"),
        ({"exp": NOW - LEEWAY - 1.5}, "ExpiredSignatureError"),
        ({"exp": -(10**400)}, "ExpiredSignatureError"),
        ({"exp": "soon"}, "DecodeError"),
        ({"exp": True}, "ExpiredSignatureError"),
        ({"exp": [NOW + 600]}, "DecodeError"),
        ({"exp": float("nan")}, "DecodeError"),
        ({"exp": float("inf")}, "DecodeError"),
        ({"nbf": NOW + LEEWAY + 1}, "ImmatureSignatureError"),
        ({"nbf": 10**400}, "ImmatureSignatureError"),
        ({"nbf": "soon"}, "DecodeError"),
        ({"nbf": float("nan")}, "DecodeError"),
        ({"sub": 1}, "InvalidSubjectError"),
        ({"email": None}, "email names no user"),
        ({"email": ""}, "email names no user"),
        ({"email": ["Ada@example.com"]}, "email names no user"),
        ({"email_verified": None}, "the e-mail address is not verified"),
        ({"email_verified": False}, "the e-mail address is not verified"),
        ({"email_verified": "true"}, "the e-mail address is not verified"),
        ({"email_verified": 1}, "the e-mail address is not verified"),
        ({"email": "nobody@example.com"}, "there is no such user"),
        ({"email": "Ada"}, "there is no such user"),
        ({"email": " Ada@example.com"}, "there is no such user"),
        ({"email": "Ada@example.com\0"}, "there is no such user"),
        ({"email": "Ada\ud800@example.com"}, "there is no such user"),
        ({"email": "%@example.com"}, "there is no such user"),
        ({"email": "mi\u212ae@example.com"}, "there is no such user"),  # the Kelvin sign, which folds to k
        ({"email": "strasse@example.com"}, "there is no such user"),  # to which ß folds
        ({"email": "\u02bcnick@example.com"}, "there is no such user"),  # to which ŉ folds, apostrophe and n
        ({"email": "stra\u1e9ee@example.com", "email_verified": False}, "the e-mail address is not verified"),
    ],
)
async def test_claims_that_are_refused(
    fixed_authenticator: CheckedAuthenticator, changes: dict[str, object], reason: str
) -> None:
    assert (
        await fixed_authenticator.refuses(f"Bearer {fixed_authenticator.token(rsa_key(), 'rsa', **changes)}") == reason
    )


@pytest.mark.parametrize(
    ("changes", "user"),
    [
        ({"aud": ["another", AUDIENCE]}, "Ada"),
        ({"exp": NOW - LEEWAY + 1}, "Ada"),
        ({"exp": NOW + 0.5}, "Ada"),
        ({"exp": 10**400}, "Ada"),
        ({"nbf": NOW + LEEWAY}, "Ada"),
        ({"nbf": None}, "Ada"),
        ({"nbf": 0}, "Ada"),
        ({"iat": None, "sub": None}, "Ada"),
        ({"email": "ADA@EXAMPLE.COM"}, "Ada"),
        ({"email": "ada@example.com"}, "Ada"),
        ({"email": "MIKE@example.com"}, "mike"),
        ({"email": "Élan@example.com"}, "élan"),
        ({"email": "straße@example.com"}, "straße"),
        ({"email": "STRA\u1e9eE@example.com"}, "straße"),  # the capital ß
    ],
)
async def test_claims_that_are_accepted(
    fixed_authenticator: CheckedAuthenticator, loaded_users: Loaded, changes: dict[str, object], user: str
) -> None:
    assert (
        await fixed_authenticator.admits(fixed_authenticator.token(rsa_key(), "rsa", **changes))
        == loaded_users.ids[user]
    )


async def test_a_token_is_good_from_its_beginning_to_its_end_and_a_little_around(
    host: JwksHost, authenticator: CheckedAuthenticator, loaded_users: Loaded
) -> None:
    host.show(ec_key().jwk("ec"))
    token = authenticator.token(ec_key(), "ec", nbf=NOW + 100, exp=NOW + 200)
    authenticator.clock.seconds = 100 - LEEWAY - 1
    assert await authenticator.refuses(f"Bearer {token}") == "ImmatureSignatureError"
    authenticator.clock.seconds = 100 - LEEWAY
    assert await authenticator.admits(token) == loaded_users.ids["Ada"]
    authenticator.clock.seconds = 200 + LEEWAY - 1
    assert await authenticator.admits(token) == loaded_users.ids["Ada"]
    authenticator.clock.seconds = 200 + LEEWAY
    assert await authenticator.refuses(f"Bearer {token}") == "ExpiredSignatureError"


@pytest.mark.parametrize(
    "claims",
    [b"", b"{", b"null", b"3", b'"x"', b"[]", b"\xff", b"[" * 4000, b'{"exp":' + b"9" * 5000 + b"}", b"{}"],
    ids=lambda claims: str(claims[:8]),
)
async def test_claims_that_cannot_be_read_are_refused(fixed_authenticator: CheckedAuthenticator, claims: bytes) -> None:
    await fixed_authenticator.refuses(f"Bearer {jwt_of(claims, rsa_key().signs(), alg='RS256', kid='rsa')}")


_UNREADABLE_HEADERS: list[object] = [None, 1, [], "RS256", b"\xff", b"[" * 4000, {}]


@pytest.mark.parametrize(
    "token",
    ["..", "a.b.c", ".x.", "~.~.~", f"{part(b'')}.{part({})}.x", f"{part(b'{')}.{part({})}.{part(b'')}"]
    + [f"{part(header)}.{part(GOOD)}.{part(b'x')}" for header in _UNREADABLE_HEADERS],
    ids=lambda token: token[:12],
)
async def test_what_only_looks_like_a_token_is_refused(fixed_authenticator: CheckedAuthenticator, token: str) -> None:
    await fixed_authenticator.refuses(f"Bearer {token}")


async def test_a_deleted_user_is_refused_at_once(
    fixed_authenticator: CheckedAuthenticator, loaded_users: Loaded, users_url: str
) -> None:
    token = fixed_authenticator.token(rsa_key(), "rsa", email="gone@example.com")
    assert await fixed_authenticator.admits(token) == loaded_users.ids["gone"]
    await run_sql(users_url, "delete from user_account where id = :id", id=loaded_users.ids["gone"])
    assert await fixed_authenticator.refuses(f"Bearer {token}") == "there is no such user"


async def test_another_claim_may_name_the_user_by_id_or_address(
    users: Database, host: JwksHost, loaded_users: Loaded
) -> None:
    host.show(rsa_key().jwk("rsa"))
    async with open_authenticator(users, host.url, user_claim="https://flowport/user") as authenticator:

        def naming(name: object) -> str:
            changes = {"https://flowport/user": name, "email": None, "email_verified": None}
            return authenticator.token(rsa_key(), "rsa", **changes)

        assert await authenticator.admits(naming(loaded_users.ids["mike"])) == loaded_users.ids["mike"]
        assert await authenticator.admits(naming("MIKE@example.com")) == loaded_users.ids["mike"]
        for unknown in ("mike", loaded_users.ids["mike"].upper(), "user_é", "user\0", "\ud800", "' or true --"):
            assert await authenticator.refuses(f"Bearer {naming(unknown)}") == "there is no such user"
        for nobody in (None, "", 1, True, ["mike@example.com"]):
            assert await authenticator.refuses(f"Bearer {naming(nobody)}") == "https://flowport/user names no user"
