"""What slices add to the page of a room: their styles, modules and `<template>` elements."""

from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from rooms import slices

from .modules import modules

register = template.Library()


@register.simple_tag
def slice_styles() -> SafeString:
    links = ((static(name),) for each in slices.registered() for name in each.styles)
    return format_html_join("\n  ", '<link rel="stylesheet" href="{}">', links)


@register.simple_tag
def slice_modules(*names: str, first: str) -> SafeString:
    """The modules of all slices, then these: what is registered is there when they run. `first` is
    what draws the page's beginning without any of them."""
    added = (name for each in slices.registered() for name in each.modules)
    return modules(first, *added, *names)


@register.simple_tag(takes_context=True)
def slice_templates(context: Any) -> SafeString:
    engine = context.template.engine
    parts = [
        engine.get_template(name).render(context)
        for each in slices.registered()
        for name in each.templates
    ]
    return mark_safe("\n".join(parts))
