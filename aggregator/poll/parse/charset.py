"""From a body's bytes to UTF-8, by an allow-list of encodings."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from aggregator.poll.parse.result import NotAFeed

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    # '<?' without a byte order mark (XML 1.0 appendix F.1)
    (b"<\x00?\x00", "utf-16-le"),
    (b"\x00<\x00?", "utf-16-be"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
)
# By the names that Python's codecs have for themselves. UTF-7, EBCDIC and Python's own inventions are left out: they
# let markup pass as harmless ASCII, or are no encodings at all.
_ALLOWED = frozenset(
    [
        "utf-8",
        "ascii",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "utf-32-le",
        "utf-32-be",
        "big5",
        "big5hkscs",
        "gb2312",
        "gbk",
        "gb18030",
        "euc_jp",
        "shift_jis",
        "cp932",
        "iso2022_jp",
        "euc_kr",
        "cp949",
        "johab",
        "koi8-r",
        "koi8-u",
        "ptcp154",
        "tis-620",
        "cp874",
        "koi8-t",
        "kz1048",
        "hp-roman8",
    ]
    + [f"mac-{script}" for script in ("roman", "cyrillic", "greek", "iceland", "latin2", "romanian", "turkish")]
    + [f"cp{page}" for page in (437, 720, 737, 775, *range(850, 859), 860, 861, 862, 863, 865, 866, 869, 1125)]
    + [f"iso8859-{part}" for part in range(1, 17) if part != 12]
    + [f"cp125{page}" for page in range(9)]
)
# Names of the Web that Python doesn't have, and supersets that go by the older name (https://encoding.spec.whatwg.org).
_ALIASES = {
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "ms_kanji": "cp932",
    "windows-874": "cp874",
    "x-gbk": "gb18030",
    "iso-8859-8-i": "iso8859-8",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-user-defined": "cp1252",
    "unicode-1-1-utf-8": "utf-8",
}
_SUPERSETS = {"gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949", "tis-620": "cp874"}
# The two bytes that begin a UTF-8 sequence, as Windows-1252 shows them, and the way back.
_DOUBLED = re.compile("[\xc2-\xf4][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")
_WINDOWS = {ord(bytes([byte]).decode("cp1252", "replace")): byte for byte in range(0x80, 0xA0)}
_WINDOWS.pop(0xFFFD)
_BEYOND_ASCII = re.compile("[^\x00-\x7f\ufffd]")
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\r")) + b"\x7f"
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]+)""", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*['"]([A-Za-z0-9._:-]+)['"]""")


@dataclass(frozen=True, slots=True)
class Document:
    """A body in UTF-8 without byte order mark, XML declaration and controls. `encoding` is what it came in."""

    data: bytes
    encoding: str


def read_document(body: bytes, content_type: str | None) -> Document:
    """Decode a body.

    A byte order mark wins (RFC 7303 section 3.3); valid UTF-8 that calls itself UTF-8, or nothing, is UTF-8 whatever
    the header says, for headers are often the server's default; then the header, the XML declaration, Windows-1252.
    Raises NotAFeed for an encoding that we refuse.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            known = mark in {
                codecs.BOM_UTF8,
                codecs.BOM_UTF16_LE,
                codecs.BOM_UTF16_BE,
                codecs.BOM_UTF32_LE,
                codecs.BOM_UTF32_BE,
            }
            return _document(_decode(body[len(mark) * known :], encoding), encoding)
    declared, charset = _declared(body), _charset(content_type)
    if declared in {None, "utf-8", "ascii"} and charset != "iso2022_jp":
        try:
            return _document(body.decode("utf-8"), "utf-8")
        except UnicodeDecodeError:
            pass
    for named in (charset, declared):
        if named is None:
            continue
        try:
            return _document(body.decode(named), named)
        except UnicodeDecodeError:
            continue
    text = _decode(body, "utf-8" if declared == "utf-8" else "cp1252")
    if declared == "utf-8" and not _BEYOND_ASCII.search(text):  # nothing in it is UTF-8: a wrong label
        text = _decode(body, "cp1252")
    return _document(text, declared or "cp1252")


def undo_double_encoding(text: str) -> str:
    """Mend text that was UTF-8, taken for Windows-1252 and encoded once more, so that 'é' came out as 'Ã©'.

    Only where the whole text turns back into valid UTF-8: no text that anybody wrote does that. (A character at its
    end may be cut: what was half of a no-break space is stripped as white space.)
    """
    if text.isascii() or not _DOUBLED.search(text):
        return text
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(text.translate(_WINDOWS).encode("latin-1"))
    except UnicodeError:
        return text


def _decode(body: bytes, encoding: str) -> str:
    """A few broken bytes must not cost a feed."""
    return body.decode(encoding, "replace")


def _document(text: str, encoding: str) -> Document:
    data = _DECLARATION.sub("", text, count=1).lstrip().encode("utf-8", "replace")
    return Document(data.translate(None, _CONTROLS), encoding)


def _declared(body: bytes) -> str | None:
    found = _DECLARED.match(body[:1024])
    return _allowed(found[1].decode("ascii")) if found else None


def _charset(content_type: str | None) -> str | None:
    found = _CHARSET.search(content_type) if content_type else None
    return _allowed(found[1]) if found else None


def _allowed(name: str) -> str | None:
    """Python's name of an encoding; None for a name that nobody knows. Raises NotAFeed for one that we refuse."""
    try:
        known = codecs.lookup(_ALIASES.get(name.lower(), name)).name
    except (LookupError, ValueError):
        return None
    if known not in _ALLOWED:
        raise NotAFeed(f"The feed says it is encoded in {name!r}, which is not safe to read.")
    if known.startswith(("utf-16", "utf-32")):
        return None  # without a byte order mark or zero bytes it is a wrong label
    return _SUPERSETS.get(known, known)
