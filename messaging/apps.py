from django.apps import AppConfig


class MessagingConfig(AppConfig):
    """Channels, templates, conversations, sending, webhooks in, sequences, bot, sandbox."""

    name = "messaging"

    def ready(self) -> None:
        """Register what serves lanes and jobs."""
        from messaging import (  # noqa: F401
            confirmations,
            digests,
            evidence,
            retention,
        )
        from messaging.desk import reading  # noqa: F401
        from messaging.inbound import process  # noqa: F401
        from messaging.message_templates import lifecycle  # noqa: F401
        from messaging.sending import dispatch, waiting  # noqa: F401
        from messaging.sequences import editing, running  # noqa: F401
