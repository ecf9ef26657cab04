"""The channel layers of `channels_redis` under this installation's prefix. Named by the settings,
which cannot ask the database for it: a layer is made when it is used for the first time.
"""

from typing import Any

from channels_redis.core import RedisChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer

from .installation import redis_prefix


class PubSubLayer(RedisPubSubChannelLayer):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"prefix": f"{redis_prefix()}:layer", **options})


class CoreLayer(RedisChannelLayer):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"prefix": f"{redis_prefix()}:layer", **options})
