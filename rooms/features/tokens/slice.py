"""What tokens add: that ended ones are swept away."""

from rooms.slices import Slice

from .sweeping import ended_tokens

SLICE = Slice(name="tokens", housekeeping={"tokens": ended_tokens})
