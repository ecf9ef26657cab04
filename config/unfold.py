"""How the admin looks and what its sidebar leads to. Read by `settings`."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def may_view(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)


def page(title: str, icon: str, model: str, view: str = "changelist") -> dict[str, Any]:
    """A link to a model's page, for those who may see it. `model`: "rooms.room"."""
    app, name = model.split(".")
    verb = "add" if view == "add" else "view"
    link = reverse_lazy(f"admin:{app}_{name}_{view}")
    return {
        "title": title,
        "icon": icon,
        "link": link,
        "permission": may_view(f"{app}.{verb}_{name}"),
        "active": lambda request: is_under(request.path, str(link), add=view == "add"),
    }


def is_under(path: str, link: str, *, add: bool) -> bool:
    """Whether the link leads to the page or to the list that it is part of. What is added has a
    link of its own where `add` is said of one."""
    return path.startswith(link) and (add or path not in map(str, OWN_PAGES))


# Pages below a list's address that the sidebar has a link of their own for.
OWN_PAGES = [reverse_lazy("admin:jobs_job_add")]


def section(title: str, *pages: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "items": list(pages)}


def site_name(request: Any) -> str:
    return str(settings.SITE_NAME)


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": site_name,
    "SITE_HEADER": site_name,
    "SITE_SUBHEADER": "Rooms and jobs",
    "SITE_SYMBOL": "forum",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("rooms/mark.svg")}
    ],
    "SCRIPTS": [lambda request: static("rooms/admin/landmarks.js")],
    "SITE_URL": "/",
    "SHOW_BACK_BUTTON": True,
    "DASHBOARD_CALLBACK": "jobs.admin.dashboard.dashboard",
    "COMMAND": {"search_models": False},
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 275)",
            "100": "oklch(94% .03 275)",
            "200": "oklch(88% .06 275)",
            "300": "oklch(80% .1 275)",
            "400": "oklch(70% .15 275)",
            # Links on dark ground.
            "500": "oklch(63% .17 275)",
            "600": "oklch(55% .19 275)",
            "700": "oklch(48% .18 275)",
            "800": "oklch(40% .15 275)",
            "900": "oklch(33% .12 275)",
            "950": "oklch(25% .09 275)",
        },
    },
    "SIDEBAR": {
        "show_search": False,
        "command_search": True,
        "navigation": [
            section(
                "",
                {
                    "title": "Overview",
                    "icon": "monitoring",
                    "link": reverse_lazy("admin:index"),
                },
            ),
            section(
                "Rooms",
                page("Rooms", "forum", "rooms.room"),
                page("Messages", "chat", "rooms.message"),
                page("Log", "receipt_long", "rooms.event"),
                page("Attachments", "attach_file", "rooms.attachment"),
                page("Bans", "block", "rooms.ban"),
                page("Moderation log", "gavel", "rooms.moderationentry"),
                page("Invitations to rooms", "outgoing_mail", "rooms.invitation"),
                page("Links into rooms", "link", "rooms.invitelink"),
                {
                    "title": "Connections",
                    "icon": "cable",
                    "link": reverse_lazy("connections"),
                    "permission": may_view("rooms.view_connections"),
                },
            ),
            section(
                "Jobs",
                page("Jobs", "manufacturing", "jobs.job"),
                page("Submit a job", "add_circle", "jobs.job", "add"),
                page("Schedules", "event_repeat", "jobs.schedule"),
                page("Webhooks", "webhook", "jobs.webhook"),
                page("Pauses", "pause_circle", "jobs.pause"),
                page("Workers", "memory", "jobs.worker"),
            ),
            section(
                "People",
                page("Users", "person", "rooms.user"),
                page("Groups", "group", "auth.group"),
                page("E-mail addresses", "mail", "account.emailaddress"),
                page("Invitations", "person_add", "rooms.accountinvitation"),
                page("API tokens", "key", "rooms.apitoken"),
            ),
        ],
    },
}
