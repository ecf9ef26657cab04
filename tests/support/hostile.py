"""Texts that make a parser work: one piece over and over. And a way to find out whether a reader's
time grows with their length, or faster.
"""

import random
import time
from collections.abc import Callable, Iterator

PIECES = (
    "[ ![ [a]( [a] ] ]( [a](b [a](<b [( [[a] [a]] [] []() *[ [*]( a](b) {} { ( (*"
    " * **a *a* a* _a *a_ _* *_ ~~a ~ ~~* _ __ ` `a`` ``` `* *`"
    " < <a <a:b <a@b <a> </a> <!-- <? <div> > & &amp; &#35; &#x"
    " - + 1. 1) # | |- |:- -:| a|b -- --- === := == \\ \\a a\\ ! !\\["
    " ' '' \" \"\" $ %% %41 %zz ; , , .. ... a.b a. .a -a. a- _a. a.b.c@"
    ' http: http:// http://( http://a@ https://a.b/ https://b.c/" a.co a.co/( a.bc/['
    " a.com? a.com# a.com: www. @ a@ a@b.co mailto: mailto:a@b.c ftp://a // :// xn-- xn--a."
    ' 1.1.1.1 a:b x=[ x={ [[ {"a": "\\ \\" \\\\ \\041 \\u0000 \\\\u0000'
    " 0 00 9 1e9 T : 2026-01-01T true null"
    " é 漢 。 a。b 😀 e\u0301 \u0301 \u200d \u200b \u202e \u2028 \x0b \x01 🇩🇪 각 က္"
).split(" ")
PIECES += [f"{piece} " for piece in ("*a", '[a](b "', "[a](b '", "e.g.", "a.co", "a@b.co", "a")]
PIECES += [f"{piece}\n" for piece in ("a", "- a", "> a", "#", "-", "*", "===", "```", "- ```")]
PIECES += [f"{piece}\n" for piece in ("a|b", "[x]: y", "a|b\n-|-", "    a", "\\", "import ", ">>")]
PIECES += [" ", "\n", "\n\n", "  \n", "\t", "\r\n", "a"]

ALPHABET = "[]()*_~`<>!&|:-.@/\\ \n#ax1\"'={},;%+$?é"


def pieces(more: int = 40) -> Iterator[str]:
    """The known ones, and so many that chance has made: the same ones each time."""
    yield from PIECES
    chance = random.Random(7)
    for _ in range(more):
        yield "".join(chance.choices(ALPHABET, k=chance.randint(2, 7)))


def text(piece: str, characters: int) -> str:
    """`piece` over and over. The end fits no piece, so that what looks for one must give up."""
    return (piece * (characters // len(piece) + 1))[: characters - 1] + "\x7f"


# With the length times this …
STEP = 8
# … the time may grow times this: as much, and leave for a busy machine. The square is 64 times.
MOST = 3 * STEP
# Below this a clock tells nothing.
FLOOR_SECONDS = 0.0002
TRIES = 7
SHORT = 750
LONG = SHORT * STEP


def spent(read: Callable[[str], object], body: str) -> float:
    """Seconds of this thread's own time."""
    begun = time.thread_time()
    read(body)
    return time.thread_time() - begun


def grows_too_fast(read: Callable[[str], object], piece: str) -> str:
    """Why `read` takes too long for texts of this piece, or nothing.

    What is seen once is enough: a busy machine makes things slower, never faster. So the quickest
    of several tries counts, and there are several only where the first does not fit.
    """
    # What takes twice as long for every piece is not to be tried with a thousand.
    quickest = FLOOR_SECONDS
    for characters in (16, 20, 24, 28, 32, 40, 80, 160, 320):
        now = spent(read, text(piece, characters))
        if now > 0.5:
            return f"{now:.1f} s for {characters} characters of {piece!r}"
    short = long = float("inf")
    for _ in range(TRIES):
        short = min(short, spent(read, text(piece, SHORT)))
        long = min(long, spent(read, text(piece, LONG)))
        if long <= MOST * max(short, quickest):
            return ""
    return f"{long / short:.0f} times as long for {STEP} times as much of {piece!r}"
