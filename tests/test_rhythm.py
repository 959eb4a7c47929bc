"""How often an alert speaks, as it is kept."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.rhythm import PARIS, ZONES, Rhythm, zone_of


@given(
    st.sampled_from(["daily", "weekly", "live"]),
    st.integers(0, 24 * 60 - 1),
    st.integers(0, 6),
    st.sampled_from([PARIS, *ZONES.values()]),
)
def test_a_beat_is_read_as_it_was_written(kind: str, minute: int, weekday: int, zone: str) -> None:
    beat = Rhythm(kind, minute, weekday, zone).beat()  # type: ignore[arg-type]  # any of the three
    assert Rhythm.of(beat).beat() == beat


@pytest.mark.parametrize(
    "beat", ["", "daily", "daily 17:30", "weekly 17:30 Europe/Paris", "hourly 17:30 Europe/Paris"]
)
def test_no_other_text_is_a_beat(beat: str) -> None:
    with pytest.raises(ValueError, match="no such beat"):
        Rhythm.of(beat)


def test_every_zone_exists() -> None:
    assert all(ZoneInfo(zone) for zone in ZONES.values())


@pytest.mark.parametrize(
    ("departements", "zone"),
    [
        (["62", "59"], PARIS),
        (["974"], "Indian/Reunion"),
        (["974", "75"], PARIS),
        ([], PARIS),
    ],
)
def test_the_time_is_that_of_the_place(departements: list[str], zone: str) -> None:
    assert zone_of(departements) == zone
