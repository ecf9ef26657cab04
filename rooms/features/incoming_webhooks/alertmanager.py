"""What Prometheus' Alertmanager tells of a group of alerts. Pure.

The group has one message, which says how it stands now.
"""

from collections.abc import Mapping
from typing import Any

from .words import line, link, part

MOST_ALERTS = 10
SAID = ("summary", "description", "message")


def text(told: Mapping[str, Any]) -> tuple[str, str]:
    """Markdown, and the group's key."""
    found = told.get("alerts")
    alerts = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    firing = sum(each.get("status") != "resolved" for each in alerts)
    name = line(part(told, "commonLabels", "alertname")) or "Alerts"
    if told.get("status") == "resolved" or not firing:
        head = f"✅ **{name}** is resolved"
    else:
        head = f"🔥 **{name}**: {firing} firing"
    lines = [_alert(each) for each in alerts[:MOST_ALERTS]]
    if len(alerts) > MOST_ALERTS:
        lines.append(f"- and {len(alerts) - MOST_ALERTS} more")
    key = f"alertmanager:{told.get('groupKey')}"
    return "\n".join([head, "", *lines]).strip(), key


def _alert(alert: Mapping[str, Any]) -> str:
    said = next((words for each in SAID if (words := line(part(alert, "annotations", each)))), "")
    where = line(part(alert, "labels", "instance"))
    words = said or line(part(alert, "labels", "alertname")) or "An alert"
    linked = link(words, alert.get("generatorURL"))
    text = f"{linked} ({where})" if where and where not in words else linked
    return f"- ~~{text}~~" if alert.get("status") == "resolved" else f"- {text}"
