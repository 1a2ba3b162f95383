"""Settings are found in files, mappings and the environment, and checked together."""

from pathlib import Path

import pytest

from kinto_core.errors import ConfigurationError
from kinto_core.settings import Settings, load

SECRET = "s" * 32


def problems(values: dict[str, object], **environ: str) -> str:
    """Everything that is wrong with these settings."""
    with pytest.raises(ConfigurationError) as raised:
        load(values, environ=environ)
    return "\n".join(raised.value.problems)


def loaded(values: dict[str, object] | None = None, **environ: str) -> Settings:
    """The settings of a mapping and some variables."""
    return load(values, environ=environ)[0]


def test_defaults_are_the_protocols() -> None:
    settings = loaded()
    assert settings.batch_max_requests == 25  # settings S-66
    assert settings.paginate_by is None  # settings S-67
    assert settings.retry_after_seconds == 3  # settings S-160
    assert settings.principals["bucket_create"] == ("system.Authenticated",)  # settings S-84
    assert settings.storage_backend == "memory"
    assert settings == Settings()


def test_names_may_be_prefixed() -> None:
    assert loaded({"kinto.readonly": "true"}).readonly  # settings S-6
    assert loaded({"readonly": True}).readonly


def test_a_prefixed_variable_beats_the_values() -> None:
    settings = loaded({"kinto.paginate_by": "5"}, KINTO_PAGINATE_BY="7", PAGINATE_BY="9")
    assert settings.paginate_by == 7  # settings S-5, SW-5
    assert settings.origins["paginate_by"] == "environment KINTO_PAGINATE_BY"


def test_a_bad_value_elsewhere_does_not_matter_when_a_variable_is_set() -> None:
    assert loaded({"paginate_by": "x"}, KINTO_PAGINATE_BY="7").paginate_by == 7


def test_all_problems_are_told_at_once() -> None:
    text = problems(
        {"kinto.readonly": "maybe", "eos": "2030", "kinto.paginate_by": "-1"},
        KINTO_BACKOFF="soon",
        KINTO_BUCKET_CREATE_PRINCIPALS="a # b",
    )
    assert "readonly = maybe (setting kinto.readonly): expected true or false" in text
    assert "eos = 2030" in text
    assert "paginate_by = -1" in text
    assert "backoff = soon (environment KINTO_BACKOFF)" in text
    assert "bucket_create_principals" in text


def test_equal_values_do_not_conflict() -> None:
    values: dict[str, object] = {"kinto.readonly": "true", "readonly": "yes"}
    assert loaded(values).readonly  # settings SW-6


def test_different_values_conflict_and_both_places_are_named() -> None:
    text = problems({"kinto.readonly": "true", "readonly": "no"})
    assert "setting kinto.readonly and setting readonly" in text  # settings S-7


def test_names_are_the_same_in_capitals() -> None:
    assert loaded({"kinto.READONLY": "true"}).readonly  # settings SW-7


def test_bucket_names_in_names_keep_their_case() -> None:
    settings = loaded({"kinto.MyBlog.record_cache_expires_seconds": "5"})
    assert settings.cache_expires_seconds == {"MyBlog.record": 5}


def test_families_are_read_from_the_environment_alone() -> None:
    settings = loaded(
        KINTO_RECORD_READ_PRINCIPALS="system.Everyone",
        KINTO_USER_DATA_DELETE_PRINCIPALS="account:admin",
        KINTO_PLURAL_BUCKET_POST_ENABLED="false",
        KINTO_RECORD_CACHE_EXPIRES_SECONDS="60",
        KINTO_RECORD_ID_GENERATOR="UUID4",
    )
    assert settings.principals["record_read"] == ("system.Everyone",)  # settings SW-4
    assert settings.principals["user-data_delete"] == ("account:admin",)  # settings S-88
    assert settings.principals["permissions_read"] == ("system.Everyone",)
    assert settings.endpoint_enabled == {"plural_bucket_post": False}  # settings S-79
    assert settings.cache_expires_seconds == {"record": 60}
    assert settings.id_generators == {"record": "UUID4"}


def test_root_cache_expiry_is_no_resources() -> None:
    settings = loaded({"root_cache_expires_seconds": "5"})
    assert settings.root_cache_expires_seconds == 5
    assert settings.cache_expires_seconds == {}


def test_parameters_of_policies_are_found_under_the_listed_names() -> None:
    settings = loaded(
        {"multiauth.policies": "my_idp", "multiauth.policy.other.use": "x"},
        KINTO_MULTIAUTH_POLICY_MY_IDP_CLIENT_ID="42",
        KINTO_MULTIAUTH_POLICY_OTHER_REALM="Home",
        KINTO_MULTIAUTH_POLICY_NEW_USE="kinto.plugins.openid.OpenIDConnectPolicy",
    )
    assert settings.policies["my_idp"] == {"client_id": "42"}
    assert settings.policies["other"] == {"use": "x", "realm": "Home"}
    assert settings.policies["new"] == {"use": "openid"}


def test_listeners_are_found_in_the_environment() -> None:
    settings = loaded(
        KINTO_EVENT_LISTENERS="log",
        KINTO_EVENT_LISTENERS_LOG_USE="mymodule",
        KINTO_EVENT_LISTENERS_LOG_ACTIONS="create",
    )
    assert settings.event_listeners == ("log",)
    assert settings.listeners["log"] == {"use": "mymodule", "actions": "create"}  # settings S-11


def test_a_variable_takes_the_spelling_of_the_file() -> None:
    settings = loaded(
        {"kinto.MyBlog.record_cache_expires_seconds": "5"},
        KINTO_MYBLOG_RECORD_CACHE_EXPIRES_SECONDS="6",
    )
    assert settings.cache_expires_seconds == {"MyBlog.record": 6}


def test_links_between_containers_are_no_port() -> None:
    settings = loaded(KINTO_PORT="tcp://10.0.0.7:8888", KINTO_SERVICE_HOST="10.0.0.7")
    assert settings.port == 8888
    assert settings.with_plugins([]).warnings == ()


def test_settings_cannot_be_changed() -> None:
    settings = loaded()
    with pytest.raises(AttributeError):
        settings.readonly = True  # type: ignore[misc]  # what is tested
    with pytest.raises(TypeError):
        settings.principals["a"] = ()  # type: ignore[index]  # what is tested
    hash(settings)


def test_a_representation_shows_no_secret() -> None:
    settings = loaded(
        {
            "userid_hmac_secret": SECRET,
            "storage_url": "postgresql://u:pass@db/x",
            "multiauth.policy.a.client_secret": "hidden-too",
        }
    )
    shown = repr(settings)
    assert SECRET not in shown
    assert "pass" not in shown.replace("postgresql", "")
    assert "hidden-too" not in shown


def test_problems_show_no_secret() -> None:
    text = problems({"storage_url": "mysql://u:s3cret@db/x"})
    assert "storage_url" in text
    assert "s3cret" not in text


def test_values_beat_the_file(tmp_path: Path) -> None:
    path = tmp_path / "kinto.ini"
    path.write_text("[app:main]\nkinto.readonly = false\nkinto.paginate_by = 3\n")
    settings, _ = load({"readonly": "true"}, ini=path)
    assert settings.readonly
    assert settings.paginate_by == 3
