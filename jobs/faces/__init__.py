"""How jobs are reached from outside: REST, socket commands, the slash."""
