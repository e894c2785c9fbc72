"""Plain values that every room stands on: money, phones, ids, clocks, errors. No Django, no network."""
