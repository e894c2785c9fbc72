"""Evidence to take out and to check: packs for a judge, an authority or an auditor."""
