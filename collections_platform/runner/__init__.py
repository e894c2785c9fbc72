"""What `./run` does once Python and the packages stand: one module per command."""
