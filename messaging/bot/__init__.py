"""The bot: answers what a debtor taps or types, at once, within the creditor's policy, and knows when to stop."""

from messaging.bot.reacting import react

__all__ = ["react"]
