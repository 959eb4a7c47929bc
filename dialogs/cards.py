"""An offer as a card: the facts an action gives, and the lines a person reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from dialogs.french import WIDE, capital, day, in_pairs, typeset
from dialogs.reply import Button, Card
from dialogs.voice import Voice
from matching.attribution import attribution
from matching.job_offer import PARIS
from matching.model import DEMONSTRATION, Found, Offer
from matching.pay import pay_floor

SOURCES = {
    "offres_emploi_lba": "La bonne alternance", "recruteurs_lba": "La bonne alternance",
}  # fmt: skip
"""Names people know for the labels the API gives; other partners are shown as they are named."""

TITLE_LENGTH = 90
COMPANY_LENGTH = 80
NAME_LENGTH = 60
"""Of towns, diplomas and sources: what is longer was not written to be read on a phone."""

SAID_LENGTH = 60
"""Of a title within a sentence."""

_OF_ONE_LINE = ("company", "city", "km")
"""What the first line of a card says, and the only one that depends on where one asks from."""


def offer_url(offer: Offer, public_url: str) -> str:
    """Where the whole text is: the source's page; ours when the offer is invented."""
    return f"{public_url}/offre/{offer.id}" if offer.source == DEMONSTRATION else offer.url


def facts(
    found: Found,
    public_url: str,
    where: Mapping[str, Any] | None = None,
    *,
    apply: bool = False,
    detail: bool = False,
) -> dict[str, Any]:
    """What a card says of an offer, as JSON.

    ``where`` is the slot of that name: a distance is told only from a town, for nobody lives in the
    middle of an area. ``apply``: one can, right here. In ``detail`` it says where its figures come
    from.
    """
    offer, km = found.offer, found.distance_km
    owed = attribution(offer)
    return {
        "id": offer.id,
        "title": offer.title,
        "company": offer.company,
        "city": offer.city,
        "km": round(km) if km is not None and where and where.get("places") else None,
        "start": offer.start.isoformat() if offer.start else None,
        "diploma": offer.diploma,
        "months": offer.duration_months,
        "published": offer.published.date().isoformat() if offer.published else None,
        "source": offer.source,
        "url": offer_url(offer, public_url),
        "phone": bool(offer.phone),
        "school": offer.school,
        "apply": apply,
        "rome": list(offer.rome_codes),
        "departement": offer.departement,
        "detail": detail,
        "licence": owed and owed.licence,
        "updated": owed.updated.astimezone(PARIS).date().isoformat()
        if owed and owed.updated
        else None,
    }


def card(voice: Voice, data: Mapping[str, Any], today: date) -> Card:
    """The card of these :func:`facts`."""
    told = ((k, tuple(v) if k == "rome" else v) for k, v in data.items() if k not in _OF_ONE_LINE)
    rest = _same_for_all(voice, tuple(told), today)
    return Card(rest.id, rest.title, (_where(voice, data), *rest.lines), rest.note, rest.buttons)


@lru_cache(maxsize=512)
def _same_for_all(voice: Voice, told: tuple[tuple[str, Any], ...], today: date) -> Card:
    """A card but for its first line: the same for everybody who is shown that offer that day."""
    data = dict(told)
    note = None
    if data["source"] == DEMONSTRATION:
        note = voice.phrase("card_demonstration")
    elif data["school"]:
        note = voice.phrase("card_school")
    work = (_start(voice, data), _diploma(voice, data))
    lines = (*work, *_pay(voice, data, today))
    return Card(
        id=data["id"],
        title=cut(typeset(capital(data["title"])), TITLE_LENGTH),
        lines=tuple(filter(None, (*lines, _published(voice, data, today), _owed(voice, data)))),
        note=note,
        buttons=_buttons(voice, data),
    )


