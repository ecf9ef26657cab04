"""A person's row as a lock. What is bounded for each person is counted by one request after the
other; else as many as come at once would all find room.

Held to the end of the transaction. A person is locked before any room, so that no two transactions
wait for each other; who holds a room already does not wait: `try_in_transaction`. On SQLite one
transaction writes at a time anyway.
"""

from rooms.models import User
from rooms.protocol import RateLimited

from . import statements

RETRY_SECONDS = 1.0


def hold_in_transaction(*user_ids: int) -> None:
    """Several people in one call, and by their ids, so that nobody waits for each other."""
    # What refers to the person, as messages do, may be written meanwhile.
    statements.select(User, lock=True, no_key=True, only=("id",), id=set(user_ids))


def try_in_transaction(user_id: int) -> None:
    """Raises RateLimited while something else that counts is under way for this person."""
    rows = User.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=user_id)
    if not rows.values_list("pk"):
        raise RateLimited("One thing after the other, please: try again.", RETRY_SECONDS)
