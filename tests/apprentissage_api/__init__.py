"""A contract server for API apprentissage: its gateway, La bonne alternance behind it, and traps.

``running()`` serves in this process, ``python -m tests.apprentissage_api`` as a program. It judges
requests (``violations``), keeps them all (``calls``), and does on demand what the real ones do to
their clients (:class:`Traps`, :class:`Fault`).
"""

from tests.apprentissage_api.faults import Fault
from tests.apprentissage_api.jobs import course, job, recruiter
from tests.apprentissage_api.server import KEY, Api, running
from tests.apprentissage_api.world import Call, Traps

__all__ = ["KEY", "Api", "Call", "Fault", "Traps", "course", "job", "recruiter", "running"]
