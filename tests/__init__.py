"""Everything that can be shown to work, and to break."""
