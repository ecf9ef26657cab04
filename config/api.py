"""The REST API, put together: who may come in, how JSON and errors look, which apps take part."""

from functools import partial

from django.urls import path
from ninja.openapi.views import openapi_view

from rooms import slices
from rooms.rest.authentication import Session, Token
from rooms.rest.json import Renderer, StrictParser
from rooms.rest.problems import ProblemAPI

DESCRIPTION = """\
Rooms where people talk, and jobs that report there.

Send an API token as `Authorization: Bearer TOKEN`; `manage.py token USERNAME` prints one.
Errors are [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problems. Long lists are paged:
follow `next` until it is null. Live events come over the WebSocket at `/ws/`.
"""

api = ProblemAPI(
    title="Parley",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    docs_url=None,
    auth=[Token(), Session()],
    parser=StrictParser(),
    renderer=Renderer(),
)
for router in slices.routers():
    api.add_router("", router)

urlpatterns = [
    path("api/v1/", api.urls),
    path("api/docs", partial(openapi_view, api=api), name="api-docs"),
]
