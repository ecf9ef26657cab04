"""`{% site_name %}`: what this site is called, on any page, also one that has no context."""

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def site_name() -> str:
    name: str = settings.SITE_NAME
    return name
