"""Do the worked cases notice when a rule pack says something else? Every deciding value is changed in turn. Pure."""
