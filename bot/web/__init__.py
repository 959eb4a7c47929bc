"""Our own pages: the chat's surroundings, offers, legal texts, health."""
