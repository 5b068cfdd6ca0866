"""Settings: what the environment and the options make of them, and what is refused in which words."""

import pytest

from app.settings import BadSettings, Settings, described, read_settings
from app.settings.validators import COUNTERS_OPTIONS, TLS_OPTIONS, URL_OPTIONS


def test_without_an_environment_everything_has_its_default() -> None:
    settings = read_settings()
    assert (settings.database_url, settings.host, settings.port, settings.workers) == (None, "127.0.0.1", 8000, 1)
    assert str(settings.data_dir) == ".flowport"


def test_options_win_over_the_environment_where_they_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWPORT_PORT", "9000")
    monkeypatch.setenv("FLOWPORT_HOST", "::1")
    settings = read_settings({"port": 9001, "host": None})
    assert (settings.port, settings.host) == (9001, "::1")


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWPORT_DATABASE_URL", "")
    assert read_settings().database_url is None


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("postgres://u:p%40ss@h:5433/d", "postgresql+asyncpg://u:p%40ss@h:5433/d"),
        ("postgresql://h/d?sslmode=require", "postgresql+asyncpg://h/d?ssl=require"),
        (
            "postgresql://u:p%40ss@a,b:5433/d?sslmode=require",
            "postgresql+asyncpg://u:p%40ss@/d?host=a%2Cb&port=5432%2C5433&ssl=require&target_session_attrs=read-write",
        ),
        (
            "postgresql://[::1]:5433,[fd00::2]/d?target_session_attrs=primary",
            "postgresql+asyncpg:///d?host=%3A%3A1%2Cfd00%3A%3A2&port=5433%2C5432&target_session_attrs=primary",
        ),
        (
            "postgresql://h/d?target_session_attrs=any",
            "postgresql+asyncpg://h/d?target_session_attrs=any",
        ),
        (
            "postgresql:///d?host=a:1&host=b:2",
            "postgresql+asyncpg:///d?host=a%3A1&host=b%3A2&target_session_attrs=read-write",
        ),
        ("postgresql+asyncpg://u@/d?host=/run/pg&port=5432", "postgresql+asyncpg://u@/d?host=%2Frun%2Fpg&port=5432"),
    ],
)
def test_the_usual_spellings_of_a_database_url_are_understood(given: str, understood: str) -> None:
    assert read_settings({"database_url": given}).database_url == understood


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        (
            "port",
            "http",
            'FLOWPORT_PORT: input should be a valid integer, unable to parse string as an integer (given: "http")',
        ),
        ("workers", "0", 'FLOWPORT_WORKERS: input should be greater than or equal to 1 (given: "0")'),
        (
            "trusted_proxies",
            "10.0.0.1, proxy",
            "FLOWPORT_TRUSTED_PROXIES: proxy is no address or network, such as 10.0.0.5 or 10.0.0.0/8",
        ),
        (
            "trusted_proxies",
            "*",
            "FLOWPORT_TRUSTED_PROXIES: * is no address or network, such as 10.0.0.5 or 10.0.0.0/8",
        ),
        ("graphiql", "maybe", "FLOWPORT_GRAPHIQL: input should be 'auto', 'on' or 'off' (given: \"maybe\")"),
        (
            "database_url",
            "mysql://u:secret@h/d",
            "FLOWPORT_DATABASE_URL: the database must be PostgreSQL (postgresql://…), not mysql",
        ),
        (
            "database_url",
            "secret",
            "FLOWPORT_DATABASE_URL: this is no database URL, such as postgresql://user:password@host:5432/database",
        ),
        (
            "database_url",
            "postgresql://u:a@secret@h/d",
            "FLOWPORT_DATABASE_URL: an @ in the user or the password must be written as %40 in the URL",
        ),
        (
            "database_url",
            "postgresql://u:secret@h:99999/d",
            "FLOWPORT_DATABASE_URL: 99999 is no port: one is between 1 and 65535",
        ),
        (
            "database_url",
            "postgresql://u:secret@/d?host=h&port=65536",
            "FLOWPORT_DATABASE_URL: 65536 is no port: one is between 1 and 65535",
        ),
        (
            "database_url",
            "postgresql://h/d?application_name=secret",
            "FLOWPORT_DATABASE_URL: the option application_name isn't supported in the URL; supported are "
            + ", ".join(URL_OPTIONS),
        ),
        (
            "database_url",
            "postgresql://u:secret@a:5432,b:port/d",
            "FLOWPORT_DATABASE_URL: this is no database URL, such as postgresql://user:password@host:5432/database",
        ),
        (
            "database_url",
            "postgresql://u:secret@a:5432,b:70000/d",
            "FLOWPORT_DATABASE_URL: 70000 is no port: one is between 1 and 65535",
        ),
        (
            "database_url",
            "postgresql://a,b/d?target_session_attrs=standby",
            "FLOWPORT_DATABASE_URL: target_session_attrs must be one of read-write, primary, any, not standby",
        ),
        (
            "jwks_url",
            "https://u:secret@h/keys",
            "FLOWPORT_JWKS_URL: the URL must have no user, no password and no fragment",
        ),
        (
            "replica_url",
            "postgresql://u:secret@h/d",
            "FLOWPORT_REPLICA_URL: must not be given without FLOWPORT_DATABASE_URL",
        ),
        (
            "replica_url",
            "postgresql://u:secret@h/d?target_session_attrs=read-write",
            "FLOWPORT_REPLICA_URL: target_session_attrs must be one of standby, read-only, prefer-standby, any, not read-write",
        ),
        (
            "rate_limit_url",
            "http://u:secret@h",
            "FLOWPORT_RATE_LIMIT_URL: this is no URL of a Valkey or Redis, such as redis://user:password@host:6379/0",
        ),
        (
            "rate_limit_url",
            "redis://u:secret@h",
            "FLOWPORT_RATE_LIMIT_URL: must not be given without FLOWPORT_RATE_LIMIT_COST_PER_MINUTE",
        ),
        (
            "rate_limit_url",
            "redis://u:secret@h/0?ssl_ca_certs=/etc/ca.pem",
            "FLOWPORT_RATE_LIMIT_URL: the option ssl_ca_certs isn't supported in the URL; supported are db",
        ),
        (
            "rate_limit_url",
            "valkeys://u:secret@h/0?ssl_ca_certs=/etc/ca.pem&retry=3",
            "FLOWPORT_RATE_LIMIT_URL: the option retry isn't supported in the URL; supported are "
            + ", ".join(COUNTERS_OPTIONS + TLS_OPTIONS),
        ),
        (
            "rate_limit_url",
            "redis://u:secret@h/first",
            "FLOWPORT_RATE_LIMIT_URL: first is no number of a database",
        ),
        (
            "rate_limit_url",
            "unix:///run/valkey.sock?db=first",
            "FLOWPORT_RATE_LIMIT_URL: first is no number of a database",
        ),
        ("metrics_token", "secret", "FLOWPORT_METRICS_TOKEN: string should have at least 16 characters"),
    ],
)
def test_a_bad_value_is_refused_in_one_line_that_keeps_secrets(name: str, value: str, complaint: str) -> None:
    with pytest.raises(BadSettings) as refused:
        read_settings({name: value})
    assert str(refused.value) == complaint


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("FLOWPORT_PORTT", "FLOWPORT_PORT"),
        ("FLOWPORT_DATABASE_ULR", "FLOWPORT_DATABASE_URL"),
        ("FLOWPORT_DB_URL", "FLOWPORT_DATABASE_URL"),
        ("flowport_worker", "FLOWPORT_WORKERS"),
        ("FLOWPORT_LOG", "FLOWPORT_LOG_LEVEL"),
        ("FLOWPORT_", "FLOWPORT_WORKERS"),
    ],
)
def test_a_setting_that_does_not_exist_is_refused_with_the_nearest(
    monkeypatch: pytest.MonkeyPatch, name: str, nearest: str
) -> None:
    monkeypatch.setenv(name, "postgresql://u:secret@h/d")
    with pytest.raises(BadSettings) as refused:
        read_settings()
    assert str(refused.value) == f"{name}: there is no such setting; the nearest is {nearest}"


def test_settings_that_do_not_exist_are_listed_with_the_bad_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWPORT_PORTT", "1")
    monkeypatch.setenv("FLOWPORT_WORKERS", "none")
    with pytest.raises(BadSettings) as refused:
        read_settings()
    assert [line.split(":")[0] for line in str(refused.value).splitlines()] == [
        "FLOWPORT_PORTT",
        "FLOWPORT_WORKERS",
    ]


def test_variables_of_other_programs_are_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWPORTS", "1")
    assert read_settings().port == 8000


def test_every_bad_value_has_its_line() -> None:
    with pytest.raises(BadSettings) as refused:
        read_settings({"port": -1, "workers": 1000, "log_level": "loud"})
    assert [line.split(":")[0] for line in str(refused.value).splitlines()] == [
        "FLOWPORT_PORT",
        "FLOWPORT_WORKERS",
        "FLOWPORT_LOG_LEVEL",
    ]


def test_the_password_of_the_database_is_not_shown() -> None:
    assert "secret" not in repr(read_settings({"database_url": "postgresql://u:secret@h/d"}))


def test_every_setting_is_described() -> None:
    assert [variable for variable, _, about in described() if about] == [
        f"FLOWPORT_{name.upper()}" for name in Settings.model_fields
    ]
