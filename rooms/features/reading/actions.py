"""What people have read. Called by the socket, REST and the hub."""

from rooms.core import bell, statements
from rooms.core.lookup import find_room
from rooms.core.representations import person
from rooms.limits import limits
from rooms.models import Membership, Message, Room, User


def memberships(user: User) -> list[tuple[int, str, int, int, int]]:
    """(room id, slug, messages read, head, messages in all) of the user's rooms."""
    mine = {row.room_id: row for row in statements.select(Membership, user_id=[user.pk])}
    return [
        (room.pk, room.slug, mine[room.pk].read_count, room.last_seq, room.message_count)
        for room in statements.select(Room, id=mine)
    ]


def mark_read(user: User, slug: str, seq: int) -> None:
    """Move the read cursor forward; never back. Who only looks in has none, and that is fine."""
    room, membership = find_room(user, slug)
    if membership is None:
        return
    seq = min(seq, room.last_seq)
    read = Message.objects.filter(room=room, seq__lte=seq).order_by("-seq").first()
    count = read.number if read else membership.read_count
    moved = Membership.objects.filter(pk=membership.pk, read_seq__lt=seq).update(
        read_seq=seq, read_count=count
    )
    if not moved:
        return
    bell.watch(user.pk, room.pk, room.slug, count, room.last_seq, room.message_count)
    event = {"type": "read", "room": room.slug, "user": person(user), "seq": seq}
    if room.memberships.count() <= limits().presence_names:
        bell.whisper(room.pk, f"read:{user.pk}", event)
    else:
        bell.tell(user.pk, f"read:{user.pk}", event, room.pk)
