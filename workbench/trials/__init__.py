"""The time machine's pages: what other rules would have changed about the attempts of a period."""
