"""What the person means: a French message in, an :class:`~nlu.meaning.Understanding` out."""
