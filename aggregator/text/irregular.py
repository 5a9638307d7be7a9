"""Base forms that the dictionary does not give, mostly because it gives a word one base form and knows another."""

from __future__ import annotations

_ENGLISH = """
leaves:leaf lives:life wives:wife thieves:thief halves:half shelves:shelf calves:calf diagnoses:diagnosis axes:axis
bases:basis left:leave felt:feel rose:rise won:win shot:shoot shook:shake swore:swear slew:slay bore:bear bent:bend
broke:break thought:think gone:go awoken:awake ground:grind rung:ring drunk:drink
"""
_UKRAINIAN = "діти:дитина дітей:дитина дітям:дитина дітьми:дитина дітях:дитина"
_SPANISH = "presidenta:presidente presidentas:presidente"
_ARABIC = "سورية:سوريا"

_TABLES = {"en": _ENGLISH, "uk": _UKRAINIAN, "es": _SPANISH, "ar": _ARABIC}
_BASES = {language: dict(pair.split(":") for pair in table.split()) for language, table in _TABLES.items()}


def irregular(form: str, language: str) -> str | None:
    """The base form of a word in a text, if it is one of these."""
    return _BASES.get(language, {}).get(form)
