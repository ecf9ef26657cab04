"""The forms of the account pages: allauth's, in this site's words and with its rules.

A password's rules are told when a password has broken one; before that, one line.
"""

from typing import Any

from allauth.account import forms
from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.core import context as allauth_context
from django import forms as django_forms
from django.core.exceptions import ValidationError

from rooms.models.names import validate_line, validate_shown
from rooms.text.lines import one_line

from . import letter_limits, policy

PASSWORD_HINT = "At least 8 characters, and none of the common ones."
NO_MAIL = "This site sends no e-mail. Ask an administrator."


def reword(form: django_forms.Form, **labels: str) -> None:
    for name, label in labels.items():
        if name in form.fields:
            form.fields[name].label = label
            form.fields[name].widget.attrs.pop("placeholder", None)


class LoginForm(forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, login="Username or e-mail", password="Password")
        self.fields["login"].widget.attrs["autocomplete"] = "username"


class SignupForm(forms.SignupForm):
    """`first_name` holds all of the name that other people read."""

    first_name = django_forms.CharField(
        label="Your name",
        max_length=80,
        required=False,
        help_text="What other people read. Without it they read the username.",
        validators=[validate_shown],
        widget=django_forms.TextInput({"autocomplete": "name"}),
    )
    field_order = ["first_name", "username", "email", "password1", "password2"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(
            self,
            username="Username",
            email="E-mail" if policy.sends_mail() else "E-mail (optional)",
            password1="Password",
            password2="Password again",
        )
        self.fields["password1"].help_text = PASSWORD_HINT

    def clean_first_name(self) -> str:
        name = one_line(self.cleaned_data["first_name"])
        validate_line(name)
        return name

    def clean_email(self) -> str:
        email: str = super().clean_email()
        invited = get_adapter().is_invited(allauth_context.request)
        if policy.signup() == policy.DOMAIN and not invited:
            if email.rpartition("@")[2].lower() not in policy.domains():
                raise ValidationError(f"An address of {' or '.join(policy.domains())} is needed.")
        return email

    def validate_unique_email(self, value: str) -> str:
        """Only who has verified an address has it. Whether somebody has is told by letter alone, to
        the address itself."""
        self.account_already_exists = policy.sends_mail() and taken(value)
        return value

    def clean(self) -> dict[str, Any]:
        """Without a letter there is no way in: then no account is made either."""
        cleaned: dict[str, Any] = super().clean()
        email = cleaned.get("email")
        if email and not self.errors and policy.sends_mail():
            if not letter_limits.has_room(allauth_context.request, email):
                raise get_adapter().validation_error("too_many_letters")
        return cleaned


class AddEmailForm(forms.AddEmailForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, email="New address")


class ChangePasswordForm(forms.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(
            self,
            oldpassword="Current password",
            password1="New password",
            password2="New password again",
        )
        self.fields["password1"].help_text = PASSWORD_HINT


class ResetPasswordForm(forms.ResetPasswordForm):
    """A letter goes to verified addresses alone: any other may be somebody else's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, email="E-mail")

    def clean_email(self) -> str:
        if not policy.sends_mail():
            raise ValidationError(NO_MAIL)
        email = str(self.cleaned_data["email"]).lower()
        rows = EmailAddress.objects.filter(email=email, verified=True, user__is_active=True)
        self.users = [row.user for row in rows.select_related("user")]
        return email


class ResetPasswordKeyForm(forms.ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, password1="New password", password2="New password again")
        self.fields["password1"].help_text = PASSWORD_HINT


def taken(email: str) -> bool:
    return bool(EmailAddress.objects.filter(email=email.lower(), verified=True).exists())
