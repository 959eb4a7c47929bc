"""What an alert has found, as a message: for whoever pushes it, and for who comes and reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from dialogs import afterwards
from dialogs.cards import card, cut, facts
from dialogs.conversation import SLOTS, Conversation
from dialogs.plans import Event, slot
from dialogs.reply import Button, Reply
from dialogs.services import Push, Services
from dialogs.steps import waits_for
from dialogs.voice import Voice
from matching.merging import merge
from matching.model import Found, Search, matches, nearest_km

MOST_OFFERS = 5
MOST_OF_ONE = 2
"""Offers of one company in one message."""

WISH = ("trades", "where", "radius_km", "availability", "diploma", "excluded")
"""The slots an alert keeps of a search."""

SUMMARY_LENGTH = 110


class Told(Protocol):
    """An alert: ``n`` is what its person's buttons call it, ``wish`` the slots of its search."""

    @property
    def n(self) -> int: ...
    @property
    def name(self) -> str | None: ...
    @property
    def wish(self) -> Mapping[str, Any]: ...


def slots_of(wish: Mapping[str, Any]) -> dict[str, Any]:
    """All slots of a conversation that holds this search and nothing else."""
    return {**SLOTS, **wish}


def search_of(services: Services, wish: Mapping[str, Any]) -> Search:
    """What new offers are held against. Raises ``KeyError`` for a trade that has left the table."""
    return services.criteria.search(slots_of(wish))


def title(services: Services, alert: Told) -> str:
    """What a message calls it: its name, or « carrossier ou carrossière, 20 km autour de Lens »."""
    return alert.name or summary(services, alert.wish)


def whole_title(services: Services, alert: Told) -> str:
    """Its name and what it looks for, where the person sees what is kept."""
    said = summary(services, alert.wish)
    return f"{alert.name} ({said})" if alert.name else said


def summary(services: Services, wish: Mapping[str, Any]) -> str:
    return cut(services.criteria.summary(slots_of(wish)), SUMMARY_LENGTH)


def each_once(found: Sequence[Found]) -> list[Found]:
    """Without the copies of one job that came from several sources."""
    jobs = {offer.id for offer in merge(one.offer for one in found).offers}
    return [one for one in found if one.offer.id in jobs]


def chosen(found: Sequence[Found]) -> list[Found]:
    """The offers of one message: newest first, few of one company, few altogether."""
    of_one: Counter[str] = Counter()
    kept = []
    for one in sorted(sorted(found, key=lambda f: f.offer.id), key=_age):
        company = (one.offer.company or "").casefold()
        of_one[company] += 1
        if not company or of_one[company] <= MOST_OF_ONE:
            kept.append(one)
    return kept[:MOST_OFFERS]


def _age(found: Found) -> float:
    return -found.offer.published.timestamp() if found.offer.published else 0.0


def buttons(voice: Voice, n: int, ids: Sequence[str]) -> list[Button]:
    """What can be done about a message of alert ``n`` that shows these offers."""
    say = voice.phrase
    hide = [Button(say("button_hide"), "/not_for_me")]
    return [
        Button(say("button_alert_all"), f"/alert_all {n}"),
        *(hide if len(ids) > 1 else ()),  # a card alone has it already
        Button(say("button_alert_pause"), f"/alert_pause {n}"),
        Button(say("button_alert_edit"), f"/alert_edit {n}"),
        Button(say("button_alert_stop"), f"/alert_stop {n}"),
    ]


def cards(services: Services, alert: Told, found: Sequence[Found]) -> list[dict[str, Any]]:
    """The facts of these offers, for :func:`dialogs.cards.card`."""
    url, where = services.public_url, alert.wish.get("where")
    return [facts(f, url, where, apply=services.takes(f.offer)) for f in found]


def news(services: Services, alert: Told, found: Sequence[Found]) -> Reply:
    """« Du nouveau pour toi », then what for and which offers: those :func:`chosen` has chosen.

    The first line tells nothing to whoever sees the phone lie there. ``found`` is not empty.
    """
    voice, today = services.voice, services.today()
    return voice.say(
        "utter_news",
        {"title": title(services, alert), "n": len(found)},
        buttons=buttons(voice, alert.n, [f.offer.id for f in found]),
        cards=[card(voice, data, today) for data in cards(services, alert, found)],
    )


async def still(services: Services, wish: Mapping[str, Any], ids: Sequence[str]) -> list[Found]:
    """Those of these offers that are open and still answer the search.

    Raises :class:`matching.model.Unavailable` when that cannot be said.
    """
    search, now = search_of(services, wish), services.now()
    offers = [await services.matcher.offer(id) for id in ids]
    kept = [o for o in offers if o is not None and matches(search, o, now)]
    return [Found(o, nearest_km(search, o)) for o in kept]


def caught_up(conversation: Conversation, push: Push, voice: Voice) -> Conversation:
    """The conversation of somebody who has had this message since they wrote last.

    « J’ose pas appeler », « pas pour moi » mean its offers then, « rien » is an answer to its
    question, and its buttons can be typed. What was asked before it is asked no more.
    """
    ids = list(push.offers)
    events = [slot("pushed", push.id)]
    if push.kind == "alert" and ids and push.n is not None and push.wish is not None:
        events += [*pushed(ids, push.n, push.wish), *_typed(buttons(voice, push.n, ids))]
    elif push.kind == "follow_up" and ids and waits_for(conversation.slots, ids[0]):
        events += [*afterwards.asked(ids[0]), *_typed(afterwards.buttons(voice, ids[0]))]
    elif push.kind == "still_looking":
        said = afterwards.still_looking(voice).buttons
        events += [*_typed(said), *afterwards.asked_whether_looking()]
    return conversation.after(events)


def _typed(buttons: Sequence[Button]) -> list[Event]:
    return [slot("pending", None), slot("choices", [[b.text, b.payload] for b in buttons])]


def pushed(ids: Sequence[str], n: int, wish: Mapping[str, Any]) -> list[Event]:
    """What is being looked at once a message of alert ``n`` has shown these offers."""
    shown = {"before": [], "total": len(ids), "ids": list(ids)}
    return [
        slot("shown", {**shown, "alert": n, "wish": dict(wish)}),
        slot("looked", ids[0] if len(ids) == 1 else None),
        slot("asked", "show_offers"),
        slot("alert_at", n),
    ]
