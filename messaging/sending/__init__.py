"""From a wish to say something to what became of it. The gate stands between, for whoever asks."""
