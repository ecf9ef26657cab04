"""How deeply JSON that somebody sent is nested. What goes through it by recursion, in Python, in
Pydantic or in a database, gives up at some depth, each at its own and in its own way.

Called where a value of any shape is taken in. Pure.
"""

from typing import Any

# Of parameters and the like; people who write them by hand do not come near it.
MOST_LEVELS = 32


def levels(value: Any) -> int:
    """How many lists and objects stand within one another; found without recursion."""
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        part, level = waiting.pop()
        if isinstance(part, dict):
            waiting += [(each, level + 1) for each in part.values()]
        elif isinstance(part, list):
            waiting += [(each, level + 1) for each in part]
        else:
            continue
        deepest = max(deepest, level)
    return deepest
