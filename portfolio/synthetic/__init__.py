"""Made-up debtors that behave like a portfolio: valid documents and numbers, nobody's data, the same for a seed."""

from portfolio.synthetic.generator import generate
from portfolio.synthetic.people import MAX_PEOPLE, Identity, identity, introduce

__all__ = ["MAX_PEOPLE", "Identity", "generate", "identity", "introduce"]
