"""What a caller counts as."""

from kinto_core.authentication.principals import principals_of


def test_anonymous_is_only_everyone() -> None:
    """Whatever groups there are (protocol P-3)."""
    assert principals_of(None, ["/buckets/b/groups/g"]) == {"system.Everyone"}


def test_known_user_has_id_groups_and_both_system_principals() -> None:
    """Protocol P-3."""
    assert principals_of("basicauth:a", ["/buckets/b/groups/g"]) == {
        "basicauth:a",
        "system.Authenticated",
        "system.Everyone",
        "/buckets/b/groups/g",
    }
