"""France Travail's offers (« Offres d'emploi v2 »), asked for apprenticeships alone."""

from matching.france_travail.client import FranceTravail
from matching.france_travail.offer import read_offer
from matching.france_travail.token import BadCredentials

__all__ = ["BadCredentials", "FranceTravail", "read_offer"]
