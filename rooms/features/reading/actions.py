"""What people have read. Called by the socket and REST."""

from rooms.core import bell, installation, read_state
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
    read = Message.objects.filter(room=room, seq__lte=seq).order_by("-seq").first()
    count = read.number if read else membership.read_count
    moved = Membership.objects.filter(pk=membership.pk, read_seq__lt=seq).update(
        read_seq=seq, read_count=count
    )
    if not moved:
        return
    bell.read_state(user.pk, read_state.of_room(room, count))
    event = {"type": "read", "room": room.slug, "user": person(user), "seq": seq}
    if room.memberships.count() <= limits().presence_names:
        bell.whisper(room.pk, f"read:{user.pk}", event)
    else:
        bell.tell(user.pk, f"read:{user.pk}", event, room.pk)
