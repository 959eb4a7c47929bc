"""Which offers: what a search is, what an offer is, and who answers the one with the others."""
