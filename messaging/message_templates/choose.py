"""Placeholder (colleague B overwrites this file)."""


class TemplateShelf:
    """Nothing yet."""