def course_card(voice: Voice, data: Mapping[str, Any]) -> Card:
    """The card of the facts of a course."""
    title = data["title"].capitalize() if data["title"].isupper() else capital(data["title"])
    said = {**data, "company": data["company"] or voice.fact("card_no_school")}
    lines = (
        _where(voice, said),
        voice.fact(f"card_level_{data['level']}") if data["level"] else "",
        _start(voice, data) if data["start"] else "",
        in_pairs(data["phone"]) if data["phone"] else "",
    )
    meet = Button(voice.phrase("button_appointment"), f"/appointment {data['mark']}")
    page = (Button(voice.phrase("button_course"), None, data["url"]),) if data["url"] else ()
    lines_said = tuple(filter(None, lines))
    return Card("", cut(typeset(title), TITLE_LENGTH), lines_said, buttons=(meet, *page))


def cut(text: str, most: int) -> str:
    """At most so many characters, and a sign that there were more."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _where(voice: Voice, data: Mapping[str, Any]) -> str:
    company = cut(data["company"] or voice.fact("card_no_company"), COMPANY_LENGTH)
    line = typeset(f"{company}, {cut(data['city'], NAME_LENGTH)}")
    if data["km"] is None:
        return line
    return f"{line}{WIDE}· " + voice.fact("card_km" if data["km"] else "card_here", km=data["km"])


def _start(voice: Voice, data: Mapping[str, Any]) -> str:
    if data["start"] is None:
        return voice.fact("card_start_unknown")
    return voice.fact("card_start", when=day(date.fromisoformat(data["start"])))


def _diploma(voice: Voice, data: Mapping[str, Any]) -> str:
    months = voice.fact("card_months", months=data["months"]) if data["months"] else ""
    return ", ".join(filter(None, (cut(data["diploma"] or "", NAME_LENGTH), months)))


@dataclass(frozen=True, slots=True)
class _Job:
    """What the least an apprentice earns depends on."""

    rome_codes: tuple[str, ...]
    departement: str


def _pay(voice: Voice, data: Mapping[str, Any], today: date) -> tuple[str, ...]:
    """The least that holds for everybody: the youngest, in their first year."""
    start = date.fromisoformat(data["start"]) if data["start"] else today
    floor = pay_floor(_Job(tuple(data["rome"]), data["departement"]), max(start, today))
    if floor is None:
        return ()
    line = voice.fact("card_pay", euros=floor.euros)
    if not data["detail"]:
        return (line,)
    name = "card_pay_branch" if floor.branch else "card_pay_source"
    checked = day(floor.source.checked)
    source = voice.fact(
        name, share=floor.share, source=floor.source.name, checked=checked,
        branch=floor.branch or "",
    )  # fmt: skip
    return (line, source)


def _published(voice: Voice, data: Mapping[str, Any], today: date) -> str:
    source = cut(SOURCES.get(data["source"], data["source"]), NAME_LENGTH)
    if data["source"] == DEMONSTRATION:
        source = voice.fact("source_demonstration")
    if data["published"] is None:
        return voice.fact("card_source", source=source)
    days = (today - date.fromisoformat(data["published"])).days
    name = {0: "card_today", 1: "card_yesterday"}.get(max(days, 0), "card_days_ago")
    return voice.fact(name, days=days, source=source)


def _owed(voice: Voice, data: Mapping[str, Any]) -> str | None:
    """What the licence of some sources asks to be said beside each of their offers."""
    if not data.get("licence"):
        return None
    licence = data["licence"]
    if data["updated"] is None:
        return voice.fact("card_licence", licence=licence)
    when = day(date.fromisoformat(data["updated"]))
    return voice.fact("card_updated", when=when, licence=licence)


def _buttons(voice: Voice, data: Mapping[str, Any]) -> tuple[Button, ...]:
    say, id = voice.phrase, data["id"]
    hide = Button(say("button_hide"), f"/hide {id}")
    taken = Button(say("button_taken"), f"/taken {id}")
    apply = (Button(say("button_apply"), f"/apply {id}"),) if data["apply"] else ()
    call = (Button(say("button_call"), f"/call {id}"),) if data["phone"] else ()
    if not data["url"]:  # some offers can only be called
        return (*apply, *call, hide, taken)
    page = Button(say("button_open"), None, data["url"])
    return (*apply, page, *call, hide, taken, Button(say("button_share"), f"/share {id}"))
