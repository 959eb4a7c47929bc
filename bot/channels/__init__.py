"""One module per network people write from."""
