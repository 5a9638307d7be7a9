"""Words written without their accents: Sao Paulo is São Paulo, greve is grève, Lodz is Łódź.

An accented word and one without accents meet when the one without is no word of its own: French 'pêche' and 'péché'
stay apart, German 'schon' is not 'schön'. Only Latin letters have accents in this sense.
"""

from __future__ import annotations

import unicodedata

_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "ð": "d", "þ": "th"})
# Marks of readings: the second stands for an accented word of a keyword, the third for one of a text.
_WANTED, _PRINTED = ">", "<"


_ENGLISH_APART = frozenset(("resume", "expose", "rose", "pate", "sake", "lame", "mate", "saute", "pique", "forte"))


def english_spelling(form: str) -> str | None:
    """The same English word without the accents of its origin: naive for naïve; None where that is another word."""
    letters = bare(form)
    return None if letters == form or letters in _ENGLISH_APART else letters


def bare(form: str) -> str:
    """A word without its accents; itself if it has none, or if its letters are not Latin."""
    if form.isascii() or form[0] >= "\u0370":
        return form
    decomposed = unicodedata.normalize("NFKD", form.translate(_LETTERS))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def sought_accents(forms: set[str], *, is_word: bool) -> set[str]:
    """Readings by which a keyword's word (its form and base forms) finds the other spelling. `is_word`: see above."""
    return _readings(forms, is_word, accented=_WANTED, plain=_PRINTED)


def found_accents(forms: set[str], *, is_word: bool) -> set[str]:
    """The same for a text's word."""
    return _readings(forms, is_word, accented=_PRINTED, plain=_WANTED)


def _readings(forms: set[str], is_word: bool, *, accented: str, plain: str) -> set[str]:
    found = set()
    for form in forms:
        letters = bare(form)
        if letters != form:
            found.add(accented + letters)
        elif not is_word and form.isascii():
            found.add(plain + form)
    return found
