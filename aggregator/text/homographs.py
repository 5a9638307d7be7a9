"""Readings that a dictionary with one base form for each form leaves out, found by the forms that it does have.

Spanish 'estado' is there as a form of 'estar' only, 'vacunas' of 'vacunar', 'nacido' is its own base form; Italian
'stato' is a form of 'essere'. Endings propose other readings, and only those that the dictionary knows as base forms
count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Entry = Callable[[str], str | None]
"""The base form that the dictionary gives a word, None if it does not have it."""
_Endings = tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]

_INFINITIVE = re.compile("(?:[aeiíô]r|re)$")
_PLURALS = {
    "fr": (("", "s"),),
    "es": (("", "s"), ("", "es")),
    "pt": (("", "s"),),
    "it": (("o", "i"), ("e", "i"), ("a", "e")),
}
# Nouns that only look like participles.
_NO_PARTICIPLES = frozenset(("partido", "partidos", "partito", "partiti", "estado", "estados", "stato", "stati"))
# Forms that are better known as other words: 'partita' is no feminine of 'partito', 'porta' none of 'porto'.
_OWN = {"it": {"partita": "partita", "partite": "partita", "porta": "porta", "porte": "porta", "posta": "posta"}}
_COMMONEST = frozenset(("être", "avoir", "ser", "estar", "haber", "ter", "haver", "essere", "avere", "stare"))


def _table(endings: Mapping[str, Mapping[str, str]]) -> dict[str, _Endings]:
    return {
        language: tuple((re.compile(f"(?<=..)(?:{ending})$"), tuple(bases.split(","))) for ending, bases in of.items())
        for language, of in endings.items()
    }


# Endings, and those of the base forms that they may stand for: participles, and adjectives that are nouns as well.
_ALWAYS = _table(
    {
        "fr": {
            "ée?s?": "er",
            "ie?s?": "ir",
            "ue?s?": "re,ir,oir",
            "trices?": "teur",
            "ières?": "ier",
            "euses?": "eur",
            "ives?": "if",
        },
        "es": {
            "ad[oa]s?": "ar",
            "[ií]d[oa]s?": "er,ir,eír",
            "icas?": "ico",
            "triz|trices": "tor",
            "doras?": "dor",
            "toras?": "tor",
        },
        "pt": {"ad[oa]s?": "ar", "[ií]d[oa]s?": "er,ir", "icas?": "ico", "triz|trizes": "tor", "oras?": "or"},
        "it": {
            "at[oaie]": "are",
            "ut[oaie]": "ere",
            "it[oaie]": "ire",
            "ica|iche": "ico",
            "tric[ei]": "tore",
            "ess[ae]": "e",
        },
        "de": {"(?<!n)t": "en", "e[rsmn]?": ""},
    }
)
# The same for forms of which the dictionary says that they are another word's.
_OF_OTHERS = _table({"fr": {"e?s|e": ""}, "es": {"s": "", "es": ""}, "pt": {"s": ""}, "it": {"i": "o,e", "e": "a"}})


def own_base(form: str, language: str) -> str | None:
    """The base form of a word that the dictionary takes for a rarer one's."""
    return _OWN[language].get(form) if language in _OWN else None


def is_noun_of_its_own(form: str, language: str, base: str, entry: Entry) -> bool:
    """Whether a form of a verb is more than that: the dictionary has its plural, or the verb is one such as 'to be'."""
    if not _INFINITIVE.search(base) or base == form:
        return False
    endings = _PLURALS.get(language, ())
    plurals = [form.removesuffix(one) + several for one, several in endings if form.endswith(one)]
    return base in _COMMONEST or any(entry(plural) == form for plural in plurals)


def other_bases(form: str, language: str, base: str | None, entry: Entry) -> set[str]:
    """Base forms of a word in a text beside the one that the dictionary gives."""
    found = set()
    if form not in _NO_PARTICIPLES:
        found = {other for other in _proposed(form, _ALWAYS.get(language, ())) if entry(other) == other}
    if base is not None and base not in (form, form[:-1]):
        found |= {other for other in _proposed(form, _OF_OTHERS.get(language, ())) if entry(other) is not None}
    return found


def _proposed(form: str, endings: _Endings) -> set[str]:
    return {
        form[: match.start()] + ending
        for pattern, replacements in endings
        if (match := pattern.search(form)) is not None
        for ending in replacements
    }
