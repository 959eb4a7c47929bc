"""Why a setting cannot be used, in French."""

from __future__ import annotations

from pydantic import ValidationError

_PROBLEMS = {
    "int_parsing": "attendu un nombre entier",
    "greater_than_equal": "le nombre est trop petit (au moins {ge})",
    "less_than_equal": "le nombre est trop grand (au plus {le})",
    "literal_error": "attendu {expected}",
    "date_from_datetime_parsing": "attendu une date comme « 2026-11-23 »",
    "date_parsing": "attendu une date comme « 2026-11-23 »",
}


def in_french(error: ValidationError) -> str:
    """A line for each setting that cannot be used, which one and why."""
    lines = []
    for problem in error.errors():
        if problem["type"] == "default_factory_not_called":
            continue  # another setting is wrong, and that one is said
        context = problem.get("ctx", {})
        words = _PROBLEMS.get(problem["type"], "{error}").format(
            **{"error": problem["msg"], **context}
        )
        name = ".".join(str(part) for part in problem["loc"]).upper()
        lines.append(f"{name} : {words}" if name else words)
    return "\n".join(lines)
