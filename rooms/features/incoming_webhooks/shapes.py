"""What REST takes and gives of incoming webhooks."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from rooms.protocol.shapes import Given, Person, Timestamp
from rooms.rest.schemas import Filled, Taken


class IncomingWebhookOut(Given):
    id: UUID
    name: str = Field(description="whom its messages come from")
    by: Person | None = Field(description="who made it; null: their account is gone")
    at: Timestamp
    uses: int = Field(description="how often something came in by it")
    used_at: Timestamp | None


class IncomingWebhookMade(IncomingWebhookOut):
    url: str = Field(
        description="where to post to; it is shown this once",
        examples=["https://chat.example.org/hooks/nR7dT2xQ0mZ4bV9sK1cLpwnR7dT2xQ0m"],
    )


class IncomingWebhookList(Given):
    webhooks: list[IncomingWebhookOut]


class NewIncomingWebhook(Taken):
    name: Annotated[Filled, Field(min_length=1, max_length=80)] = Field(
        description="whom its messages come from", examples=["Alerts"]
    )
