"""The keys of an alert say what ``matches`` says, wherever and whenever the offer is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from alerts import index
from alerts.keys import Trades, keys_of, probe
from matching.model import Circle, Offer, Search, distance_km, is_open, matches
from storage.packed_keys import pack
from tests.alerting import BY_ID, TABLE, TRADES, on_a_border
from tests.searches import NOW

FITS = Trades(TABLE)
DAY = date(2027, 3, 1)
JOB = Offer("x:1", "x", "Apprenti boulanger (H/F)", None, "Lens", "62300", "62498", 50.4322, 2.8331,
            ("D1102",), "https://exemple.invalid")  # fmt: skip

latitudes = st.floats(-90, 90) | st.sampled_from((-90.0, -17.5, 0.0, 50.4322, 89.99, 90.0))
longitudes = st.floats(-180, 180) | st.sampled_from((-180.0, -179.999, 0.0, 2.8331, 180.0))
days = st.none() | st.integers(-95, 95).map(lambda by: DAY + timedelta(by)) | st.just(DAY)
communes = st.sampled_from(("62498", "62041", "2A004", "97411", "98735"))
titles = st.sampled_from((*TRADES, "Apprenti (H/F)")).map(
    lambda name: BY_ID[name].label if name in BY_ID else name
)
offers = st.builds(
    lambda title, trade, insee, lat, lon, start, level, parents: replace(
        JOB, title=title, insee=insee, lat=lat, lon=lon, start=start, diploma_level=level,
        rome_codes=(BY_ID[trade].parents if parents else ()) or BY_ID[trade].codes,
    ),
    titles, st.sampled_from(TRADES), communes, latitudes, longitudes, days,
    st.sampled_from((None, 3, 4)), st.booleans(),
)  # fmt: skip
circles = st.builds(
    Circle, latitudes, longitudes, st.sampled_from((5, 10, 30, 60, 200, 201)) | st.floats(0, 20_020)
)
searches = st.builds(
    lambda trades, *rest: Search(tuple(BY_ID[id] for id in trades), *rest),
    st.lists(st.sampled_from(TRADES), max_size=3, unique=True), st.lists(circles, max_size=3),
    st.lists(st.sampled_from(("62", "2A", "974", "987")), max_size=2, unique=True), st.booleans(),
    st.lists(communes, max_size=2, unique=True), days, days, st.sampled_from((None, 3, 4)),
)  # fmt: skip


@settings(max_examples=600)
@given(search=searches, offer=offers, exact=st.booleans())
@example(search=Search(circles=(Circle(50.4322, 2.8331, 0),)), offer=JOB, exact=True)
@example(search=Search(start=DAY, end=DAY), offer=replace(JOB, start=DAY + timedelta(92)), exact=0)
@example(search=Search(start=DAY, end=DAY), offer=replace(JOB, start=DAY + timedelta(93)), exact=0)
@example(search=Search(end=DAY), offer=replace(JOB, start=DAY + timedelta(300)), exact=0)
def test_the_index_says_what_matches_says(search: Search, offer: Offer, exact: bool) -> None:
    if exact and search.circles:  # the first circle reaches the offer, and not a hair farther
        first, *others = search.circles
        km = distance_km(first.lat, first.lon, offer.lat, offer.lon)
        search = replace(search, circles=(replace(first, radius_km=km), *others))
    told, right = _told(search, offer), matches(search, offer, NOW)
    assert is_open(offer, NOW)
    assert told == right or (told and on_a_border(search, offer))


def _told(search: Search, offer: Offer) -> bool:
    news = index.News([probe(7, offer, FITS)])
    found = index.digests(pack(12, keys_of(search)), news).rows()
    assert found in ([], [(12, "7")])
    return bool(found)
