"""The debtor's own page: who asks, for what, and what can be done about it. By a signed link, without a login."""
