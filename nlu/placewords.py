"""The small words around places: what announces one, what rules one out, what never is one."""

# ruff: noqa: E501 (lists of words)

from __future__ import annotations

import re

CUES = frozenset({
    "a", "au", "aux", "vers", "ver", "sur", "habite", "jhabite", "habitant", "secteur", "entre",
    "jusqu", "jusqua", "pres", "autour", "direction", "commune", "alentour", "alentours",
    "environs", "residant", "reside", "domicilie", "vis", "kote", "ville", "cote", "coin",
    "near", "around", "from", "cerca", "w", "kolo", "jabite", "abite", "habitte", "rajoute",
    "ajoute", "met", "mets", "mettez", "garde", "gardez", "enleve", "retire", "supprime", "change", "remplace",
})  # fmt: skip
WEAK_CUES = frozenset({
    "en", "in", "de", "d", "du", "des", "dans", "ds", "c", "cest", "est", "plutot", "sauf", "pas",
    "sinon", "et", "ou", "non", "pour", "chez", "oui", "par", "finalement", "ni", "que", "voir",
    "voire", "aussi", "depuis", "sans", "cfa", "gare",
})  # fmt: skip
# « près de », « à 10 min de », « la ville de »: what makes « de X » a place.
NEAR = frozenset({
    "pres", "autour", "cote", "loin", "proximite", "environ", "environs", "alentour", "alentours",
    "coin", "min", "mn", "minutes", "km", "kms", "ville", "region", "secteur", "suis", "sui",
    "chui", "jsuis", "jsui", "viens", "vien", "habitant", "kilometres", "bornes", "agglo", "centre",
    "nord", "sud", "est", "ouest", "commune", "peripherie", "proche", "gare", "cfa", "alentoure",
    "heure", "h", "bassin", "kote", "partir", "bout", "pre", "limite", "banlieue",
})  # fmt: skip
# « je marche », « on loge »: a verb follows, whatever communes are called so.
SUBJECTS = frozenset({"je", "tu", "on", "il", "elle", "ils", "jme", "jle"})
# « il a », « y a », « on a » is to have, not « à ».
HAS = frozenset({
    "y", "il", "elle", "on", "tu", "ya", "qui", "m", "n", "t", "nous", "ca", "yen", "l", "ki",
    "mere", "pere", "frere", "soeur",
})  # fmt: skip
ARTICLE_OF = {"le": "le", "la": "la", "les": "les", "l": "l", "du": "le", "au": "le",
              "des": "les", "aux": "les"}  # fmt: skip
STREETS = frozenset({
    "rue", "avenue", "av", "ave", "boulevard", "bd", "bld", "chemin", "route", "impasse", "allee",
    "quai", "square", "faubourg", "fbg", "ruelle", "chaussee", "place", "residence", "cite",
})  # fmt: skip
# « place » and « route » are street words only after a number: « une place à lens », « en route ».
NUMBERED_STREETS = frozenset({"place", "route", "residence", "cite", "chemin", "square", "quai",
                              "ave", "av"})  # fmt: skip
AFTER_STREET = frozenset({"a", "au", "aux", "vers", "je", "jcherche", "dans", "sur", "mais", "et",
                          "j", "c", "pour", "ya", "commune", "cherche"})  # fmt: skip
MONEY = frozenset({"euros", "euro", "e", "eur", "balles", "km", "kms", "habitants", "brut", "net",
                   "offres"})  # fmt: skip
