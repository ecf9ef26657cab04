"""Addresses in plain text: where they begin, where they end, and where they lead. Pure.

The text is cut at what no address holds, and each piece is gone through once, from left to right:
the time grows with the length of the text, whatever it is. Called by `markdown`.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

# Endings of names that are taken for a site without `http://`: every country, and these.
COUNTRIES = (
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs"
    " bt bv bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec"
    " ee eg er es et eu fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy"
    " hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz"
    " la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx"
    " my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re"
    " ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th"
    " tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw"
)
OTHERS = "biz com edu gov net org pro web xxx aero asia coop info museum name shop рф"
ENDINGS = frozenset(f"{COUNTRIES} {OTHERS}".split())
# These are files as well, and more often: README.md, main.py, lib.rs, libc.so, requirements.in.
FILE_TYPES = frozenset(
    "am as bz cc gd in la mk ml mm mo md nu pl pm ps py rs sc sh so td tf vi".split()
)

LABEL_CHARACTERS = 63
HOST_CHARACTERS = 253
NAME_CHARACTERS = 64
USER_CHARACTERS = 50


def _ends_an_address(character: str) -> bool:
    """Quotation marks, brackets and whatever is as wide as a Chinese letter belong to the text
    around an address. Dashes and dots in other scripts may be part of it."""
    category = unicodedata.category(character)
    if category[0] == "Z" or category == "Cc" or category in ("Ps", "Pe", "Pi", "Pf"):
        return True
    width = unicodedata.east_asian_width(character)
    return (category[0] == "P" and width in "WF") or (category[0] == "S" and width == "F")


# Punctuation is found in few places above ASCII; to look at all of Unicode takes a tenth of a
# second at every start.
_stops = "".join(
    character
    for block in ((0x80, 0xC0), (0x2000, 0x2070), (0x2300, 0x2400), (0x2760, 0x2780),
                  (0x27C0, 0x2A00), (0x2E00, 0x2E80), (0x3000, 0x3100), (0xFE10, 0xFE70),
                  (0xFF00, 0xFFF0))
    for character in map(chr, range(*block))
    if _ends_an_address(character)
)  # fmt: skip
# What may hold an address: no space, quotation mark, sign of markup or control character.
_piece = re.compile(f'[^\\s\\x00-\\x20\\x7f<>"`｜{re.escape(_stops)}]+')
_promising = re.compile(r"://|@|\.[^\W\d_]{2}")
_word = re.compile("[0-9A-Za-z.+_\u0080-\U0010ffff-]+")
_scheme = re.compile("(?<![0-9A-Za-z])(?:https?|mailto)$", re.IGNORECASE)
_user = re.compile(rf"[^@/\[\]()]{{1,{USER_CHARACTERS}}}@")
_host = re.compile(f"[0-9A-Za-z.\u0080-\U0010ffff-]{{1,{HOST_CHARACTERS + 1}}}")
_segment = re.compile("[0-9A-Za-z.\u0080-\U0010ffff-]+")
_name_at = re.compile(rf"[0-9A-Za-z_.+=&$,;:-]{{1,{NAME_CHARACTERS}}}@")
_name = re.compile(rf"(?<![0-9A-Za-z._+-])[0-9A-Za-z_.+-]{{1,{NAME_CHARACTERS}}}\Z")
_port = re.compile(r":([0-9]{1,5})(?![0-9])")
_label = re.compile("[0-9A-Za-z\u0080-\U0010ffff](?:[0-9A-Za-z\u0080-\U0010ffff-]*[^-])?")
_ascii_ending = re.compile("xn--[a-z0-9-]{1,59}")
_brackets = re.compile(r"[][(){}]")
_path = re.compile(r"[^][(){}']*")

OPEN = {"(": ")", "[": "]", "{": "}"}


class Link(NamedTuple):
    """`text[start:end]` is an address that leads to `address`."""

    start: int
    end: int
    address: str


def find(text: str) -> Iterator[Link]:
    """All addresses in `text`, in order, without overlap: with `http://`, `https://` or `mailto:`
    before them, names of sites as `example.org/page`, and e-mail addresses."""
    if "." not in text and "@" not in text and "://" not in text:
        return
    for piece in _piece.finditer(text):
        if _promising.search(piece[0]):
            at = piece.start()
            for start, end, address in _Piece(piece[0]):
                yield Link(at + start, at + end, address)


class _Piece:
    """A part of a text without a space. Iterating over it gives its links."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._closing: dict[int, int] | None = None

    def __iter__(self) -> Iterator[Link]:
        text, position = self.text, 0
        while word := _word.search(text, position):
            position = word.end()
            link = self._at(word.start(), word.end())
            if link is not None:
                position = link.end
                yield link

    def _at(self, start: int, end: int) -> Link | None:
        """The link that the word `text[start:end]`, which is as long as can be, belongs to."""
        text = self.text
        after = text[end : end + 1]
        if after == ":" and (scheme := _scheme.search(text, start, end)):
            return self._with_scheme(scheme.start(), end + 1, scheme[0].lower())
        if after == "@":
            return self._email(start, end)
        return self._bare(start, end)

    def _with_scheme(self, start: int, at: int, scheme: str) -> Link | None:
        text = self.text
        if scheme == "mailto":
            name = _name_at.match(text, at)
            end = self._host(name.end()) if name else 0
            return Link(start, end, text[start:end]) if end else None
        if not text.startswith("//", at):
            return None
        at += 2
        if user := _user.match(text, at):
            at = user.end()
        end = self._host(at)
        end = end and self._port(end)
        if not end:
            return None
        end = self._path(end)
        return Link(start, end, text[start:end])

    def _email(self, start: int, at: int) -> Link | None:
        text = self.text
        name = _name.search(text, max(start, at - NAME_CHARACTERS - 1), at)
        if name is None or not _begins_name(text, name.start()):
            return None
        end = self._host(at + 1)
        if not end or not _is_site(text[at + 1 : end]):
            return None
        return Link(name.start(), end, f"mailto:{text[name.start() : end]}")

    def _bare(self, start: int, end: int) -> Link | None:
        """A site without a scheme, in a word that holds no other part of an address."""
        text = self.text
        if "." not in text[start:end]:
            return None
        for first in _beginnings(text, start, end):
            last = self._host(first)
            if not last or not _is_site(text[first:last]):
                continue
            slashes = text.startswith("//", first - 2) if first >= 2 else False
            if slashes and first >= 3 and text[first - 3] in ":/_":
                continue
            if first and text[first - 1] in ":/\\_@-." and not slashes:
                continue
            www = text[first : first + 4].lower() == "www."
            if not www and text[first:last].rpartition(".")[2].lower() in FILE_TYPES:
                continue
            last = self._port(last)
            if not last:
                continue
            last = self._path(last)
            if slashes:
                return Link(first - 2, last, text[first - 2 : last])
            return Link(first, last, f"http://{text[first:last]}")
        return None

    def _host(self, start: int) -> int:
        """Where the host that begins at `start` ends; 0 if there is none."""
        text = self.text
        run = _host.match(text, start)
        if run is None:
            return 0
        end = start
        for label in _written(run[0]).split("."):
            if not label:
                break
            if len(label) > LABEL_CHARACTERS or not _label.fullmatch(label):
                return 0
            # One stop belongs to the host if another label follows.
            end += len(label) + (end > start)
        if end == start or end - start > HOST_CHARACTERS or text[end : end + 1] == "_":
            return 0
        if text[end : end + 1] == "." and text[end + 1 : end + 2] in ("-", "_"):
            return 0
        return end

    def _port(self, at: int) -> int:
        """Where the port that may stand at `at` ends; 0 if it is none."""
        port = _port.match(self.text, at)
        if port is not None:
            return port.end() if int(port[1]) <= 65_535 else 0
        return 0 if re.match(":[0-9]", self.text[at : at + 2]) else at

    def _path(self, start: int) -> int:
        """Where path, query and fragment that may begin at `start` end."""
        text = self.text
        if text[start : start + 1] not in ("/", "?", "#"):
            return start
        end = start + 1
        while end < len(text):
            run = _path.match(text, end)
            assert run is not None
            end = run.end()
            sign = text[end : end + 1]
            if sign in OPEN:
                closing = self.closing.get(end)
                if closing is None:
                    break
                end = closing + 1
            elif sign == "'" and text[end + 1 : end + 2].isalnum():
                end += 1
            else:
                break
        while end > start and _follows(text[end - 1]):
            end -= 1
        return start if end == start + 1 and text[start] == "#" else end

    @property
    def closing(self) -> dict[int, int]:
        """Where each bracket that is closed is closed. Found once for all addresses of a piece."""
        if self._closing is None:
            self._closing = {}
            waiting: dict[str, list[int]] = {")": [], "]": [], "}": []}
            for bracket in _brackets.finditer(self.text):
                if closes := OPEN.get(bracket[0]):
                    waiting[closes].append(bracket.start())
                elif waiting[bracket[0]]:
                    self._closing[waiting[bracket[0]].pop()] = bracket.start()
        return self._closing


