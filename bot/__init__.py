"""How people reach us: settings, assembly, the turn, the channels, the web."""
