"""The rasa actions: each one an instance built once, registered by name in the engine."""

from __future__ import annotations

from collections.abc import Sequence

from rasa_sdk import Action

from dialogs.actions import (
    about_me,
    alert_changes,
    alert_list,
    alert_news,
    alert_quiet,
    alert_set,
    alerting,
    applying,
    asking,
    choosing,
    following,
    looking_over,
    offers,
    one_offer,
    sending,
    talking,
    training,
)
from dialogs.apply_form import ValidateApplicationForm
from dialogs.forms import ValidateSearchForm
from dialogs.services import Services


def build(services: Services) -> Sequence[Action]:
    """Every action of the bot."""
    return (
        ValidateSearchForm(services.table, services.gazetteer),
        ValidateApplicationForm(),
        *talking.build(services),
        *about_me.build(services),
        *asking.build(services),
        *choosing.build(services),
        *offers.build(services),
        *one_offer.build(services),
        *applying.build(services),
        *looking_over.build(services),
        *sending.build(services),
        *training.build(services),
        *following.build(services),
        *alerting.build(services),
        *alert_list.build(services),
        *alert_changes.build(services),
        *alert_set.build(services),
        *alert_news.build(services),
        *alert_quiet.build(services),
    )
