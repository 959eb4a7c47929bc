"""Whether a trade named in a message is wished for, refused, or only spoken of."""

from __future__ import annotations

import re
from typing import Literal

from nlu.lexicon import SKIPPED
from nlu.text import Message

Verdict = Literal["wish", "weak", "refused", "other"]

_FAR = 14
_STOP = re.compile(r"[.!?;\n,:()]")
_BREAKS = frozenset("mais sinon moi donc alors puis".split())  # noqa: SIM905


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SEEKING = _set(
    "cherche cherch jcherche jcherch recherche jrecherche rechercher chercher chercherais veux veu ve jveux jveu veut "
    "veulent vx jvx vou voudrais voudrai voudrait jvoudrais aimerais aimerai jaimerais aimerait "
    "souhaite souhaiterais souhaiterai interesse interessee interesserait postule postuler trouver "
    "trouve prefere prefererais preferai envie desire reve devenir kiffe adore kifferais "
    "jadore jkiffe passionne passionnee passion recherchons vise plait want looking busco quiero "
    "szukam szukac propose montre donne mets met rajoute ajoute previens offres offre annonces"
)
_LIGHT = SKIPPED | _set(
    "faire fair fer etre etr devenir travailler bosser trop vraiment envie un une mon ma mes que qu comme "
    "veux vouloir chercher aller continuer forcement interesse interessee tout l metier metiers "
    "domaine secteur apprentissage alternance formation cap non fait fais voir c est ce cette "
    "offres offre trucs truc filiere etudes plein rester refaire entendre parler d"
)
_NEVER = _set(
    "marre assez deteste detester horreur supporte quitter quitte quitté arreter arrete arretais "
    "enleve enlever retire retirer supprime annule annuler abandonne abandonner lache lacher changer "
    "sauf excepte hormis ni sans jamais oublie degoute saoule saoulee oublier virer vire zappe fini "
    "deteste hais"
)
_KIN = _set(
    "pere mere papa maman papi papy mamie mamy parents oncle tonton tante tata tatie frere soeur "
    "cousin cousine cousins copain copine pote potes ami amie amis mari femme daron daronne reuf reum "
    "frangin frangine beau-pere belle-mere voisin voisine grand-pere grands-parents neveu niece "
    "frero soeurette coloc collegue conjoint compagnon meuf mec beau belle demi"
)
_BOSSES = _set("patron patronne maitre tuteur chef boss")
_STREETS = _set(
    "rue ruelle avenue av boulevard bd bld impasse allee allees chemin route square residence cite "
    "quai faubourg arret quartier hameau lycee college ecole lycées lot rond-point"
)
_SIRS = _set("m mr monsieur mme madame mlle mademoiselle melle sieur mrs dr docteur")
_NAMES = _set("appelle appel apelle mappelle mapelle jmappelle jmapelle nom prenom nomme famille")
_NOW = _set(
    "travaille jtravaille bosse jbosse travaillais bossais bossait travaillait etais jetais etait "
    "experience xp exp titulaire obtenu valide ancien ancienne ex diplome suis jsuis chui chuis "
    "deja eu terminé termine terminee passe actuellement stage"
)
_HIRING = _set("recrute recrutons embauche embauchons engage engageons recrutement forme formons")
_HIRED = _set(
    "jeune jeunes salarie salaries employe stagiaire stagiaires quelqu candidat candidats"
)
_APPRENTICE = _set("apprenti apprentie apprentis apprenties aprenti alternant alternante")
_SEARCHED = _set(
    "apprentissage aprentissage apprentisage alternance contrat place stage patron formation cap bp "
    "apprenti apprentie employeur maitre"
)
_DONE = _set(
    "cap bp bep bac diplome titre brevet mc fait eu travaille bosse passe commence arrete obtenu"
)
_THIRD = _set("il elle ils elles lui on")
_THIRD_VERBS = _set("est etait fait tient travaille bosse sont etaient a avait")
_AFTER_NO = re.compile(
    r"^(?:(?:la|le|les|ca|c|sa|est|j|je|me|m|moi|y|en|ai|jai|ne|n|franchement|finalement|et|du|vraiment)\s+)*"
    r"(?:(?:plait|interesse|dit|tente|aime|jaime|kiffe|veux|jveux|veu|supporte|convient|est)\s+(?:trop |vraiment |du tout )?(?:pas|plus)"
    r"|(?:fini|mort|termine)\b|marre|non\b|nan\b|pas pour moi|bof|plus jamais|jamais de la vie|deteste|degoute|saoule|horreur)"
)
_CUSTOMER_AFTER = re.compile(
    r"^(?:(?:a|sur|vers|pres|de|chez|moi|\w+) ){0,5}?pour (?:(?:me|m|nous|mon|ma|mes|notre|nos) |(?:reparer|refaire|changer|deboucher|"
    r"installer|poser|repeindre|couper|un devis|faire)(?: \w+){0,2} (?:mon|ma|mes|notre|nos|chez)\b|une fuite|une reparation|des travaux|un mariage|un devis|mon)"
    r"|^(?:qui|pour) (?:peut|peu|vienne|venir|viendrait|intervienne|se deplace)"
)


