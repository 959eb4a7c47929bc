"""The CV made from five answers: one page, accessible, faithful, whatever is written in it."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from fontTools.ttLib import TTFont
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching.application import made_cv as module
from matching.application.candidate import Candidate
from matching.application.document import PDF, Document
from matching.application.made_cv import HEADINGS, Answers, lines_of, made_cv
from matching.application.refusal import Reason, Refused

LEA = Candidate("Léa", "Martin", "lea.martin@gmail.com", "+33612345678")
FIVE = Answers(
    wish="un apprentissage en CAP carrossier-peintre, dès septembre 2027",
    school="3e au collège de Frévent\nBrevet prévu en juin 2027",
    experience="Stage d'une semaine au garage Dubois",
    strengths="- patiente\n- soigneuse",
    availability="Scooter, 20 km",
)
FONTS = Path(module.__file__).parent / "fonts"
LETTERS = frozenset(range(0x20, 0x250))


def text(document: Document) -> str:
    """What the page says, read as a PDF reader copies it."""
    pdf = pypdfium2.PdfDocument(document.content)
    try:
        assert len(pdf) == 1
        said = pdf[0].get_textpage().get_text_range()
    finally:
        pdf.close()
    return " ".join(said.split())


def test_the_page_says_what_was_answered() -> None:
    sent = made_cv(LEA, FIVE)
    assert (sent.name, sent.content_type) == ("CV_Lea_Martin.pdf", PDF)
    said = text(sent)
    for part in (
        "Léa Martin", "06 12 34 56 78", "lea.martin@gmail.com", *HEADINGS.values(),
        "Un apprentissage en CAP carrossier-peintre, dès septembre 2027",
        "Brevet prévu en juin 2027", "Stage d’une semaine au garage Dubois", "Patiente",
        "Scooter, 20 km",
    ):  # fmt: skip
        assert part in said


def test_it_is_accessible() -> None:
    """Tags, headings, a list, the language and the title: PDF/UA-1, claimed and there."""
    with pikepdf.open(BytesIO(made_cv(LEA, FIVE).content)) as pdf:
        assert str(pdf.Root.Lang).startswith("fr")
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.docinfo["/Title"]) == "CV de Léa Martin"
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        tags = [str(o.S) for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and "/S" in o]
        assert tags.count("/H1") == 1
        assert tags.count("/H2") == 5
        assert "/LI" in tags
        assert "/StructTreeRoot" in pdf.Root
        with pdf.open_metadata() as meta:
            assert meta["pdfuaid:part"] == "1"
        fonts = [o for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and "/FontName" in o]
        assert fonts
        assert all("/FontFile2" in f or "/FontFile3" in f for f in fonts)


def test_it_says_nothing_of_when_and_by_whom_it_was_made() -> None:
    with pikepdf.open(BytesIO(made_cv(LEA, FIVE).content)) as pdf:
        assert not {"/Author", "/CreationDate", "/ModDate"} & set(pdf.docinfo.keys())


@pytest.mark.parametrize(
    "trap",
    [
        '#import "@preview/x:1.0.0"',
        '#read("/etc/passwd")',
        '#panic("x")',
        "$ x^2 $ *gras* _it_ `raw` = Titre",
        '#link("https://x")[y] <label> @ref // comment /* x */',
        "\\u{1F600} \\ \" ' ] ) }",
        "#(while true {})",
    ],
)
def test_what_is_written_is_never_markup(trap: str) -> None:
    sent = made_cv(LEA, Answers(wish=trap, strengths=trap))
    straight = str.maketrans("’‘“”«»", '\'\'""""')
    said = text(sent).translate(straight).replace(" ", "").replace("\u202f", "").lower()
    assert trap.translate(straight).replace(" ", "").lower() in said


@pytest.mark.parametrize(
    "answer",
    [
        "mot " * 3000,
        "W" * 5000,
        "a\n" * 400,
        "é" * 39 + " " + "x" * 5000,
        ("ligne assez longue pour remplir une bonne partie de la page\n") * 60,
        "W" * 39 + "\n" + ("W " * 500),
    ],
)
def test_long_answers_stay_on_one_page(answer: str) -> None:
    said = text(made_cv(LEA, Answers(*[answer] * 5)))
    assert "…" in said or "..." in said
    assert all(heading in said for heading in HEADINGS.values())


