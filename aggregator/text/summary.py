"""Plain text in short: sentences, and a summary that ends where a sentence ends.

Works on rules alone (no model): full stops that end no sentence are known by their abbreviation, by the digit or the
small letter that follows, or by being an initial. Scripts without spaces are counted by characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

SUMMARY_WORDS = 45
SUMMARY_SENTENCES = 2

# A full stop after these never ends a sentence; dots inside ('z.B.', 'e.g.', 'т.е.') are found by their shape.
_NEVER_END = frozenset(
    """
    mr mrs ms dr ft feat prof st gen col lt maj capt sgt cpl cmdr adm brig sen rep gov hon rev pres vs cf approx
    bzw ca vgl evtl inkl ggf sog zzgl hl hr fr dipl ing mio mrd mm mme mlle mgr
    sra sr srta dra ud uds dña sta exmo exma sig dott avv
    np ul tzw prof doc hab tys mln mld
    ім вул просп акад проф ул им тов тис млн млрд трлн тыс р рр г гг
    """.split()  # noqa: SIM905 - a table of words is read as words
)
# These end one only before a capital: 'etc. The', 'Acme Inc. It'; but 'No. 10', 'Nov. 5'.
_MAY_END = frozenset(
    """
    etc inc ltd co corp jr bros no nos vol fig dept est ave jan feb mar apr jun jul aug sep sept oct nov dec
    usw nr str av art cap pag págs núm num tél tel janv févr avr juil déc zł gr godz
    грн руб коп обл ст см кв рис
    """.split()  # noqa: SIM905
)
# After 'U.S.' and its like, one of these starts a sentence and anything else goes on with the name.
_STARTERS = frozenset(
    "the a an in on at it its he she they we i this that these those but and so if when as".split()  # noqa: SIM905
)
_MONTHS = frozenset(
    "januar jänner februar märz april mai juni juli august september oktober november dezember".split()  # noqa: SIM905
)

_STOPS = ".!?…‽؟۔।॥։"
_WIDE_STOPS = "。！？｡"
_CLOSERS = "\"'”’»›)]}」』】）"
_OPENERS = "\"'“‘«‹([{「『【（¿¡-–—"
_CLOSING = f"[{re.escape(_CLOSERS)}]*"
_BOUNDARY = re.compile(rf"[{re.escape(_STOPS)}]+{_CLOSING}(?=\s)|[{_WIDE_STOPS}]+{_CLOSING}")
_ENDS = re.compile(rf"(?<!\.\.)[{re.escape(_STOPS.replace('…', '') + _WIDE_STOPS)}]{_CLOSING}\Z")
_LAST_WORD = re.compile(r"[^\s(\[{\"'“‘«„]*\Z")
_FIRST_WORD = re.compile(r"[^\W_]+")
_INNER_DOTS = re.compile(r"(?:[^\W\d_]{1,3}\.)+[^\W\d_]{1,3}\Z")
_INITIAL = re.compile(r"[^\W\d_]\Z")

_EAST_ASIAN = (
    r"\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    r"\uff66-\uff9f\U00020000-\U0003ffff"
)
_SOUTH_EAST_ASIAN = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_SPACED = rf"(?:(?![{_EAST_ASIAN}{_SOUTH_EAST_ASIAN}])[^\W_])+"
_WORD = re.compile(rf"(?P<east>[{_EAST_ASIAN}]+)|(?P<south>[{_SOUTH_EAST_ASIAN}]+)|{_SPACED}(?:[-.,'’]{_SPACED})*")
_CHARACTERS_A_WORD = {"east": 2, "south": 5}
_CLAUSE_MARKS = (", ", "; ", ": ", " – ", " — ", "，", "；", "、", "، ")
_CONJUNCTIONS = tuple(
    f" {word} "
    for word in "and but und aber et mais y pero e mas ma i oraz ale а і й та але и но".split()  # noqa: SIM905
)

# As news agencies begin: KYIV, Ukraine (AP) — or BERLIN —
_DATELINE = re.compile(
    r"\A[A-ZÀ-ÖØ-Þ][^.!?—–\n]{1,60}?\((?:AP|AFP|AA|ANSA|CNN|CBS|DPA|EFE|PAP|Reuters|UPI|Xinhua)\)\s*[-–—:]+\s+"
    r"|\A[A-ZÀ-ÖØ-Þ]{3}[A-ZÀ-ÖØ-Þ., ]{0,30}\s*[–—]\s+",
)
_BOILERPLATE = re.compile(
    r"\A(?:\W*\Z|the post .{3,300}(?:appeared|was published) first on|(?:continue|keep) reading|click here|"
    r"read (?:more|the full|also|our)|sign up|subscribe|follow us|this (?:article|story) (?:was )?(?:first|originally)|"
    r"weiterlesen|mehr lesen|lesen sie (?:auch|mehr)|lire (?:la suite|aussi)|leer más|lea también|leia (?:mais|também)|"
    r"leggi (?:anche|tutto)|czytaj (?:też|także|więcej|dalej)|читайте (?:також|также)|читати (?:далі|також)|"
    r"читать далее|اقرأ (?:أيضا|المزيد))",
    re.IGNORECASE,
)


def sentences(text: str) -> list[str]:
    """The sentences of a plain text in order; a line break ends one too. Every word of the text is in one of them."""
    return list(_each_sentence(text))


def _each_sentence(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield from filter(None, _sentences_of_line(" ".join(line.split())))


def _sentences_of_line(line: str) -> Iterator[str]:
    start = 0
    for match in _BOUNDARY.finditer(line):
        if _ends_sentence(line, start, match):
            yield line[start : match.end()].strip()
            start = match.end()
    yield line[start:].strip()


def _ends_sentence(line: str, start: int, match: re.Match[str]) -> bool:
    mark = match.group()
    if mark[0] in _WIDE_STOPS:
        return True
    after = line[match.end() :].lstrip()
    following = after.lstrip(_OPENERS + " ")
    if not following:
        return True
    if following[0].islower():
        return False  # 'e.g. this', '"Stop!" he said', 'well... yes'
    if mark[0] != "." or mark.startswith(".."):
        return True
    word = _LAST_WORD.search(line, start, match.start())
    first = _FIRST_WORD.match(following)
    return stop_ends(word.group() if word else "", first.group() if first else "")


def stop_ends(word: str, following: str) -> bool:
    """Whether the full stop after `word` ends a sentence, when `following` comes next and is not in small letters."""
    bare = word.strip("".join(_OPENERS)).casefold()
    if _INNER_DOTS.match(bare):
        return following.casefold() in _STARTERS
    if bare in _NEVER_END:
        return False
    if bare in _MAY_END:
        return not following[:1].isdigit() and following[:1].isupper()
    if _INITIAL.match(bare):
        return not word[-1:].isupper()
    if bare.isdigit() and len(bare) <= 2:  # '3. März', '12. Juni'
        return following.casefold() not in _MONTHS
    return True


def count_words(text: str) -> int:
    """How much there is to read, in words: two Chinese or Japanese characters count as one, five Thai ones too."""
    total = 0
    for match in _WORD.finditer(text):
        kind = match.lastgroup
        total += 1 if kind is None else -(-len(match.group()) // _CHARACTERS_A_WORD[kind])
    return total


def summarise(
    text: str, title: str = "", *, words: int = SUMMARY_WORDS, sentence_count: int = SUMMARY_SENTENCES
) -> str:
    """The first `sentence_count` sentences that say something and fit in `words` words together; '' for none.

    Captions (lines that end no sentence), datelines, 'Read more' and a repetition of `title` are passed over. Only
    where the first sentence alone is too long does it end inside one, at a clause if there is one, with '…'.
    """
    chosen: list[str] = []
    used = 0
    for sentence in _telling(text, title):
        length = count_words(sentence)
        if used + length > words:
            break
        chosen.append(sentence)
        used += length
        if len(chosen) == sentence_count:
            break
    if chosen:
        return _join(chosen)
    return shorten(next(_telling(text, title), ""), words)


def _telling(text: str, title: str) -> Iterator[str]:
    """Sentences that say something: the whole ones, or where there is none all. A summary reads only the first few."""
    fragments: list[str] | None = []
    for sentence in _each_sentence(text):
        if _BOILERPLATE.search(sentence) or _repeats(sentence, title):
            continue
        told = _DATELINE.sub("", sentence)
        if _ENDS.search(told):
            fragments = None
            yield told
        elif fragments is not None:
            fragments.append(told)
    yield from fragments or ()


def _repeats(sentence: str, title: str) -> bool:
    said = letters(sentence)
    return not said or (bool(title) and said == letters(title))


def letters(text: str) -> str:
    """Letters and digits alone, in one case: equal for two texts that differ in punctuation and spaces only."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def shorten(text: str, words: int) -> str:
    """At most `words` words, cut where a clause ends if that keeps half of them, and marked with '…'."""
    if count_words(text) <= words:
        return text
    cut = _cut_position(text, words)
    clause = max(text.rfind(mark, 0, cut) for mark in _CLAUSE_MARKS + _CONJUNCTIONS)
    if clause > 0 and count_words(text[:clause]) * 2 >= words:
        cut = clause
    return f"{text[:cut].rstrip(' ,;:–—-，；、،')}…"


def _cut_position(text: str, words: int) -> int:
    """Where the word after the first `words` ones starts; inside a run of a script without spaces if need be."""
    used = 0
    for match in _WORD.finditer(text):
        size = _CHARACTERS_A_WORD.get(match.lastgroup or "", 0)
        cost = -(-len(match.group()) // size) if size else 1
        if used + cost > words:
            return match.start() + _whole_characters(match.group(), (words - used) * size)
        used += cost
    return len(text)


def _whole_characters(run: str, length: int) -> int:
    """Not more than `length`, never between a letter and the marks that belong to it."""
    while 0 < length < len(run) and unicodedata.category(run[length]).startswith("M"):
        length -= 1
    return length


def _join(parts: list[str]) -> str:
    joined = parts[0]
    for part in parts[1:]:
        joined += part if joined[-1] in _WIDE_STOPS + "」』" else f" {part}"
    return joined
