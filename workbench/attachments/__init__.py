"""Files that debtors sent, opened for those who answer them."""
