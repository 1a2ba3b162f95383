"""Which methods an endpoint has, and which the settings switched off.

Source: protocol M-3, M-4.
"""

from collections.abc import Mapping

from kinto_core.resources.definition import ResourceType

LIST_METHODS = ("HEAD", "GET", "POST", "DELETE")
OBJECT_METHODS = ("GET", "HEAD", "PUT", "PATCH", "DELETE")


def allowed_methods(
    kind: ResourceType, *, is_list: bool, enabled: Mapping[str, bool]
) -> tuple[str, ...]:
    """The methods of a resource's list or object, ``OPTIONS`` last.

    Args:
        kind: the resource type.
        is_list: its lists, else its objects.
        enabled: the settings, by ``{plural|object}_{resource}_{method}``.
    """
    scope = "plural" if is_list else "object"

    def is_on(method: str) -> bool:
        if not enabled.get(f"{scope}_{kind.name}_{method.lower()}", True):
            return False
        return method != "HEAD" or is_list or enabled.get(f"object_{kind.name}_get", True)

    methods = LIST_METHODS if is_list else OBJECT_METHODS
    return (*(method for method in methods if is_on(method)), "OPTIONS")
