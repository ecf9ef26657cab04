"""An app for the tests alone: a socket command that says what the connections of a process leave to
the collector. Python cannot be asked from outside."""
