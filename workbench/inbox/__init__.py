"""The agent inbox: queue, thread, composer and the debtor beside them."""
