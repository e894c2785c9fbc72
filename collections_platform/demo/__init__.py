"""The world that `./run demo` shows: three made-up organisations with a month behind them.

`stories.py` says who they are, `rows.py` makes their portfolios, `history.py` plays their month through the product
once and writes it down, `snapshot.py` puts what was written down into a fresh database, `showing.py` connects it to
the running processes and is the world outside while it is shown.
"""
