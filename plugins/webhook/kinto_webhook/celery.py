"""Where ``celery -A kinto_webhook worker`` looks for the application of ``tasks.py``."""

from kinto_webhook.tasks import app

__all__ = ["app"]
