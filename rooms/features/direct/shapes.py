"""Rooms between two: what REST takes and gives."""

from typing import Annotated

from pydantic import Field, StringConstraints

from rooms.protocol.shapes import Given
from rooms.rest.schemas import Filled, Taken


class NewDirectRoom(Taken):
    username: Annotated[
        Filled,
        StringConstraints(min_length=1, max_length=150),
        Field(description="somebody's exact user name"),
    ]


class FoundPerson(Given):
    id: int = Field(examples=[3])
    username: str = Field(examples=["ana"])
    name: str = Field(examples=["Ana"])


class FoundPeople(Given):
    people: list[FoundPerson] = Field(description="by their user names, a dozen at most")
