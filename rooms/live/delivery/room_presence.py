"""Who is in a room, as one process knows it: its own subscribers, the list of all processes as
Redis last said it, and what Redis is still to be told.

Pure: `presence` does the I/O. Several tabs are one person.
"""

from __future__ import annotations

from rooms.core.presence_leases import NOBODY, Picture, PresenceChange

PresentPeople = list[dict[str, object]] | int


class RoomPresence:
    def __init__(self, room_id: int) -> None:
        self.room_id = room_id
        # Whether somebody here listens, or did a moment ago.
        self.wanted = True
        self.here: dict[int, tuple[int, str]] = {}
        self.picture: Picture = NOBODY
        # What Redis should know and may not: a name for who came, None for who left.
        self.unwritten: dict[int, str | None] = {}
        self._whole = False
        self._told: PresentPeople | None = None

    # Coming and going ----------------------------------------------------------------------------

    def arrive(self, user_id: int, name: str) -> bool:
        """Whether this is a person who was not here."""
        count, _ = self.here.get(user_id, (0, ""))
        self.here[user_id] = (count + 1, name)
        if count == 0:
            self.unwritten[user_id] = name
        return count == 0

    def rename(self, user_id: int, name: str) -> bool:
        """Whether somebody is here who was called otherwise."""
        count, before = self.here.get(user_id, (0, name))
        if before == name:
            return False
        self.here[user_id] = (count, name)
        self.unwritten[user_id] = name
        return True

    def depart(self, user_id: int) -> bool:
        """Whether with this the person is gone from this process."""
        count, name = self.here.get(user_id, (1, ""))
        if count > 1:
            self.here[user_id] = (count - 1, name)
            return False
        self.here.pop(user_id, None)
        self.unwritten[user_id] = None
        return True

    # Redis ---------------------------------------------------------------------------------------

    def change(self, most: int) -> PresenceChange:
        """What to tell Redis next, of at most `most` people."""
        said = list(self.unwritten.items())[:most]
        return PresenceChange(
            self.room_id,
            self.picture.version,
            here={user_id: name for user_id, name in said if name is not None},
            left=[user_id for user_id, name in said if name is None],
            held=len(self.here) if len(said) == len(self.unwritten) else None,
            whole=self._whole,
        )

    def written(self, change: PresenceChange) -> None:
        """Redis has it. Who has come or gone since then is still to be told."""
        self._whole = self._whole and not change.whole
        said: dict[int, str | None] = {**change.here, **dict.fromkeys(change.left)}
        for user_id, name in said.items():
            if user_id in self.unwritten and self.unwritten[user_id] == name:
                del self.unwritten[user_id]

    def write_whole(self) -> None:
        """Redis knows something else of this process's people: tell it everything again."""
        self._whole = True
        self.unwritten.update({user_id: name for user_id, (_, name) in self.here.items()})

    @property
    def settled(self) -> bool:
        return not self.here and not self.unwritten

    # Showing -------------------------------------------------------------------------------------

    def present(self, most: int) -> PresentPeople:
        """Who is here by name, only how many when they are more than `most`: the list of all
        processes, with what has happened here since."""
        everywhere = self.picture.people
        if isinstance(everywhere, int) or len(self.here) > most:
            known = everywhere if isinstance(everywhere, int) else len(everywhere)
            return max(known, len(self.here))
        names = {
            user_id: name
            for user_id, name in everywhere.items()
            if user_id not in self.unwritten or user_id in self.here
        }
        names.update({user_id: name for user_id, (_, name) in self.here.items()})
        if len(names) > most:
            return len(names)
        return [{"id": user_id, "name": names[user_id]} for user_id in sorted(names)]

    def answer(self, most: int) -> PresentPeople:
        """For somebody who has just come. What Redis has not heard may turn out otherwise, so that
        the next news is told even if it is none to the others."""
        if self.unwritten:
            self._told = None
        return self.present(most)

    def news(self, most: int) -> PresentPeople | None:
        """What to tell the room, or None when it knows."""
        present = self.present(most)
        if present == self._told:
            return None
        self._told = present
        return present