def test_long_names_and_addresses_stay_on_the_page() -> None:
    long = Candidate("W" * 50, "M" * 50, "w" * 60 + "@" + "w" * 60 + ".fr", "+33612345678")
    pdf = pypdfium2.PdfDocument(made_cv(long, FIVE).content)
    page = pdf[0]
    words = page.get_textpage()
    right = max(words.get_charbox(i)[2] for i in range(words.count_chars()))
    assert len(pdf) == 1
    assert right < page.get_width()
    words.close()
    pdf.close()


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ("patiente 😀, soigneuse", "Patiente, soigneuse"),
        ("👩‍🔧🏽", ""),
        ("漢字 cuisine", "Cuisine"),
        ("Щось українською", "Щось українською"),
        ("e\u0301cole", "École"),
        ("\u202eevil\u2066", "Evil"),
        ("a\x00b\x07c", "Abc"),
        ("• une puce", "Une puce"),
    ],
)
def test_other_scripts_and_emoji(answer: str, kept: str) -> None:
    said = text(made_cv(LEA, Answers(wish="Test", experience=answer)))
    assert kept in said
    assert (HEADINGS["experience"] in said) is bool(kept)


def test_names_in_other_scripts() -> None:
    arabic = Candidate("محمد", "العربي", "m@gmail.com", "+33612345678")
    assert made_cv(arabic, FIVE).name == "CV.pdf"
    chinese = Candidate("漢", "字", "m@gmail.com", "+33612345678")
    assert "Candidature en apprentissage" in text(made_cv(chinese, FIVE))


def test_an_answer_that_was_skipped_has_no_heading() -> None:
    said = text(made_cv(LEA, Answers(wish="boulangerie")))
    assert HEADINGS["wish"] in said
    assert HEADINGS["school"] not in said


@pytest.mark.parametrize("answers", [Answers(), Answers(" ", "\n", "-", "😀", "…")])
def test_five_answers_without_a_word_are_refused(answers: Answers) -> None:
    with pytest.raises(Refused) as caught:
        made_cv(LEA, answers)
    assert caught.value.reason is Reason.CV_EMPTY


def test_lines_are_cut_between_words() -> None:
    assert lines_of("un deux trois quatre cinq six", LETTERS, 22, 3) == ["Un deux trois quatre…"]
    assert lines_of("a\nb\nc\nd", LETTERS, 100, 2) == ["A", "B…"]
    assert lines_of("", LETTERS, 100, 2) == []


@settings(max_examples=120, suppress_health_check=list(HealthCheck))
@given(st.lists(st.text(max_size=400), min_size=5, max_size=5), st.text(max_size=50))
def test_anything_makes_one_page_or_is_empty(answers: list[str], name: str) -> None:
    try:
        sent = made_cv(Candidate(name, name, "a@b.fr", "+33612345678"), Answers(*answers))
    except Refused as refused:
        reason = refused.reason
    else:
        text(sent)
        return
    assert reason is Reason.CV_EMPTY


_MARKS = "".join(map(chr, [*range(0x300, 0x330), *range(0x64B, 0x653), 0x200C, 0x627, 0x65, 0x448]))


@settings(max_examples=80, suppress_health_check=list(HealthCheck))
@given(st.text(_MARKS, min_size=1, max_size=40))
def test_marks_on_letters_of_other_scripts_break_nothing(answer: str) -> None:
    text(made_cv(LEA, Answers(wish=f"a {answer}", strengths=answer)))


def test_what_no_font_can_put_together_falls_back_to_latin() -> None:
    """A Persian digit under a Greek accent: each is in our fonts, together they are in none."""
    said = text(made_cv(LEA, Answers(wish="pain \u06f1\u0314\u02cd", strengths="Patiente")))
    assert "Pain" in said
    assert "\u06f1" not in said
    assert "\u06f1" in text(made_cv(LEA, Answers(wish="pain \u06f1")))


def test_the_coverage_is_what_the_fonts_have() -> None:
    """`fonts/coverage.txt` is what we read instead of the fonts: it must say the same."""
    points = {file.stem: set(TTFont(file).getBestCmap()) for file in FONTS.glob("*.ttf")}
    latin = points["NotoSans-Regular"] & points["NotoSans-Bold"]
    arabic = points["NotoSansArabic-Regular"] & points["NotoSansArabic-Bold"]
    assert module._drawable() == latin | arabic
