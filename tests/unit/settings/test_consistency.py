"""What one setting implies for others, and what cannot work together."""

import pytest

from kinto_core.errors import ConfigurationError
from kinto_core.settings import Settings, load

SECRET = "s" * 32


def loaded(**values: str) -> Settings:
    """Settings that need no secrets."""
    return load(values)[0]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_urls_of_postgresql_get_our_driver(scheme: str) -> None:
    settings = loaded(storage_url=f"{scheme}://u:p@h/kinto")
    assert settings.storage_url == "postgresql+psycopg://u:p@h/kinto"
    assert settings.storage_backend == "sql"


def test_permission_and_cache_follow_the_storage() -> None:
    settings = loaded(storage_url="sqlite:///kinto.db")
    assert (settings.permission_backend, settings.permission_url) == ("sql", "sqlite:///kinto.db")
    assert (settings.cache_backend, settings.cache_url) == ("sql", "sqlite:///kinto.db")


def test_backends_of_the_protocol_world_are_understood() -> None:
    settings = loaded(
        storage_backend="kinto.core.storage.postgresql",
        storage_url="postgresql://h/a",
        permission_backend="kinto.core.permission.postgresql",
        permission_url="postgresql://h/b",
        cache_backend="kinto.core.cache.redis",
        cache_url="redis://h/1",
    )
    assert settings.storage_backend == settings.permission_backend == "sql"
    assert settings.permission_url == "postgresql+psycopg://h/b"
    assert (settings.cache_backend, settings.cache_url) == ("redis", "redis://h/1")


def test_a_memory_backend_has_no_url() -> None:
    settings = loaded(storage_backend="kinto.core.storage.memory", storage_url="postgresql://h/a")
    assert (settings.storage_backend, settings.storage_url) == ("memory", "")
    assert settings.permission_backend == "memory"


def test_a_redis_url_makes_redis_the_cache() -> None:
    assert loaded(redis_url="redis://h/0").cache_backend == "redis"
    assert loaded(cache_url="rediss://h/0").cache_backend == "redis"  # settings SW-10


def test_memcached_is_replaced_with_a_warning() -> None:
    settings, warnings = load(
        {"cache_backend": "kinto.core.cache.memcached", "storage_url": "sqlite:///x.db"}
    )
    assert settings.cache_backend == "sql"
    assert "memcached" in warnings[0]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"storage_backend": "sql"}, "storage_url"),
        ({"storage_url": "mysql://h/x"}, "storage_url"),
        ({"cache_backend": "sql"}, "cache_url"),
        ({"cache_backend": "redis", "cache_url": "http://x"}, "cache_url"),
        ({"storage_backend": "files"}, "one of memory, sql"),
        ({"http_api_version": "one"}, "http_api_version"),
    ],
)
def test_backends_without_a_fitting_url_are_refused(values: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        load(values)


def test_features_that_need_a_secret_get_none_by_default() -> None:
    with pytest.raises(ConfigurationError) as raised:
        load({"multiauth.policies": "basicauth", "includes": "default_bucket"})
    names = [problem.split()[0] for problem in raised.value.problems]
    assert names == ["userid_hmac_secret", "default_bucket_hmac_secret"]  # settings SW-8


def test_the_key_of_personal_buckets_follows_from_that_of_users() -> None:
    values = {"multiauth.policies": "basicauth", "includes": "default_bucket"}
    made = [
        load({**values, "userid_hmac_secret": SECRET + end})[0].default_bucket_hmac_secret
        for end in ("", "", "x")
    ]
    assert made[0] == made[1] != made[2]  # clients C-2
    assert len(made[0]) == 64
    assert SECRET not in made[0]
    own, _ = load({**values, "userid_hmac_secret": SECRET, "default_bucket_hmac_secret": SECRET})
    assert own.default_bucket_hmac_secret == SECRET
    elsewhere, _ = load({"userid_hmac_secret": SECRET})
    assert elsewhere.default_bucket_hmac_secret == ""


def test_short_secrets_are_told() -> None:
    values = {"multiauth.policies": "basicauth", "userid_hmac_secret": "a-secret-string"}
    settings, [told] = load(values)
    assert settings.userid_hmac_secret == "a-secret-string"  # clients C-2: any
    assert "has 15 characters" in told
    assert "a-secret" not in told
    assert load({**values, "userid_hmac_secret": "a-secret-string."})[1] == []


def test_missing_secrets_are_for_tests_only() -> None:
    settings, _ = load({"multiauth.policies": "basicauth"}, allow_weak=True)
    assert settings.userid_hmac_secret == ""


def test_basicauth_needs_no_parameters() -> None:
    settings = loaded(**{"multiauth.policies": "basicauth", "userid_hmac_secret": SECRET})
    assert settings.policies["basicauth"] == {"use": "basicauth"}  # settings S-114


def test_plugins_of_the_protocol_world_are_understood() -> None:
    settings = loaded(includes="kinto.plugins.history kinto_attachment mine.plugin")
    assert settings.includes == ("history", "attachment", "mine.plugin")


def test_the_admin_plugin_switches_the_permissions_endpoint_on() -> None:
    assert loaded(includes="kinto.plugins.admin").experimental_permissions_endpoint
    assert not loaded().experimental_permissions_endpoint  # settings S-72
