"""Any CSV as rows: which column is which field, and how numbers and dates are written in it."""

from portfolio.imports.mapping.columns import FIELDS, Formats, Mapping, guess
from portfolio.imports.mapping.files import Layout, Marks, layout
from portfolio.imports.mapping.reading import read
from portfolio.imports.mapping.rejected import write_rejected

__all__ = ["FIELDS", "Formats", "Layout", "Mapping", "Marks", "guess", "layout", "read", "write_rejected"]
