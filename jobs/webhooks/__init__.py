"""Webhooks: other programs are told when jobs end, as Standard Webhooks has it."""
