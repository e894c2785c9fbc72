"""What goes wrong outside our code, said in one line that names the way out."""


class EmbeddedError(Exception):
    """The servers cannot run here; the text is one line for the person at the terminal."""