def _follows(character: str) -> bool:
    """Whether this belongs to the sentence rather than to the address it stands behind."""
    if character.isascii():
        return character in ".,;:!?*~"
    return unicodedata.category(character)[0] == "P"


def _begins_name(text: str, start: int) -> bool:
    if start == 0:
        return True
    before = text[start - 1]
    return before in "'(,;[{" or unicodedata.category(before)[0] in "PZ" and not before.isascii()


def _beginnings(text: str, start: int, end: int) -> Iterator[int]:
    """Where in a word a host may begin: at its start, and behind what no host holds."""
    for segment in _segment.finditer(text, start, end):
        if "." not in segment[0]:
            continue
        if segment[0].isascii():
            yield segment.start()
            continue
        begins = True
        for at in range(segment.start(), segment.end()):
            mark = _is_mark(text[at])
            if begins and not mark:
                yield at
            begins = mark


def _is_mark(character: str) -> bool:
    """Whether a character above ASCII is no letter, digit or accent."""
    return not character.isascii() and unicodedata.category(character)[0] not in "LMN"


def _written(run: str) -> str:
    """As much of it as is letters, digits, accents and ASCII."""
    if run.isascii():
        return run
    return run[: next((at for at, each in enumerate(run) if _is_mark(each)), len(run))]


def _is_site(host: str) -> bool:
    """Whether the host of something without a scheme ends as sites do."""
    name, stop, ending = host.rpartition(".")
    ending = ending.lower()
    return bool(name and stop) and (ending in ENDINGS or bool(_ascii_ending.fullmatch(ending)))