# Words that may stand around a place without saying anything.
SMALL = frozenset({
    "a", "au", "aux", "le", "la", "les", "l", "de", "du", "des", "d", "en", "et", "ou", "un", "une",
    "je", "j", "jsuis", "suis", "sui", "chui", "jsui", "c", "cest", "est", "ce", "ca", "mon", "ma",
    "moi", "chez", "vers", "sur", "dans", "ds", "pres", "cote", "autour", "habite", "jhabite",
    "jabite", "oui", "non", "bah", "ben", "euh", "plutot", "svp", "stp", "merci", "bonjour", "bjr",
    "slt", "salut", "cc", "coucou", "ville", "coin", "secteur", "pour", "pr", "y", "que", "qu",
    "donc", "alors", "pas", "plus", "mais", "ok", "dac", "voila", "aussi", "finalement", "enfaite",
    "fait", "enleve", "retire", "ajoute", "rajoute", "mets", "met", "sauf", "ni", "sans", "tout",
    "trop", "loin", "commune", "departement", "par", "alentours", "environs", "region",
    "s", "si", "ya", "il", "on", "tu", "te", "me", "se", "ne", "n", "m", "t", "quoi", "ici",
    "cherche", "jcherche", "recherche", "jrecherche", "apprentissage", "alternance", "contrat",
    "apprenti", "apprentie", "patron", "stage", "veux", "veut", "jveux", "dispo", "urgent",
    "voudrais", "jvoudrais", "faire", "cap", "bp", "bts", "bac", "pro", "offre", "offres",
    "boulot", "taf", "travail", "emploi", "mm", "peu", "pa", "km", "entre", "sinon", "bien", "deux",
    "cedex",
})  # fmt: skip
# Not in a French dictionary, and not misspelt towns either.
NEVER = frozenset({
    "jcherche", "jveux", "jveu", "jaimerais", "jaimerai", "jsuis", "jsui", "chui", "bjr", "bsr",
    "slt", "svp", "stp", "mdr", "lol", "wesh", "alternance", "apprentissage", "apprenti",
    "apprentie", "jrecherche", "jvoudrais", "jpeux", "jpeu", "jai", "jhabite", "jfais", "dispo",
    "aprentissage", "apprentisage", "alternence", "cap", "bts", "cfa", "bep", "cv", "tel", "mail",
    "salu", "kikou", "yo", "cherche", "recherche", "scooter", "voiture", "permis", "boulot",
    "taf", "formation", "diplome", "offre", "offres", "alertes", "alerte", "lalerte", "malerte",
    "lalert", "jconnais", "jamais",
    "septembre", "octobre", "novembre", "decembre", "janvier", "fevrier", "avril", "juillet",
    "sept", "janv", "merci", "bonsoir", "hello", "jpense", "jaime", "jtravaille", "bosser",
    "jbosse", "jveut", "jcherch", "chercher", "metier", "mecano", "mecanique", "coiffure",
    "boulangerie", "patisserie", "plomberie", "maconnerie", "electricite", "menuiserie",
    "like", "douze", "carrosserie", "cuisine", "boucherie", "esthetique", "fleuriste", "peinture",
    "couvreur", "ptit", "ptite", "ptits", "ptites", "pti", "ptt",
})  # fmt: skip
NEGATORS = frozenset({
    "pas", "sauf", "hors", "enleve", "enlever", "retire", "retirer", "supprime", "supprimer",
    "sans", "ni", "plus", "hormis", "excepte", "vire", "oublie", "evite", "jamais", "enleves",
    "enlevez", "retirez", "surtoutpas", "oubli", "oubliez", "oublies", "virez", "vires", "evitez",
    "eviter", "supprimez", "supprimes", "exepte", "excepter", "hormi",
})  # fmt: skip
# What may stand between « pas » and the place it rules out.
BETWEEN = frozenset({
    "a", "au", "aux", "sur", "vers", "de", "d", "du", "dans", "ds", "en", "ville", "cote", "veux",
    "loin", "trop", "tres", "pres", "si", "vraiment", "aller", "travailler", "bosser", "the",
})  # fmt: skip
# « je trouve pas à Lille »: it is still Lille.
SEARCHED_IN_VAIN = frozenset({"trouve", "trouver", "jtrouve", "trouvé", "ya", "a", "cherche",
                              "reponse", "bouge", "jbouge", "quitte", "sors", "que", "reponds", "trouvent"})  # fmt: skip
SEEK = frozenset({"cherche", "jcherche", "recherche", "jrecherche", "veux", "jveux", "veu", "jveu",
                  "voudrais", "jvoudrais", "aimerais", "jaimerais", "cherch", "voudrai"})  # fmt: skip
# Where another thought begins: « ambert jveu apprendre », « lens pour septembre ».
DETACHING = SEEK | frozenset({"je", "j", "pour", "pr", "dispo", "svp", "stp", "merci", "et", "ou",
                              "dans", "en", "bonjour", "slt", "salut", "cc", "urgent", "si"})  # fmt: skip
NOT_MINE = frozenset({
    "travaille", "jtravaille", "bosse", "jbosse", "bossais", "travaillais", "pere", "mere", "frere",
    "soeur", "oncle", "tante", "cousin", "cousine", "pote", "copain", "copine", "daron", "daronne",
    "papa", "maman", "habitais", "etais", "avant", "actuellement", "ancien", "parents", "ami",
    "voisin", "tonton", "beau", "refait", "grand", "poste", "moment", "fini", "quitte",
})  # fmt: skip

