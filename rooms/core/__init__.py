"""What always holds: the log, the bell, who may do what. Imports no feature."""
