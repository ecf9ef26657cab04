"""The database in trouble: how long it is waited for, what is wrong, what is not migrated yet."""