def verdict(message: Message, forms: tuple[str, ...], first: int, last: int) -> Verdict:
    """How the words ``first`` to ``last`` (excluded) are meant, by the clause around them."""
    after = _after(message, forms, last)
    if _refused_after(after):
        return "refused"
    if _CUSTOMER_AFTER.match(after):
        return "other"
    return _before(message, forms, first)


def _after(message: Message, forms: tuple[str, ...], last: int) -> str:
    """Up to eight words that follow in the same sentence."""
    words: list[str] = []
    for k in range(last, min(len(forms), last + 8)):
        if re.search(r"[.!?;\n]", message.between(k - 1, k)) or forms[k] == "mais":
            break
        words.append(forms[k])
    return " ".join(words)


def _refused_after(after: str) -> bool:
    return bool(after) and bool(_AFTER_NO.match(after))


def _before(message: Message, forms: tuple[str, ...], first: int) -> Verdict:
    """Reads backwards from the trade; the nearest word that decides does."""
    light, chez, hired = True, False, False
    for k in range(first - 1, max(-1, first - 1 - _FAR), -1):
        word, gap = forms[k], first - 1 - k
        if gap < 2 and _is_sir(message, forms, k, gap):
            return "other"
        if _STOP.search(message.between(k, k + 1)) or (word in _BREAKS and not _lone_moi(forms, k)):
            break
        if light and _refuses(forms, k):
            return "refused"
        if gap < 4 and (found := _spoken_of(message, forms, k, gap)):
            return found
        if word == "chez" and gap < 4:
            chez = True
        hired = hired or _is_hired(forms, k)
        if word in _HIRING:
            return "other"
        if word in _SEEKING:
            return _sought(forms, k, first, hired=hired)
        if _is_kin(forms, k):
            return (
                "wish"
                if k and forms[k - 1] == "pour" or forms[max(0, k - 2)] == "pour"
                else "other"
            )
        if chez and word in _SEARCHED and word != "stage":
            return "wish"
        if word in {"ai", "jai"} and _has_done(forms, k, first):
            return "weak"
        if word in _NOW:
            return "other" if chez and word != "stage" else "weak"
        if word in _THIRD_VERBS and k and forms[k - 1] in _THIRD and forms[k - 1] != "on":
            return "other"
        light = light and word in _LIGHT
    return "other" if chez and first > 2 and not _only_chez(forms, first) else "wish"


def _has_done(forms: tuple[str, ...], k: int, first: int) -> bool:
    """« j'ai un CAP boulanger », « j'ai déjà fait de la cuisine »."""
    return not _DONE.isdisjoint(forms[k + 1 : first])


def _only_chez(forms: tuple[str, ...], first: int) -> bool:
    return forms[0] == "chez"


