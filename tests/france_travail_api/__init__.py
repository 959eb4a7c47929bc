"""A double of France Travail's « Offres d'emploi v2 », with its limits and its traps.

In process (:func:`running`) or as a program (``python -m tests.france_travail_api``). What it
knows comes from public documents and from what others measured: nothing here was copied.
"""

from tests.france_travail_api.faults import Fault
from tests.france_travail_api.server import CLIENT, SECRET, Call, FranceTravailApi, running

__all__ = ["CLIENT", "SECRET", "Call", "Fault", "FranceTravailApi", "running"]
