"""The ledger: what is hashed, how it is sealed, how it is checked, and how its decisions are made again."""