def _lone_moi(forms: tuple[str, ...], k: int) -> bool:
    """« prévenez-moi », « trouve-moi » do not open a clause."""
    return forms[k] == "moi" and k > 0 and forms[k - 1] not in {"et", "mais", "puis", "sinon"}


def _refuses(forms: tuple[str, ...], k: int) -> bool:
    word = forms[k]
    before = forms[k - 1] if k else ""
    if word in {"pas", "pa"}:
        return before not in {"pourquoi", "pk", "a", "ya", "ai", "jai", "si", "trouve", "y"}
    if word == "plus":
        after = forms[k + 1] if k + 1 < len(forms) else ""
        return before in {
            "",
            "veux",
            "veu",
            "jveux",
            "aime",
            "jaime",
            "ne",
            "n",
            "non",
            "suis",
            "fais",
            "cherche",
            "voudrais",
            "veut",
            "kiffe",
            "interesse",
        } or (  # fmt: skip
            after in {"de", "du"} and before not in {"en", "le", "la", "un"}
        )
    if word == "que" and "plutot" in forms[max(0, k - 5) : k]:
        return True
    if word == "lieu" and before == "au":
        return True
    if word == "place" and before == "la" and k > 1 and forms[k - 2] == "a":
        return True
    if word == "sans" or word == "ni":
        return True
    return word in _NEVER


def _spoken_of(message: Message, forms: tuple[str, ...], k: int, gap: int) -> Verdict | None:
    """Streets, schools, surnames, « un bon plombier », « besoin d'un plombier »."""
    word = forms[k]
    between = forms[k + 1 : k + 1 + gap]
    small = all(form in SKIPPED or form in {"metiers", "saint", "st"} for form in between)
    if word in _STREETS and small:
        return "weak" if "en" in between or word == "ecole" else "other"
    if word == "place" and small and between[:1] in (("du",), ("des",)):
        return None if k and forms[k - 1] in {"une", "de", "des", "cherche", "ma"} else "other"
    if word in _NAMES and not small | (gap > 2) or (word in _NAMES and gap == 0):
        return "other"
    if word in {"bon", "bonne", "bons"} and gap == 0:
        return "other"
    if word in {"besoin", "faut", "appeler", "contacter", "appele"} and {"un", "une"} & set(
        between
    ):
        return "other"
    return None


def _is_sir(message: Message, forms: tuple[str, ...], k: int, gap: int) -> bool:
    """« M. Boulanger », « monsieur Jean Boulanger », not « m'occuper »."""
    if forms[k] not in _SIRS or (gap == 1 and forms[k + 1] in SKIPPED):
        return False
    word = message.words[k]
    return forms[k] != "m" or message.text[word.start : word.end + 1] in {"M.", "M "}


def _is_hired(forms: tuple[str, ...], k: int) -> bool:
    word, before = forms[k], forms[k - 1] if k else ""
    if word in _HIRED:
        return before in {
            "un",
            "une",
            "des",
            "de",
            "d",
            "qu",
            "jeune",
            "notre",
            "cherche",
            "deux",
            "2",
        }
    return word in _APPRENTICE and before in {"un", "une", "des", "notre", "deux", "2", "mon", "d"}


def _sought(forms: tuple[str, ...], k: int, first: int, *, hired: bool) -> Verdict:
    if not hired or forms[k] in {"devenir", "trouve", "trouver"}:
        return "wish"
    wanted = any(
        forms[i] in {"comme", "etre", "en", "place"}
        for i in range(k + 1, first)
        if forms[i] != "en"
    )
    return "wish" if wanted else "other"


def _is_kin(forms: tuple[str, ...], k: int) -> bool:
    before = forms[k - 1] if k else ""
    if forms[k] in _KIN:
        return before in {"mon", "ma", "mes", "son", "sa", "ses", "ton", "ta", "notre", "un", "une", "le",
                          "la", "leur", "nos", "grand", "grands", "beau", "belle", "demi", "petit",
                          "grande", "petite", "meilleur", "meilleure"}  # fmt: skip
    return forms[k] in _BOSSES and before in {"mon", "ancien", "ex", "son", "ma"}
