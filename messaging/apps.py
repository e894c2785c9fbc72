from django.apps import AppConfig


class MessagingConfig(AppConfig):
    """Channels, templates, conversations, sending, webhooks in, sequences, bot, sandbox."""

    name = "messaging"
