"""Signatures, as the Standard Webhooks specification has them."""

import base64
import hashlib
import hmac

from jobs.webhooks import standard


def test_the_example_of_the_specification() -> None:
    """From its own libraries' tests."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    found = standard.signature(
        secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_receiver_can_check_what_it_gets() -> None:
    secret = standard.new_secret()
    content = standard.body("job.failed", "2026-11-26T10:00:00Z", {"id": "x"})
    sent = standard.headers(secret, "msg_1", 1_700_000_000, content)
    signed = f"{sent['webhook-id']}.{sent['webhook-timestamp']}.".encode() + content
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert sent["webhook-signature"] == f"v1,{wanted}"
    assert len(key) == 32 and secret != standard.new_secret()