# Never a place by themselves, whatever stands before: they begin names (« Pas-en-Artois »).
GRAMMAR = (SMALL | CUES | NEGATORS) - {"ville", "y", "coin", "cote"} | {"cote", "coin"}
GRAMMAR |= {"celle", "celles", "celui", "ceux"}
LISTING = frozenset({"et", "ou", "ni", "puis", "sinon"})
AT_HOME = frozenset({"habite", "jhabite", "vis", "jabite", "abite", "reside"})
REPLACE = frozenset({"change", "remplace", "changer", "remplacer", "changez", "remplacez"})
# « lille c'est trop loin », « lille non », « au lieu de lille », « plutôt que lille ».
REFUSED_AFTER = re.compile(
    r"(?:(?:c|cest|est|ca|sa|ces|fait|finalement|la|s|quand|meme) ){0,4}"
    r"(?:(?:un peu |bcp |vraiment |bien |beaucoup )?trop loin|mort\b|non\b(?! une?\b)|nan\b|pas possible|"
    r"impossible|bof\b|pas question|hors de question|niet\b|jamais de la vie|j ?y (?:vais|irai|vai) (?:pas|jamais))"
)
REFUSED_BEFORE = re.compile(
    r"\b(?:lieu|place) (?:de|d|du)$|\blaiss\w+ tomber(?: a| sur| vers)?$|\beviter$"
    r"|\b(?:plutot|autres?) (?:que|qu)(?: juste| seulement)?(?: a| sur| vers| de)?$"
    r"|\b(?:aucune|pas|plus) envie (?:de |d |d)?(?:aller |bosser |travailler )?(?:a|sur|vers)$"
    r"|\b(?:deteste|marre de|supporte pas|veux pas (?:entendre parler )?de)$"
    r"|\b(?:pas|hors de) question(?: de| d)?(?: aller| bosser| travailler)? (?:a|sur|vers)$"
    r"|\b(?:irai|veux|vais|peux) (?:pas|plus|jamais)(?: etre| vivre| habiter| aller| bosser| travailler)? (?:a|sur|vers|jusqu a)$"
    r"|\barretez? (?:avec|sur)$"
    r"|\ba part(?: sur| vers| a)?$|\bexception (?:de|d)$"
)
# « inscrit au cfa d'Arras »: where one learns is not where one looks.
ENROLLED = re.compile(
    r"\binscrite? (?:au|dans le|dans un|a un) cfa(?: (?:de|d|du|a))?(?: l[ae]?)?$"
)
ENROLLING = frozenset({"inscrit", "inscrite"})
INSIDE = frozenset({"dans", "ds", "en", "le", "la", "l"})
WITHIN = INSIDE | {"les", "sur", "tout", "toute", "du", "de", "d", "des"}
# What rules out an area, among the three words before it.
REFUSING = frozenset({"sauf", "enleve", "enlever", "retire", "retirer", "supprime", "hors", "oublie",
                      "vire", "hormis", "excepte", "oubli", "exepte", "ni", "sans"})  # fmt: skip
# What may stand between such a word and the area: « pas trop dans le coin de l'Oise ».
BEFORE_AREA = BETWEEN | {
    "le",
    "la",
    "l",
    "les",
    "tout",
    "toute",
    "departement",
    "coin",
    "secteur",
    "region",
    "zone",
    "que",
    "c",
    "plus",
    "partie",
}
# « quarante-cinq »: a number, before another or a unit, although Quarante is a commune.
NUMBER_WORDS = frozenset({"deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix",
                          "onze", "douze", "quinze", "vingt", "trente", "quarante", "cinquante",
                          "soixante", "cent"})  # fmt: skip
COUNTED = NUMBER_WORDS | {
    "un",
    "et",
    "km",
    "kms",
    "kilometres",
    "kilometre",
    "bornes",
    "borne",
    "kilos",
    "minutes",
    "min",
    "mn",
    "ans",
    "euros",
    "heures",
}
# Inside no name: what stands on both sides is not one misspelt name.
APART = frozenset({"a", "vers", "je", "jsuis", "ou", "dans", "ds", "pour", "cherche", "jcherche"})
# Towns that after a trade are what is worked on: « mécanique avion ».
THINGS = frozenset({"avion", "bus", "ville", "rue", "campagne", "long", "monts", "fontaine"})
# « j'ai écrit lille mais c'était lillers ».
WRITTEN = frozenset("ecrit ecri mis marque tape note dit".split())
BUT_IT_WAS = re.compile(
    r"(?:mais|me|et)(?: en fait| enfaite)? (?:c|cest|cetait|cetai|cete)(?: est| etait)?(?: a)?"
)
