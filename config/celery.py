"""The Celery application. What a job is lives in `jobs`; the transport's settings in `settings`.

`celery -A config worker` consumes all three queues; `-Q bulk` and so on split them over workers.
"""

import os

from celery import Celery
from kombu import Queue

from jobs.registry import QUEUES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Workers talk to each other through what a flush of Redis takes away, and need nothing of it.
os.environ.setdefault("CELERY_WORKER_WITHOUT_GOSSIP", "1")
os.environ.setdefault("CELERY_WORKER_WITHOUT_MINGLE", "1")

app = Celery("parley")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = [Queue(name, max_priority=9) for name in QUEUES]
app.autodiscover_tasks()
