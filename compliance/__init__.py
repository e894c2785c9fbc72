"""The room that decides: rule packs, consent, contact budget, language, the gate, the ledger and its evidence."""
