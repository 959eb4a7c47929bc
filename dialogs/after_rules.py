"""What is pressed and said about what came of a call or an application."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from dialogs.afterwards import ANSWERS, came
from dialogs.apply_form import applying
from dialogs.changes import from_message
from dialogs.plans import SURE, Plan, Slots
from dialogs.steps import followed, hopeful
from nlu.meaning import Understanding
from nlu.text import fold

BUTTONS: Mapping[str, Plan] = {"still_looking": Plan(("action_still_looking",))}
"""Buttons that carry no value."""

_CAME = re.compile(rf"(?:{'|'.join(ANSWERS)}) \S{{1,200}}")

_NO = r"(?:pas|po|plus|pu|jamais|aucune?|tjrs pas)"
_SIGNED = re.compile(r"\b(?:sign(?:e|er|ee|ai|es)|signature)\b")
_SIGNED_NOT = re.compile(
    rf"\b{_NO} (?:encore )?sign|\b(?:vais|va|veux|veulent|dois|doit|faut|peux|bientot|avant de|"
    r"attends? (?:de|pour)) .{0,24}sign|\b(?:je|on|ils?) signe\b|\bsigner? (?:bientot|demain)\b"
)
_DECLARED = re.compile(
    r"^(?:ca y est |ca y'? ?est |voila |et voila |oui |yes |enfin )*"
    r"(?:(?:j'?ai|j ai|g|on a|c'?est|ct) )?(?:enfin )?"
    r"signe(?: (?:hier|ce matin|aujourd'?hui|enfin))?\b"
    r"(?:.* (?:contrat|apprentissage|patron|entreprise|employeur|alternance)\b.*)?[ !.]*$|"
    r"^contrat signe\b"
)
"""Where nothing was asked: said of a contract, or of nothing else."""
_FOUND = re.compile(
    r"^(?:ca y'? ?est |c'? ?(?:est )?bon |voila |oui |yes |non |nan |nn |enfin |merci |mais )*"
    r"(?:j'?ai|j ai|g|on a) (?:enfin |deja |bien )?trouve(?:r|e)?"
    r"(?P<elsewhere> (?:ailleurs|autre part|une? autre \w+))?"
    r"(?: (?:hier|ce matin|aujourd'?hui|enfin|merci|mdr|ca y est))*[ !.]*$"
)
"""« J’ai trouvé », and nothing else: an employer."""
_NO_NEED = re.compile(
    r"^(?:c'? ?(?:est )?bon |merci |mais |la )*(?:(?:j'?ai|j ai|g) )?plus besoin"
    r"(?: (?:de toi|d'alertes?|des? alertes?|de rien|merci|du tout))*$|"
    r"^je (?:ne )?cherche plus(?: rien)?$"
)
_NOT_OF_A_JOB = re.compile(
    r"\b(?:cfa|lycee|ecole|bail|logement|petition|charte|decharge|parents?|mere|pere)\b"
)
_REFUSED = re.compile(
    r"\b(?:refus\w*|recale[er]?s?|(?:dit|repondu|ont mis) (?:que |ke |k )?(?:non|nan|c'?est non)|"
    rf"c'?est non|ils? (?:ne |n')?(?:prennent|prend|cherchent|cherche|recrutent|recrute|veulent|"
    rf"veut) {_NO}|(?:c'?est|c|ct) mort|"
    r"(?:trop tard|(?:c'?est|c) (?:deja )?)(?: c)?(?: ?pris|prise)|"
    rf"(?:ont|a|m'?ont|m'?a) {_NO} (?:pris|prise|retenue?|voulu)|{_NO} (?:retenue?|interess\w+|"
    r"prise?)|deja (?:pris|prise|pourvue?|trouve|quelqu'?un)|(?:reponse|retour) negati\w+)\b"
)
_INTERVIEW = re.compile(
    r"\b(?:entretiens?|entretient|rdv|rendez[ -]?vous|rencontrer|convoque[er]?|"
    r"(?:journee|semaine|jour|demi[ -]journee) d'? ?essai|essai|"
    r"(?:me|m')(?: |)(?:voir|recevoir|recoit|recoivent)|je (?:passe|vais) (?:le |les )?voir|"
    r"(?:veu\w*|voul\w*|demand\w*) (?:que je |de |me |a )?(?:vien\w*|pass\w*|voir))\b"
)
_INTERVIEW_NOT = re.compile(rf"\b{_NO} (?:encore )?(?:d'? ?|de )?(?:entretien|rdv|rendez|essai)")
_NOTHING = re.compile(
    r"^(?:bah |ben |euh |et |mais |non |nan |nn |no |toujours |tjrs? |tjs |encore |pour (?:l'? ?"
    r"instant|le moment) )*(?:rien(?: du tout| de rien| pour (?:l'? ?instant|le moment)| encore)?|"
    r"non|nan|nn|nop|nope|pas encore|toujours pas|tjrs? pas|tjs pas|personne|silence(?: radio)?|"
    rf"j'?attends?(?: encore| toujours)?|{_NO} (?:de |d'? ?)?(?:reponses?|nouvelles?|retours?|"
    r"rappels?|signe de vie|appels?|mails?)|zero|nada|walou|que dalle|aucune)\b|"
    r"\b(?:laisse[er]?|mis[e]?) en vue?\b|\bghost\w*\b"
    rf"|\b(?:rep\w*|rap+el\w*|ap+el\w*|contact\w*|ecri\w*|recu|vu|eu) {_NO}\b"
    rf"|\b(?:ont|a|m'?ont|m'?a|ai|eu) {_NO} (?:encore )?(?:rep\w*|rap+el\w*|ap+el\w*|contact\w*|"
    r"ecri\w*|recu|eu|donne)|\b(?:rien recu|aucun(?:e)? (?:nouvelles?|reponses?|retours?))\b"
)
_YES = re.compile(
    r"^(?:oui|ouais|oue|wi|yes|ui|ouii+|si|grave|ok)\b|"
    r"\b(?:m'? ?ont|mont|m'? ?a|ma|ont|on) (?:bien |enfin )?"
    r"(?:rep\w*|rap+el\w*|ap+el\w*|contact\w*|ecri\w*|telephone|dit|pris?|prise)\b|"
    r"\b(?:j'?ai|g) eu (?:le|la|un|une|mon) (?:patron\w*|responsable|employeur|dame|monsieur|boss|"
    r"chef|gerante?)\b|"
    r"\b(?:j'?ai|g) (?:eu|recu) (?:une? |leur |sa )?(?:reponse|appel|mail|message|retour)|"
    r"\b(?:ils? )?(?:me |m')(?:prennent|prend)\b|\bje suis prise?\b"
)
_NOT_DONE = re.compile(
    r"\b(?:j'?ai|j ai) (?:pas|po|jamais) (?:encore )?(?:ose |pu )?(?:ap+el|telephon)|"
    r"\bpas (?:eu le courage|ose)\b|\bose pas\b"
)
"""« J’ai pas encore appelé »: nobody could answer."""
_TAKEN = re.compile(
    r"\b(?:m'? ?ont|m'? ?a|ont) (?:enfin |bien )?(?:pris|prise|accepte[er]?|embauche[er]?)\b|"
    r"\b(?:j'?ai|j ai|g) ete (?:pris|prise|accepte[er]?|embauche[er]?)\b|"
    r"\bje suis (?:pris|prise|accepte[er]?|embauche[er]?)\b|"
    r"\bils? (?:me |m')(?:prennent|prend|veulent)\b"
)
"""Wanted, and nothing is signed yet."""
_WHAT = re.compile(
    r"^(?:c'? ?(?:est )?)?(?:quoi|koi|qui|kwa|lequel|laquelle|de quoi|quelle offre|hein)"
    r"(?: (?:ca|sa|cette|ta|la|question|offre|deja|stp|te|tu|parles?|dis|ca))*$"
)
"""Of what, of whom? Which offer one has asked about is shown again."""
_QUESTION = re.compile(
    r"^(?:c'?est quoi|comment|qu'?est|quels?|quelles?|combien|pourquoi|pk|pq|ou est|est[ -]ce)\b"
)
_NOT_AN_ANSWER = ("delete_data", "export_data", "restart")


def pressed(name: str, rest: str) -> Plan | None:
    """The plan of a button of ours; ``None`` for any other."""
    if name in BUTTONS:
        return BUTTONS[name]
    if name != "came":
        return None
    if not _CAME.fullmatch(rest):
        return Plan(("action_old_button",))
    return Plan(("action_came",), argument=rest)


def payloads(slots: Slots) -> list[str]:
    """What our buttons press, the shortened ones too, for as long as their offer is remembered."""
    return [came(answer, step["id"]) for step in followed(slots) for answer in ANSWERS]


def said(u: Understanding, slots: Slots, today: date) -> Plan | None:
    """An answer to « Garage X t’a répondu ? »; or, whenever it is said, that one has signed."""
    folded = fold(u.text[:200]).replace("’", "'").strip(" .!?")
    about = slots["follow"] if slots["asked"] == "came" else None
    if about is None:
        if slots["alerts"] and _NO_NEED.match(folded):
            return Plan(("action_no_need",))
        if not declares(folded) or (applying(slots) and _FOUND.match(folded)):
            return None
        ends = hopeful(slots)
        of = f" {ends[0]['id']}" if len(ends) == 1 else ""
        return Plan(("action_came",), argument=f"signed{of}")
    if _WHAT.match(folded):
        return Plan(("action_card",), argument=about)
    if u.intent in _NOT_AN_ANSWER or _QUESTION.search(folded):
        return None
    if _NOT_DONE.search(folded):
        return Plan(("action_shy",))
    if (found := _FOUND.match(folded)) is not None:
        of = "" if found["elsewhere"] else f" {about}"
        return Plan(("action_came",), argument=f"signed{of}")
    answer = read_answer(folded)
    if answer is None and u.confidence >= SURE and not from_message(u, slots):
        answer = {"affirm": "yes", "deny": "nothing"}.get(u.intent)
    taken = answer == "yes" and _TAKEN.search(folded)
    how = " taken" if taken else ""
    return Plan(("action_came",), argument=f"{answer} {about}{how}") if answer else None


def declares(folded: str) -> bool:
    """« J’ai signé mon contrat », « j’ai trouvé », and not « j’ai signé au CFA »."""
    if _FOUND.match(folded):
        return True
    return bool(_DECLARED.search(folded)) and not (
        _NOT_OF_A_JOB.search(folded) or _SIGNED_NOT.search(folded)
    )


def read_answer(folded: str) -> str | None:
    """One of :data:`dialogs.afterwards.ANSWERS`, from « oui ils mont appeler », « tjrs pas »…"""
    if _FOUND.match(folded):
        return "signed"
    if _SIGNED.search(folded):
        return "yes" if _SIGNED_NOT.search(folded) else "signed"
    if _REFUSED.search(folded):
        return "refused"
    if _INTERVIEW_NOT.search(folded):
        return "nothing"
    if _INTERVIEW.search(folded):
        return "interview"
    if _NOTHING.search(folded):
        return "nothing"
    return "yes" if _YES.search(folded) or _TAKEN.search(folded) else None
