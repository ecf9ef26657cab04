"""One room of docs/who-may-what.md with its people in it, and somebody who tries something there.
Used by `tests/integration/test_who_may_what.py`.
"""

from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from jobs.models import Job, Schedule, State
from rooms.contract.permissions import PEOPLE, ROOMS
from rooms.features.files import actions as files
from rooms.models import (
    Ban,
    IncomingWebhook,
    Invitation,
    InviteLink,
    Membership,
    Message,
    Room,
    Thread,
    User,
)

ROLES = ("member", "moderator", "owner")


class World:
    """Seven people, each as the table's columns have them in one room, and whom they act on."""

    def __init__(self, where: str) -> None:
        model = ROOMS[where]
        self.room = Room.objects.create(
            slug=f"room-{list(ROOMS).index(where)}",
            name="Room",
            visibility=model.visibility,
            archived_at=model.archived_at,
            who_posts=model.who_posts,
            last_seq=1,
            message_count=1,
        )
        self.people = {who: self._user(who) for who in PEOPLE}
        until = timezone.now() + timedelta(days=1)
        for who in ROLES:
            Membership.objects.create(room=self.room, user=self.people[who], role=who)
        Membership.objects.create(room=self.room, user=self.people["muted"], muted_until=until)
        Ban.objects.create(room=self.room, user=self.people["banned"])
        invited = self.people["invited"]
        Invitation.objects.create(room=self.room, user=invited, name=invited.name, until=until)
        self.targets = {role: self._member(f"other-{role}", role) for role in ROLES}
        self.spoke = self._user("spoke")
        Message.objects.create(room=self.room, seq=1, number=1, author=self.spoke, body="x")
        self.kept_out = self._user("kept-out")
        Ban.objects.create(room=self.room, user=self.kept_out)
        self.open = Invitation.objects.create(room=self.room, name="nobody", until=until)
        self.other = self._user("other")
        self.secret = f"secret-{self.room.slug}"
        self.link = InviteLink.objects.create(
            room=self.room,
            digest=sha256(self.secret.encode()).hexdigest(),
            by=self.targets["owner"],
        )
        self.webhook = IncomingWebhook.objects.create(
            room=self.room, bot=self._user(f"bot-{self.room.slug}"), digest=f"hook-{self.room.slug}"
        )
        self._browsers: dict[int, Client] = {}
        for person in self.people.values():
            self.browser(person)

    def browser(self, user: User) -> Client:
        """Logged in once: each log-in writes a session."""
        if user.pk not in self._browsers:
            client = self._browsers[user.pk] = Client(raise_request_exception=False)
            client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return self._browsers[user.pk]

    def _user(self, name: str) -> User:
        return User.objects.get_or_create(username=name)[0]

    def _member(self, name: str, role: str) -> User:
        user = self._user(name)
        Membership.objects.create(room=self.room, user=user, role=role)
        return user


class Cell:
    """One person who tries one case of one action, by REST or by a page."""

    def __init__(self, world: World, who: str, case: str) -> None:
        self.world, self.who, self.case = world, who, case
        self.me = world.people[who]
        self.slug = world.room.slug

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        client = self.world.browser(self.me)
        sent = {} if body is None else {"data": body, "content_type": "application/json"}
        return getattr(client, method)(path, **sent)

    def rest(self, method: str, path: str, body: Any = None) -> Any:
        return self.ask(method, f"/api/v1/{path.format(slug=self.slug)}", body)

    def target(self) -> User:
        """Whom the case is about."""
        about = self.case.partition(",")[0]
        if about.endswith("somebody who is no member"):
            return self.world.spoke
        if about == "the last owner":
            owners = Membership.objects.filter(room=self.world.room, role="owner")
            owners.exclude(user=self.world.targets["owner"]).delete()
        return self.world.targets[about.split()[-1]]

    def about(self) -> User:
        """The same, or oneself."""
        return self.me if self.case in ("one's own", "oneself") else self.target()

    def staff(self, thing: str) -> None:
        """If the case is about staff, they have the permissions that it says."""
        if "as staff" in self.case:
            names = [f"view_{thing}"] + ([f"change_{thing}"] if "change" in self.case else [])
            names += [f"delete_{thing}"] if "delete" in self.case else []
            User.objects.filter(pk=self.me.pk).update(is_staff=True)
            self.me.user_permissions.set(Permission.objects.filter(codename__in=names))

    def schedule(self) -> str:
        self.staff("schedule")
        now = timezone.now()
        row = Schedule.objects.create(
            kind="test.outcome",
            title="Test",
            room=None if "no room" in self.case else self.world.room,
            owner=self.me if self.case.startswith("one's own") else self.world.other,
            every=3600,
            time_zone="UTC",
            begins_at=now,
            next_run_at=now + timedelta(hours=1),
        )
        return f"schedules/{row.pk}"

    def message(self) -> str:
        """Of oneself, or of whom the case is about; old where it says so."""
        author = self.world.spoke
        if self.case.startswith("one's own"):
            author = self.me
        elif self.case.startswith("that of a"):
            author = self.world.targets[self.case.split()[-1]]
        late = self.case.endswith("after its time")
        row = Message.objects.create(
            room=self.world.room,
            seq=2,
            number=2,
            author=author,
            body="x",
            created_at=timezone.now() - timedelta(days=2 if late else 0),
        )
        return f"rooms/{{slug}}/messages/{row.pk}"

    def thread(self) -> str:
        """Of a message that was answered."""
        path = self.message()
        root = Message.objects.get(pk=int(path.rpartition("/")[2]))
        Thread.objects.create(root=root, replies=1, last_seq=root.seq, last_at=root.created_at)
        return f"{path}/thread"

    def job(self, state: State) -> Job:
        own = self.case.startswith("one's own")
        self.staff("job")
        return Job.objects.create(
            kind="test.outcome",
            title="Test",
            room=None if "no room" in self.case else self.world.room,
            requested_by=self.me if own else self.world.other,
            state=state,
            queue="interactive",
        )

    def file(self) -> str:
        own = "one's own" in self.case
        row = files.attach(
            None if "no room" in self.case else self.world.room,
            self.me if own else self.world.other,
            "a.txt",
            "text/plain",
            ContentFile(b"a"),
        )
        return f"/attachments/{row.pk}/a.txt"
