"""Channels, templates, conversations, sending, webhooks in, sequences, bot, sandbox."""
