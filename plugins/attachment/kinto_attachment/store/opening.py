"""From settings to a store."""

from kinto_attachment.settings import AttachmentSettings
from kinto_attachment.store import objects
from kinto_attachment.store.interface import Store
from kinto_attachment.store.local import LocalStore
from kinto_core.errors import ConfigurationError


def open_store(settings: AttachmentSettings) -> Store:
    """The store that the settings name; nothing is connected yet.

    Raises:
        ConfigurationError: they name none. Source: attachment A-47.
    """
    if settings.base_path is not None:
        return LocalStore(settings.base_path)
    try:
        if settings.aws_bucket_name:
            return objects.s3(settings)
        if settings.gcloud_bucket_name:
            return objects.google(settings)
        if settings.azure_container:
            return objects.azure(settings)
    except Exception as error:  # whatever the library finds wrong with what it was given
        problem = f"attachment: the object storage cannot be set up: {error}"
        raise ConfigurationError([problem]) from error
    problem = (
        "Attachment backend is not configured. Set attachment.base_path (a folder),"
        " attachment.aws.bucket_name, attachment.gcloud.bucket_name or attachment.azure.container."
    )
    raise ConfigurationError([problem])
