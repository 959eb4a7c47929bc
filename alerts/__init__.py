"""Who is told of what is new, and when."""
