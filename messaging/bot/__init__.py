"""Placeholder until the bot's own first slice lands (colleague B overwrites this file)."""


def react(conversation, message, now):
    """Nothing yet."""
