"""The people's pages that cross apps: start, inbox, debtor, supervisor, reports, set-up. No models, no rules."""
