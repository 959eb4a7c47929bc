"""The language of a message, as far as a first answer needs it: by alphabet, then by common words."""

from __future__ import annotations

import re

from nlu.text import fold

_ARABIC = re.compile(r"[\u0600-\u06ff]")
_PERSIAN = re.compile(r"[پچژگ]|\bسلام\b|درود|تشکر|کمک|هستم|می\u200c?خواهم|لطفا")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_WORDS = {
    "en": "hello|hi|hey there|good (?:morning|evening|afternoon)|how are you|thank you|thanks a lot|please|looking"
    "|i am|i m|i want|i need|do you|can you|what is|how much|how does|my data|goodbye|english|with|the|apprenticeship"
    "|delete|someone|near",
    "es": "hola|buenos|buenas|gracias|quiero|busco|necesito|tengo|vivo|trabajo|aprendizaje|adios|por favor|ayuda"
    "|hablar|hablas|mis datos|donde|hasta luego|soy|entiendo",
    "pl": "dzien|dobry|czesc|witam|siema|dziekuje|dzieki|szukam|chce|prosze|pomoc|praktyk\\w*|pracy|jestem|mieszkam"
    "|mam|moje|nie|rozumiem|potrzebuje",
    "ar": "salam ?\\w*koum?|salamu? alaikum|marhaba|ch?oukran|shukran|labes|labas|wach|bghit|nhawes|n7eb|kan9eleb|nkhdem"
    "|khedma|bslama|inchallah|khoya",
    "de": "hallo|guten|danke|ich|suche|bitte|ausbildung",
    "it": "buongiorno|grazie|cerco|voglio|sono|ciao come",
    "pt": "ola|bom dia|obrigad[oa]|procuro|quero|preciso",
    "tr": "merhaba|tesekkurler|ariyorum|istiyorum|selam",
    "ro": "buna ziua|multumesc|caut",
}  # fmt: skip
_PATTERNS = {code: re.compile(rf"\b(?:{words})\b") for code, words in _WORDS.items()}
_FRENCH = re.compile(
    r"\b(?:je|j|jveu\w*|cherche|jcherche|un|une|le|la|les|des|du|est|pas|pour|avec|dans|bonjour|salut"
    r"|bjr|slt|merci|oui|non|mon|ma|mes|apprentissage|qui|que|moi|suis|sur|chez|vers|dispo)\b"
)


def read_language(text: str) -> str:
    """An ISO 639 code; ``fr`` unless an alphabet or more words say otherwise."""
    if _ARABIC.search(text):
        return "fa" if _PERSIAN.search(text) else "ar"
    if _CYRILLIC.search(text):
        return "uk"
    folded = fold(text[:300]).replace("ł", "l")
    code, most = "fr", len(_FRENCH.findall(folded))
    for other, pattern in _PATTERNS.items():
        count = len(pattern.findall(folded))
        if count > most:
            code, most = other, count
    return code
