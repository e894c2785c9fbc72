"""Speed, each figure beside a bare baseline from the same run. One module per benchmark: NAME and run()."""
