"""What is one emoji, and what only looks like one."""

import pytest

from rooms.features.reactions.emoji import in_full
from rooms.models import Reaction


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("👍", "👍"),
        ("👍🏿", "👍🏿"),
        ("❤", "❤️"),
        ("❤️", "❤️"),
        ("👍\ufe0f", "👍"),
        ("👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"),
        ("🏳‍🌈", "🏳️‍🌈"),
        ("👩🏻‍🤝‍👩🏽", "👩🏻‍🤝‍👩🏽"),
        ("🧑🏽‍💻", "🧑🏽‍💻"),
        ("🇪🇺", "🇪🇺"),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
        ("1⃣", "1️⃣"),
        ("#️⃣", "#️⃣"),
    ],
)
def test_one_emoji_is_kept_as_it_is_written_in_full(given: str, kept: str) -> None:
    assert in_full(given) == kept
    assert len(kept) <= (Reaction._meta.get_field("emoji").max_length or 0)


@pytest.mark.parametrize(
    "given",
    ["", " ", "a", "1", "#", ":smile:", "👍👍", "👍 ", "👍a", "🇪", "🇽🇽", "🏽", "\u200d", "\ufe0f"]
    + ["<b>", "\x00", "\ud83d", "👩‍", "👍🏿🏿", "🏴󠁧󠁢", "👍\u0301", "👍" * 1_000_000],
)
def test_all_else_is_none(given: str) -> None:
    assert in_full(given) is None
