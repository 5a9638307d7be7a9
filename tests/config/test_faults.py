"""Each fault: its place, what is wrong, what to write instead. All at once, and no secret among them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from aggregator.config.load import load, parse
from aggregator.config.tree import MAX_BYTES
from aggregator.errors import ConfigError

FEEDS = "feeds: [https://a.example/feed]\n"


def faults(text: str | bytes, **environ: str) -> list[str]:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(ConfigError) as caught:
        parse(data, Path("feeds.yaml"), environ)
    return [str(fault) for fault in caught.value.faults]


def only(text: str | bytes, **environ: str) -> str:
    found = faults(text, **environ)
    assert len(found) == 1, found
    return found[0]


def test_all_faults_are_reported_at_once_in_the_order_of_the_file() -> None:
    found = faults(
        "site:\n"
        "  timezone: Europe/Kyvi\n"
        "topcis:\n"
        "  A: [x]\n"
        "feeds:\n"
        "  - www.a.example/feed\n"
        "  - url: https://b.example/\n"
        "    every: soon\n"
        "    headers: {X-Key: '${TOKEN}'}\n"
        "digests:\n"
        "  D: {at: 25:00, topics: [Air]}\n"
    )
    assert [line.split(" ")[0] for line in found] == [
        "feeds.yaml:2:13:",
        "feeds.yaml:3:1:",
        "feeds.yaml:6:5:",
        "feeds.yaml:8:12:",
        "feeds.yaml:9:23:",
        "feeds.yaml:11:11:",
        "feeds.yaml:11:27:",
    ]
    assert "topcis: did you mean topics?" in found[1]


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        # keys
        (FEEDS + "topcis: {}", "2:1", "unknown key topcis: did you mean topics?"),
        (FEEDS + "topcis:", "2:1", "unknown key topcis: did you mean topics?"),
        (FEEDS + "site:\n  Title: x", "3:3", "unknown key Title: did you mean title?"),
        (FEEDS + "mail: {replyto: a@b.example}", "2:8", "unknown key replyto: did you mean reply_to?"),
        (FEEDS + "timezone: UTC", "2:1", "unknown key timezone: it belongs under site:"),
        (FEEDS + "web: {zzz: 1}", "2:7", "unknown key zzz; the keys here are host, port"),
        (FEEDS + "site: {}\nweb: {}\nsite: {}", "4:1", "site stands here a second time (first in line 2); keep one"),
        ("site: {}", "1:1", "feeds is missing; write feeds: and below it"),
        ("feeds:\nsite: {}", "1:1", "feeds is missing"),
        ("feeds: []", "1:8", "feeds: is empty; write at least one"),
        ("feeds:\n  - name: x", "2:5", "url is missing; it is: Address of the feed"),
        (FEEDS + "topics:\n  Empty:", "3:3", "Empty lacks any:, which is: Keywords"),
        (FEEDS + "topics:\n  Empty: []", "3:10", "Empty: is empty; write at least one"),
        # kinds
        (FEEDS + "site: News", "2:7", "site: expects keys below it (title, description, url,"),
        (FEEDS + "site: [a]", "2:7", "not a list"),
        ("- a\n", "1:1", "expects keys below it (site, feeds, topics, digests, mail, polling, …), not a list"),
        (FEEDS + "topics: [a]", "2:9", "topics: expects a name, a colon and something below it, not a list"),
        ("feeds:\n  -", "2:4", "feeds: expects keys below it (url, name"),
        ("feeds: {a: b}", "1:8", "feeds: expects a list, not a mapping"),
        (FEEDS + "topics: {A: [[x]]}", "2:14", "A: expects text, not a list"),
        (FEEDS + "topics: {A: [x, ]}", None, None),
        (FEEDS + "topics:\n  A:\n    - x\n    -", "5:6", "an item is empty; write something after the dash"),
        (FEEDS + "topics:\n  A:\n    - title: war", "4:7", "if it is text, put it in quotes: 'title: war'"),
        (FEEDS + "site: {title: {a: 1, b: 2}}", "2:15", "title: expects text, not a mapping"),
        # numbers and truth
        (FEEDS + "web: {port: many}", "2:13", "port: 'many' is not a whole number"),
        (FEEDS + "web: {port: 1.5}", "2:13", "port: '1.5' is not a whole number"),
        (FEEDS + "web: {port: 70000}", "2:13", "port: '70000' is too large; at most 65535"),
        (FEEDS + "web: {port: [1]}", "2:13", "port: expects a whole number, not a list"),
        (FEEDS + "publish: {entries: 0}", "2:20", "entries: '0' is too small; at least 1"),
        (FEEDS + "topics: {A: {any: x, weight: heavy}}", "2:30", "weight: 'heavy' is not a number"),
        (FEEDS + "topics: {A: {any: x, weight: -1}}", "2:30", "weight: '-1' is too small; it has to be more than 0"),
        (FEEDS + "topics: {A: {any: x, weight: .nan}}", "2:30", "weight: '.nan' is not a number"),
        (FEEDS + "topics: {A: {any: x, weight: nan}}", "2:30", "weight: 'nan' is not a number that can be used"),
        (FEEDS + "topics: {A: {any: x, alert: maybe}}", "2:29", "alert: 'maybe' is neither true nor false"),
        (FEEDS + "topics: {A: {any: x, alert: [1]}}", "2:29", "alert: expects true or false, not a list"),
        # times
        (FEEDS + "polling: {floor: 10}", "2:18", "floor: '10' is not a duration; write a number and a unit"),
        (FEEDS + "polling: {floor: 0s}", "2:18", "floor: '0s' is no time at all"),
        (FEEDS + "polling: {floor: 999999999999w}", "2:18", "is too long a duration"),
        (FEEDS + "polling: {floor: 2d}", "2:10", "polling: floor is longer than ceiling"),
        (FEEDS + "digests: {D: {at: 24:00}}", "2:19", "at: '24:00' is not a time of day"),
        (FEEDS + "digests: {D: {days: mon-fry}}", "2:21", "days: 'fry' is not a day: did you mean friday?"),
        (FEEDS + "digests: {D: {days: 17}}", "2:21", "days: '17' is not a day: write mon, tue"),
        (FEEDS + "digests: {D: {days: []}}", "2:21", "days: no days; write mon-fri"),
        (FEEDS + "digests: {D: {days: {a: b}}}", "2:21", "days: no days; write mon-fri"),
        (FEEDS + "site: {timezone: Kyiv}", "2:18", "timezone: 'Kyiv' is not a time zone: did you mean Europe/Kyiv?"),
        (FEEDS + "site: {timezone: europe/berlin}", "2:18", "did you mean Europe/Berlin?"),
        (FEEDS + "site: {timezone: '???'}", "2:18", "write an IANA name such as Europe/Kyiv or UTC"),
        # languages
        (FEEDS + "site: {language: english}", "2:18", "language: 'english' is not a language code: did you mean en?"),
        (FEEDS + "site: {language: ua}", "2:18", "did you mean uk?"),
        (FEEDS + "site: {language: pt_BR}", "2:18", "did you mean pt-BR?"),
        (FEEDS + "site: {language: qq}", "2:18", "write a code such as en, uk (Ukrainian) or pt-BR"),
        # addresses
        ("feeds: [www.a.example/feed]", "1:9", "lacks https://: did you mean https://www.a.example/feed?"),
        ("feeds: ['feed://a.example/feed']", "1:9", "did you mean https://a.example/feed?"),
        ("feeds: ['feed:https://a.example/feed']", "1:9", "did you mean https://a.example/feed?"),
        ("feeds: ['htps://a.example/feed']", "1:9", "starts with htps: did you mean https?"),
        ("feeds: ['gopher://a.example/']", "1:9", "is not a web address"),
        ("feeds: ['https:///feed']", "1:9", "has no host"),
        ("feeds: ['https://a.example/a feed']", "1:9", "has a blank or a control character in it; write it as %20"),
        ("feeds: ['https://a.example:port/']", "1:9", "its host or port makes no sense"),
        ("feeds: ['https://[a.example/']", "1:9", "its host or port makes no sense"),
        ("feeds: ['https://u:geheim@a.example/']", "1:9", "write auth: user:password below it"),
        ("feeds: ['file:news.xml']", "1:9", "lies in no folder that is allowed; name its folder under polling"),
        ("feeds: ['file://host/news.xml']", "1:9", "is not a file's address"),
        (FEEDS + "site: {url: 'https://a.example/?x'}", "2:13", "the public address can't have a user, a query"),
        (FEEDS + "site: {contact: me}", "2:17", "contact: 'me' is neither an e-mail address nor a web address"),
        (FEEDS + "site: {title: \"a\\r\\nBcc: x@y.z\"}", "2:15", "title: has a line break or a control character"),
        (FEEDS + "site: {title: ''}", "2:15", "title: is empty"),
        (FEEDS + "digests: {D: {to: [team]}}", "2:20", "to: 'team' is not an e-mail address"),
        (FEEDS + "digests: {D: {to: 'a..b@c.example'}}", "2:19", "is not an e-mail address"),
        (FEEDS + "mail: {from: News}", "2:14", "from: 'News' is not an e-mail address"),
        (FEEDS + "mail: {smtp: mail.example.org}", "2:14", "smtp: is no mail server; write smtp://"),
        (FEEDS + "mail: {smtp: 'file:'}", "2:14", "smtp: names no folder; write it like file:outbox/"),
        (FEEDS + "mail: {dkim: {selector: d1, key: no.pem}}", "2:34", "key: there is no file"),
        (FEEDS + "templates: nowhere", "2:12", "templates: there is no folder"),
        (FEEDS + "polling: {allow_networks: [10.0.0.1/8]}", "2:28", "did you mean 10.0.0.0/8?"),
        (FEEDS + "polling: {allow_networks: [lan]}", "2:28", "'lan' is not a network; write it like 10.20.0.0/16"),
        (FEEDS + "storage: {database: postgres://h/d}", "2:21", "did you mean postgresql://?"),
        (FEEDS + "storage: {database: mysql://h/d}", "2:21", "is not a PostgreSQL address"),
        # headers and credentials
        ("feeds: [{url: 'https://a.example/', headers: {'X Key': a}}]", "1:47", "'X Key' is not a header's name"),
        ("feeds: [{url: 'https://a.example/', headers: {Host: a}}]", "1:47", "the header Host is set by the program"),
        ("feeds: [{url: 'https://a.example/', headers: {X: \"a\\nb\"}}]", "1:50", "a header's value can't hold"),
        ("feeds: [{url: 'https://a.example/', auth: me}]", "1:43", "auth: write user:password"),
        ("feeds: [{url: 'https://a.example/', proxy: 'socks5://p'}]", "1:44", "proxy: SOCKS is not spoken here"),
        ("feeds: [{url: 'https://a.example/', proxy: 'p:3128'}]", "1:44", "proxy: is not a proxy's address"),
        # keywords, at the character
        (FEEDS + "topics: {A: ['x & ']}", "2:19", "A: nothing to look for after &"),
        (FEEDS + "topics:\n  A:\n    any: '/(a/'", "4:11", "any: "),
        ("feeds: [{url: 'https://a.example/', keep: '& x'}]", "1:44", "keep: nothing to look for before &"),
        # between the parts
        ("feeds:\n- https://a.example/\n- HTTPS://A.example", "3:3", "stands in line 2 already; delete one"),
        (
            "feeds:\n- {url: 'https://a.example/', name: X}\n- {url: 'https://b.example/', name: x}",
            "3:37",
            "name 'x' stands in line 2 already; give one another name",
        ),
        (FEEDS + "topics:\n  Air defense: a\n  air-defense: b", "4:3", "and Air defense (line 3) would have one"),
        (FEEDS + "digests:\n  D: {}\n  d: {}", "4:3", "d and D (line 3) would have one address, d/"),
        (FEEDS + "topics: {Air defense: x}\ndigests: {D: {topics: Air defence}}", "3:23", "did you mean Air defense?"),
        (FEEDS + "topics: {A: x}\ndigests: {D: {topics: [Zoo]}}", "3:24", "there is no topic 'Zoo': there are A"),
        (FEEDS + "digests: {D: {topics: [Zoo]}}", "2:24", "no topic has a name yet"),
        (FEEDS + "topics: {A: {any: x, feeds: [B]}}", "2:30", "feeds: there is no feed 'B': one without name: goes by"),
    ],
)  # fmt: skip
def test_fault(text: str, place: str | None, message: str | None) -> None:
    if place is None:
        parse(text.encode(), Path("feeds.yaml"), {})
        return
    fault = only(text)
    assert fault.startswith(f"feeds.yaml:{place}: "), fault
    assert message is not None
    assert message in fault


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", "1:1", "the file is empty; start with feeds:"),
        (" \n\n", "1:1", "the file is empty"),
        ("# nothing\n", "1:1", "the file has no keys"),
        ("feeds:\n\t- https://a.example/", "2:1", "a tab indents this line; YAML wants spaces"),
        ("feeds:\n  - 'https://a.example/", "2:5", "a quote opens here and is never closed"),
        ("feeds: [a, b\nsite: {}", "1:8", "a bracket or brace opens here and is never closed"),
        ("topics:\n  A: [air defense, /S-[34]00/]", "2:23", "a [ can't stand in the middle of a text within brackets"),
        ("topics: {A: {any: [a], not: x{1}}}", "1:30", "put the whole text in quotes"),
        ("# a\u2028\u2029\r\ntopics: {A: [abc [b]]}", "2:18", "a [ can't stand in the middle of a text"),
        ("topics:\n  A: [x\n[b$]]", "3:1", "a [ can't stand in the middle of a text"),
        ("topics: {A: [x$[3]]}", "1:16", "a [ can't stand in the middle of a text"),
        ("topics:\n  A: [aid, !film]\nfeeds: [a]", "2:6", "text that starts with ! has to stand in quotes"),
        ("feeds: [a]]", "1:11", "a ] stands here without its ["),
        ("feeds: [{url: ${URL}}]", "1:9", "within brackets and braces a ${NAME} has to stand in quotes"),
        ("site: a: b", "1:8", "a colon can't stand here"),
        ("feeds:\nhttps://a.example/\n", "2:1", "a colon or a dash is missing"),
        (
            'feeds: https://a.example/\ntopics: {A: ["b, c]}\ndigests: {D: {at: "07:00"}}\n',
            "3:20",
            "opens in a line above",
        ),
        ("site:\n  a: 1\n b: 2", "3:2", "this line is not indented like the ones it belongs to"),
        ('topics:\n  - "aid" | b', "2:11", "text goes on after a closing quote; put the whole text in single quotes"),
        ("topics:\n  - *foo", "2:5", "*foo refers to nothing; if it is text, put it in quotes: '*foo'"),
        ("topics:\n  - | foo", "2:5", "text that starts with | or > has to stand in quotes"),
        ("topics:\n  - @foo", "2:5", "text that starts with @ has to stand in quotes"),
        ('topics: "\\d"', "1:9", "in double quotes a backslash starts an escape"),
        ('site:\n  title: "\\U00110000"', "2:11", "names no character"),
        ('site:\n  title: "\\U99999999"', "2:11", "names no character"),
        ("topics: a\n---\nfeeds: b", "2:1", "a second document starts here (---); keep one"),
        ("%YAML 9.1\n---\na: b", "1:1", "this is not YAML: "),
        ("topics: &x [*x]", "1:9", "aliases (*) repeat too much here"),
        ("[" * 100, "1:25", "lists within lists go too deep here"),
        ("topics: a\x07b", "1:10", "there is a control character (U+0007) here; delete it"),
        (b"site:\n  title: caf\xe9", "2:13", "the file is not UTF-8 from here on; save it as UTF-8"),
        ("feeds: a".encode("utf-16"), "1:1", "the file is not UTF-8 from here on"),
    ],
)
def test_file_that_is_no_yaml(text: str | bytes, place: str, message: str) -> None:
    fault = only(text)
    assert fault.startswith(f"feeds.yaml:{place}: "), fault
    assert message in fault


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("site: {title: !!python/object:os.system x}", "!!python/object:os.system is read as a YAML tag"),
        ("topics: {A: [!first aid]}", "!first is read as a YAML tag, which is not allowed; put the text in quotes"),
        ("site: {<<: {title: x}}", "merging with << is not read here; write the keys out"),
        ("site: {[a]: b}", "a key has to be plain text"),
        ('site: {title: "\\ud800"}', "an escape makes half a character here"),
    ],
)
def test_yaml_beyond_plain_values_is_refused(text: str, message: str) -> None:
    assert message in only(FEEDS + text)


def test_billion_laughs_ends_soon() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for one, before in zip("bcdefghij", "abcdefghi", strict=True):
        lines.append(f"{one}: &{one} [{', '.join(['*' + before] * 10)}]")
    assert "aliases (*) repeat too much here" in only("\n".join(lines))


def test_file_that_is_too_large_is_not_parsed() -> None:
    assert "is it the right one?" in only(b"#" * (MAX_BYTES + 1))


def test_missing_variable_is_named_with_its_place_and_nothing_follows_from_it() -> None:
    fault = only("feeds:\n  - url: https://a.example/\n    auth: ${PASSWORD}")
    assert fault.startswith("feeds.yaml:3:11: the environment has no variable PASSWORD; set it")


@pytest.mark.parametrize("text", ["${}", "${1A}", "${A B}", "${A"])
def test_malformed_variable_is_a_fault(text: str) -> None:
    assert "is not a variable; write ${NAME}" in only(FEEDS + f"site: {{title: '{text}'}}", A="x")


@pytest.mark.parametrize(
    "text",
    [
        "feeds: ['${SECRET} x']",
        "feeds: ['www.a.example/?token=${SECRET}']",
        "feeds: [{url: 'https://a.example/', auth: '${SECRET}'}]",
        "feeds: [{url: 'https://a.example/', headers: {X: \"${SECRET}\\n\"}}]",
        "feeds: [{url: 'https://a.example/', proxy: '${SECRET}'}]",
        "feeds: ['https://a.example/${SECRET}', 'https://a.example/${SECRET}']",
        FEEDS + "mail: {smtp: 'ftp://u:${SECRET}@h'}",
        FEEDS + "storage: {database: 'mysql://u:${SECRET}@h'}",
        FEEDS + "web: {port: '${SECRET}'}",
        FEEDS + "site: '${SECRET}'",
        FEEDS + "site: {timezone: '${SECRET}', language: '${SECRET}', url: 'http://u:${SECRET}@h/?'}",
    ],
)
def test_no_message_shows_what_came_from_the_environment(text: str) -> None:
    secret = "S3cr3t" + "x" * 100
    assert all("S3cr3t" not in fault for fault in faults(text, SECRET=secret))


def test_no_message_shows_a_password_of_an_address() -> None:
    assert all("geheim" not in fault for fault in faults("feeds: ['http://u:geheim@h:x/', 'http://u:geheim@h/ y']"))


def test_messages_hold_no_control_characters() -> None:
    assert all("\x1b" not in fault for fault in faults(FEEDS + 'site: {timezone: "\\e[31mred"}'))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "there is no such file; name yours with -c FILE"),
        (lambda path: path.mkdir(), "this is a folder; name the file in it"),
    ],
)
def test_file_that_is_not_there(tmp_path: Path, make: Callable[[Path], None], message: str) -> None:
    path = tmp_path / "feeds.yaml"
    make(path)
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    assert str(caught.value).startswith(f"{path}:1:1: {message}")


def test_impossible_path_is_a_fault() -> None:
    with pytest.raises(ConfigError, match="the file can't be read: embedded null byte; name"):
        load(Path("a\0b"), {})


def test_variable_that_is_no_utf8_is_a_fault() -> None:
    assert "the variable X is not UTF-8 text; set it anew" in only(FEEDS + "site: {title: '${X}'}", X="\udcff")
