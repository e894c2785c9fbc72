"""The rules in words: every law's limit with its source, the year's closed days, an organisation's own, a try-out."""
