"""What people have read. Called by the socket and REST."""

from rooms.core import bell, installation, read_state, unread_mentions
from rooms.core.lookup import find_room
from rooms.core.representations import person
from rooms.limits import limits
from rooms.models import Membership, Message, User


def mark_read(user: User, slug: str, seq: int, epoch: str | None = None) -> None:
    """Move the read cursor forward; never back. Who only looks in has none, and that is fine.
    Raises Conflict for a position of another epoch: what it was about may never have happened."""
    installation.epoch_now(epoch)
    room, membership = find_room(user, slug)
    if membership is None:
        return
    seq = min(seq, room.last_seq)
    # What was deleted in between has a number, too: it counts as read with what stands before it.
    unread = Message.objects.filter(room=room, seq__gt=seq).order_by("seq")
    first = unread.values_list("number", flat=True).first()
    count = room.message_count if first is None else first - 1
    rows = Membership.objects.filter(pk=membership.pk)
    mentioned = {"mentions": unread_mentions.after_reading(count)} if membership.mentions else {}
    if not rows.filter(read_seq__lt=seq).update(read_seq=seq, read_count=count, **mentioned):
        return
    if mentioned:
        for left in rows.values_list("mentions", flat=True):
            unread_mentions.tell(room, {user.pk: left})
    bell.read_state(user.pk, read_state.of_room(room, count))
    event = {"type": "read", "room": room.slug, "user": person(user), "seq": seq}
    if room.memberships.count() <= limits().presence_names:
        bell.whisper(room.pk, f"read:{user.pk}", event)
    else:
        bell.tell(user.pk, f"read:{user.pk}", event, room.pk)
