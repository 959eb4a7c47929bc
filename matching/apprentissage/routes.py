"""What API apprentissage can be asked, and how often (per key, from its documentation)."""

from __future__ import annotations

from matching.calling import Limit, Route

SEARCH = Route("search", limit=Limit(60))
OFFER = Route("offer", limit=Limit(120), most_bytes=1024 * 1024)
APPLY = Route("apply", "POST", Limit(10), seconds=15.0, most_bytes=64 * 1024)
EXPORT = Route("export", limit=Limit(2), most_bytes=64 * 1024)
DOWNLOAD = Route("download", seconds=900.0, most_bytes=4 * 1024**3)
COURSES = Route("courses", limit=Limit(60))
APPOINTMENT = Route("appointment", "POST", Limit(10), most_bytes=64 * 1024)

PATHS = {
    SEARCH.name: "/job/v1/search",
    OFFER.name: "/job/v1/offer/",
    APPLY.name: "/job/v1/apply",
    EXPORT.name: "/job/v1/export",
    COURSES.name: "/formation/v1/search",
    APPOINTMENT.name: "/formation/v1/appointment/generate-link",
}
"""Below the base address, which ends with ``/api``. No limit is documented for courses: ours."""
