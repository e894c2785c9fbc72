"""The debtor: list, page, the panel beside a conversation, and the cards by which people act on an account."""
