"""Plain text out of what recruiters paste: tags, entities, control characters."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BLOCKS = frozenset({"br", "p", "div", "li", "ul", "ol", "tr", "h1", "h2", "h3", "h4", "h5", "h6"})
_SILENT = frozenset({"script", "style"})
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
"""Control characters, which PostgreSQL refuses (NUL) or terminals obey, marks that turn the
direction of writing, and lone surrogates, which no encoding can write."""


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in _SILENT
        if tag in _BLOCKS:
            self.parts.append("\n- " if tag == "li" else "\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in _SILENT))
        if tag in _BLOCKS and tag != "br":
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


def _strip(markup: str) -> str:
    reader = _Text()
    reader.feed(markup)
    reader.close()
    return "".join(reader.parts)


def plain(markup: str) -> str:
    """The text of a description, its lines kept.

    « <p>Salon&nbsp;: <b>coupe</b> &amp; couleur</p> » -> « Salon : coupe & couleur ». Tags that
    were themselves escaped (« &lt;p&gt; ») are taken off too. The result is text, not HTML:
    whoever prints it on a page escapes it.
    """
    text = _strip(markup)
    if _TAG.search(text):
        text = _strip(text)
    lines = (_spaced(line) for line in _UNPRINTABLE.sub("", text).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def line(markup: str) -> str:
    """The same on one line: a title, a name."""
    return _spaced(plain(markup))


def _spaced(text: str) -> str:
    """Single spaces, those of French punctuation such that no line breaks there."""
    single = " ".join(text.split())
    return re.sub(r" (?=[;?!»])|(?<=«) ", "\u202f", re.sub(" (?=:)", "\u00a0", single))
