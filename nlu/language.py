"""The language of a message: by its alphabet, then by its common words."""

from __future__ import annotations

import re

from nlu.alternatives import sorted_out
from nlu.text import HEAD, Message

_ARABIC = re.compile(r"[\u0600-\u06ff]")
_PERSIAN = re.compile(r"[پچژگ]|\bسلام\b|درود|تشکر|کمک|هستم|می\u200c?خواهم|لطفا")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_WORDS = {
    "en": (
        r"hello|hi|hey there|good (?:morning|evening|afternoon)|how are you|thank you|"
        r"thanks a lot|please|looking|i am|i m|i want|i need|do you|can you|what is|"
        r"how much|how does|my data|goodbye|english|with|the|apprenticeship|delete|"
        r"someone|near"
    ),
    "es": (
        r"hola|buenos|buenas|gracias|quiero|busco|necesito|tengo|vivo|trabajo|aprendizaje|"
        r"adios|por favor|ayuda|hablar|hablas|mis datos|donde|hasta luego|soy|entiendo"
    ),
    "pl": (
        r"dzien|dobry|czesc|witam|siema|dziekuje|dzieki|szukam|chce|prosze|pomoc|"
        r"praktyk\w*|pracy|jestem|mieszkam|mam|moje|nie|rozumiem|potrzebuje"
    ),
    "ar": (
        r"salam ?\w*koum?|salamu? alaikum|marhaba|choukran|coukran|shukran|labes|labas|wach|"
        r"bghit|nhawes|n7eb|kan9eleb|nkhdem|khedma|bslama|inchallah|khoya"
    ),
    "de": (r"hallo|guten|danke|ich|suche|bitte|ausbildung"),
    "it": (r"buongiorno|grazie|cerco|voglio|sono|ciao come"),
    "pt": (r"ola|bom dia|obrigad[oa]|procuro|quero|preciso"),
    "tr": (r"merhaba|tesekkurler|ariyorum|istiyorum|selam"),
    "ro": (r"buna ziua|multumesc|caut"),
}
_PATTERNS = {code: re.compile(rf"\b(?:{words})\b") for code, words in _WORDS.items()}
_FOREIGN = re.compile(rf"\b(?:{sorted_out(_WORDS.values())})\b")
# How the first words of all these begin: without one of them there is none.
_HEADS = frozenset(
    first[:HEAD] for words in _WORDS.values() for first in re.findall(r"(?<![^|])[a-z0-9]+", words)
)
_FRENCH = re.compile(
    r"\b(?:je|j|jveu\w*|cherche|jcherche|un|une|le|la|les|des|du|est|pas|pour|avec|dans|bonjour|salut"
    r"|bjr|slt|merci|oui|non|mon|ma|mes|apprentissage|qui|que|moi|suis|sur|chez|vers|dispo)\b"
)


def read_language(message: Message) -> str:
    """An ISO 639 code; ``fr`` unless an alphabet or more words say otherwise."""
    text = message.text
    if not text.isascii():
        if _ARABIC.search(text):
            return "fa" if _PERSIAN.search(text) else "ar"
        if _CYRILLIC.search(text):
            return "uk"
    if _HEADS.isdisjoint(message.heads) and "ł" not in text:
        return "fr"
    folded = message.folded[:300].replace("ł", "l")
    if not _FOREIGN.search(folded):
        return "fr"
    code, most = "fr", len(_FRENCH.findall(folded))
    for other, pattern in _PATTERNS.items():
        count = len(pattern.findall(folded))
        if count > most:
            code, most = other, count
    return code
