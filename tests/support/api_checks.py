"""A check for Schemathesis of this API: what the document allows is taken, but for the rules that
no schema can say. `tests.fuzz` has its command import it; the suite's short form uses it as well.
"""

import json
import re
from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, Response
from schemathesis.core.failures import Failure
from schemathesis.specs.openapi.checks import positive_data_acceptance

# In the answer's `detail`: an address leads somewhere, a cursor is one that was given, one
# parameter excludes the others, a job's params are of its kind, a search has words and its filters
# have values, a part of a form is a file by its name and holds something, and what is said
# or called something can be seen and stays in its line.
NO_SCHEMA_SAYS = re.compile(
    r"""The\ cursor\ is\ not\ one\ that\ a\ `next`\ link\ gave\.
    | Give\ one\ of\ `before`,\ `after`\ and\ `around`\.
    | There\ is\ no\ kind\ of\ job\ |\ needs\ a\ room\.
    | ^[a-z]+\.[a-z_.]+:\ params | \ jobs\ are\ refused,\ so\ none\ was\ taken\.
    | `until`\ is\ in\ the\ past\. | A\ job\ can\ be\ scheduled\ for\ at\ most
    | This\ idempotency\ key\ was\ used\ for\ another\ job
    | The\ Idempotency-Key\ is\ empty
    | Nothing\ of\ this\ can\ be\ seen\. | A\ message\ needs\ some\ text\ that\ can\ be\ seen\.
    | It\ may\ not\ hold\ marks\ that\ steer\ the\ text
    | You\ cannot\ ban\ yourself\.
    | A\ webhook\ of\ a\ room\ names\ the\ room | You\ have\ no\ webhook\ of\ your\ own
    | ^Say\ which\ words | ^`[a-z]+:`\  | ^A\ minus\ is\ for\ words | ^A\ search\ has\ at\ most
    | ^file:\ Field\ required | ^The\ file\ is\ empty | ^This\ is\ no\ picture
    | ^An\ address\ | ^That\ is\ no\ address | ^The\ address\ names\ no\ host""",
    re.VERBOSE,
)


@schemathesis.check
def valid_is_taken(context: CheckContext, response: Response, case: Case[Any]) -> None:
    try:
        positive_data_acceptance(context, response, case)
    except Failure:
        excused = guessed(case) or nul_in_params(case)
        if not excused and NO_SCHEMA_SAYS.search(response.json()["detail"]) is None:
            raise


def guessed(case: Case[Any]) -> bool:
    """From call to call, Schemathesis puts into paths and bodies what it has read anywhere, be it
    of another type, and still takes the outcome for valid."""
    return case.meta is not None and case.meta.phase.name.value == "stateful"


def nul_in_params(case: Case[Any]) -> bool:
    """The params of a job are any JSON to the document, which cannot say that no text in them, at
    whatever depth, holds NUL."""
    body = case.body if isinstance(case.body, dict) else {}
    listed = body.get("jobs")
    listed = listed if isinstance(listed, list) else []
    jobs = [body, *(job for job in listed if isinstance(job, dict))]
    params = [each["params"] for job in jobs for each in [job, *following(job)] if "params" in each]
    return "\\u0000" in json.dumps(params)


def following(job: dict[str, Any]) -> list[dict[str, Any]]:
    """What is done after it: one by one, or a list side by side."""
    then = job.get("then")
    stages = then if isinstance(then, list) else []
    parts = [part for stage in stages for part in (stage if isinstance(stage, list) else [stage])]
    return [part for part in parts if isinstance(part, dict)]
