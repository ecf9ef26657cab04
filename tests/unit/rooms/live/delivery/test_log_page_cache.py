"""LogPageCache of the log that were read for one serve the next, within their bound."""

from rooms.live.delivery.log_page_cache import MOST_PAGES, LogPageCache, within


def rows(first: int, last: int, size: int = 10) -> list[tuple[int, bytes]]:
    return [(seq, b"%d" % seq * size) for seq in range(first, last + 1)]


def test_a_cursor_gets_what_follows_it_as_much_as_it_may_hold() -> None:
    pages = LogPageCache(10_000)
    pages.put(1, rows(11, 20))
    assert pages.after(1, 10, 10_000) == rows(11, 20)
    assert pages.after(1, 14, 10_000) == rows(15, 20)
    assert pages.after(1, 14, 45) == rows(15, 16)
    assert pages.after(1, 14, 1) == rows(15, 15), "one at least"
    for seq in (9, 20):
        assert pages.after(1, seq, 10_000) == []
    assert pages.after(2, 12, 10_000) == []


def test_the_page_not_asked_for_longest_goes_first() -> None:
    pages = LogPageCache(100)
    pages.put(1, rows(1, 4))
    pages.put(2, rows(1, 4))
    assert pages.after(1, 0, 1)
    pages.put(3, rows(1, 4))
    assert pages.bytes <= 100
    assert [bool(pages.after(room, 0, 1)) for room in (1, 2, 3)] == [True, False, True]


def test_the_same_page_is_kept_once_and_pages_are_not_too_many() -> None:
    pages = LogPageCache(1_000_000)
    for _ in range(3):
        pages.put(1, rows(1, 4))
    assert pages.bytes == 40
    for room in range(2 * MOST_PAGES):
        pages.put(room, rows(1, 1))
    assert pages.bytes == 10 * MOST_PAGES


def test_a_share_is_one_row_at_least() -> None:
    assert within(rows(1, 3), 0) == rows(1, 1)
    assert within([], 100) == []
