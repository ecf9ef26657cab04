"""Django's settings. Everything that differs between installations comes from the environment."""

import sys
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.core.exceptions import ImproperlyConfigured

from jobs.limits import JobLimits
from rooms.limits import Limits

from . import broker_options, env, redis_url
from .database import database
from .unfold import UNFOLD as UNFOLD

ENVIRONMENT = env.load(env.Environment)
BASE_DIR = env.BASE_DIR
VERSION = env.version()
DATA_DIR = env.data_dir(ENVIRONMENT)
HOST, PORT = ENVIRONMENT.host, ENVIRONMENT.port
PROCESSES = ENVIRONMENT.parley_processes
PARLEY_LIMITS = env.load(Limits)
PARLEY_JOB_LIMITS = env.load(JobLimits)

SECRET_KEY = env.secret_key(ENVIRONMENT, DATA_DIR)
SECRET_KEY_FALLBACKS = ENVIRONMENT.secret_key_fallbacks
DEBUG = ENVIRONMENT.debug
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts
CSRF_TRUSTED_ORIGINS = ENVIRONMENT.csrf_trusted_origins
# How many reverse proxies of ours stand in front: see `rooms.http.client_address`.
TRUSTED_PROXIES = ENVIRONMENT.parley_trusted_proxies
USE_X_FORWARDED_HOST = TRUSTED_PROXIES > 0

INSTALLED_APPS = [
    # Of it as an app there is only that command, and it loads Twisted into whatever runs.
    *(["daphne"] if sys.argv[1:2] == ["runserver"] else []),
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "channels",
    "csp",
    "ninja",
    "rooms",
    "jobs",
    *ENVIRONMENT.parley_apps,
]

# These need no thread; the others share one for each request: see `rooms.http.handler`.
MIDDLEWARE_ON_LOOP = [
    "rooms.probes.ProbeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "rooms.pages.static_files.StaticFiles",
    "jobs.faces.prefer_wait.PreferWait",
]
MIDDLEWARE = [
    *MIDDLEWARE_ON_LOOP,
    "rooms.pages.compression.CompressPages",
    "rooms.pages.private.PrivateMiddleware",
    "rooms.rest.problems.ProblemMiddleware",
    "rooms.http.nul.NulMiddleware",
    "rooms.features.accounts.session_renewal.RenewingSessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "rooms.pages.content_policy.ContentPolicyMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["rooms.templatetags.site"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "rooms.features.accounts.policy.for_templates",
            ],
        },
    },
]

# Database ---------------------------------------------------------------------------------------

DATABASES = {"default": database(ENVIRONMENT, DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis ------------------------------------------------------------------------------------------

REDIS_SOCKET = env.embedded_redis_socket(DATA_DIR)
REDIS_EMBEDDED = not ENVIRONMENT.redis_url
REDIS_URL = ENVIRONMENT.redis_url or f"unix://{quote(str(REDIS_SOCKET))}"
redis_url.require_usable("REDIS_URL", REDIS_URL)

# Begins every name in Redis; empty: the id in the database, which is made with it.
PARLEY_INSTALLATION = ENVIRONMENT.parley_installation

# Reading blocks for five seconds at a time, which must not count as a time-out.
LAYER: dict[str, Any] = {
    "hosts": [{"address": REDIS_URL, "socket_timeout": 20, "socket_connect_timeout": 5}],
}
if ENVIRONMENT.channel_layer == "core":
    # The layer's capacity is one for all of a process: the hub is its only reader and reads fast.
    LAYER["capacity"] = 10_000
LAYERS = {
    "pubsub": "rooms.core.channel_layers.PubSubLayer",
    "core": "rooms.core.channel_layers.CoreLayer",
}
CHANNEL_LAYERS = {"default": {"BACKEND": LAYERS[ENVIRONMENT.channel_layer], "CONFIG": LAYER}}

# Sessions and the cache live in the database: emptying Redis logs nobody out, and what the cache
# holds, the limits of the account pages, is one for all processes.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "rooms_cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

# Celery: docs/jobs.md has the reasons, in "Celery is a bell as well" -----------------------------


CELERY_BROKER_URL = redis_url.broker(ENVIRONMENT.celery_broker_url, REDIS_URL)
# Celery itself prefers the environment's, as it stands there, to that one; not to these.
CELERY_BROKER_READ_URL = CELERY_BROKER_WRITE_URL = CELERY_BROKER_URL
CELERY_TIMEZONE = ENVIRONMENT.time_zone
PARLEY_KINDS = ENVIRONMENT.parley_kinds
# Of Django 6, or of the package django-tasks: what other apps enqueue becomes a job.
TASKS = {"default": {"BACKEND": "jobs.django_tasks.backend.ParleyBackend"}}
PARLEY_WEBHOOK_NETWORKS = ENVIRONMENT.webhook_networks

# The database is the truth about jobs: a message only wakes a worker, and nothing comes back.
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_BACKEND = None
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# What a child has kept goes with it: after so many jobs, or after one that needed so much (KiB).
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_WORKER_MAX_MEMORY_PER_CHILD = PARLEY_JOB_LIMITS.worker_memory_mb * 1024
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5.0
# A job goes on when the broker goes away; the message that comes again finds it taken.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False

CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_POOL_LIMIT = 10
CELERY_BROKER_POOL_ACQUIRE_TIMEOUT = 2
# Elsewhere the broker has fewer priorities than ten, or none: a message then means "the next one",
# and the database says which that is.
PARLEY_BROKER_ORDERS = broker_options.has_ten_priorities(CELERY_BROKER_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = broker_options.transport(
    CELERY_BROKER_URL, ENVIRONMENT.celery_broker_url
)
if broker_options.is_amqp(CELERY_BROKER_URL):
    # A worker's connection that says nothing for twice as long is made anew. (Those that only send
    # have none: nobody would answer for them while they are idle.)
    CELERY_BROKER_HEARTBEAT = 30

# What recurs is kept in memory: no file that a crash could spoil. The sweeper is not among it: each
# worker has one beside it, which never waits for the worker.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_BEAT_SCHEDULE: dict[str, Any] = {
    "housekeeping": {
        "task": "jobs.housekeeping",
        "schedule": 3600.0,
        "options": {"queue": "default", "expires": 3000.0, "retry": False},
    },
}

# Accounts -----------------------------------------------------------------------------------------

AUTH_USER_MODEL = "rooms.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "rooms.features.accounts.hashing.OneAtATime",
    # Hashes that were brought along from elsewhere.
    "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
SESSION_COOKIE_AGE = ENVIRONMENT.session_cookie_age
# Who may make an account: anybody, who has an address of these domains, who has an invitation, or
# nobody.
PARLEY_SIGNUP = ENVIRONMENT.signup
PARLEY_SIGNUP_DOMAINS = ENVIRONMENT.parley_signup_domains
# What people read at the head of pages and in letters.
SITE_NAME = ENVIRONMENT.site_name
# Where letters say that this site is; empty: where the request was sent to.
SITE_URL = ENVIRONMENT.site_url

# Without a way to send e-mail nobody can prove an address, so none is needed.
SENDS_MAIL = bool(ENVIRONMENT.email_url)
# A new account whose address nobody proves goes after so many days; 0: never.
UNPROVEN_DAYS = ENVIRONMENT.parley_unproven_days
DEFAULT_FROM_EMAIL = ENVIRONMENT.default_from_email
EMAIL_TIMEOUT = 10
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
if ENVIRONMENT.email_url == "console:":
    # Letters hold links that let somebody in: a log that is kept, or read by others, is no place.
    if not ENVIRONMENT.for_this_machine_alone:
        raise ImproperlyConfigured("EMAIL_URL=console: is for a server that only this machine uses")
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
elif ENVIRONMENT.email_url:
    mail = urlsplit(ENVIRONMENT.email_url)
    if mail.scheme not in ("smtp", "smtps") or not mail.hostname:
        raise ImproperlyConfigured("EMAIL_URL must look like smtp://user:password@host:587/?tls=1")
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = mail.hostname, mail.port or (465 if mail.scheme == "smtps" else 25)
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = (
        unquote(mail.username or ""),
        unquote(mail.password or ""),
    )
    EMAIL_USE_SSL, EMAIL_USE_TLS = mail.scheme == "smtps", "tls=1" in mail.query

ACCOUNT_ADAPTER = "rooms.features.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    name: f"rooms.features.accounts.forms.{form}"
    for name, form in {
        "login": "LoginForm",
        "signup": "SignupForm",
        "add_email": "AddEmailForm",
        "change_password": "ChangePasswordForm",
        "reset_password": "ResetPasswordForm",
        "reset_password_from_key": "ResetPasswordKeyForm",
    }.items()
}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
EMAIL_FIELD = "email*" if SENDS_MAIL else "email"
ACCOUNT_USERNAME_VALIDATORS = "rooms.models.names.username_validators"
ACCOUNT_SIGNUP_FIELDS = ["username*", EMAIL_FIELD, "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if SENDS_MAIL else "none"
# An address that nobody has proven is nobody's, and keeps nobody from it.
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_MAX_EMAIL_ADDRESSES = 5
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
# Another address is another way to a new password.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# Log-in has its own: `rooms.features.accounts.login_limits`.
ACCOUNT_RATE_LIMITS = {
    "login": None,
    "signup": "20/m/ip,100/h/ip",
    "reset_password": "5/m/ip,20/h/ip,3/h/key",
    "reset_password_from_key": "20/m/ip",
    "confirm_email": "3/5m/key",
}

# The token for reading /metrics from other machines.
PARLEY_METRICS_TOKEN = ENVIRONMENT.parley_metrics_token

# Pages --------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
FORMAT_MODULE_PATH = ["config.formats"]
TIME_ZONE = ENVIRONMENT.time_zone
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = ENVIRONMENT.static_root or DATA_DIR / "static"
SERVESTATIC_USE_FINDERS = SERVESTATIC_AUTOREFRESH = DEBUG
SERVESTATIC_USE_STATIC_ROOT = False
SERVESTATIC_MAX_AGE = 0 if DEBUG else 60
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "rooms.pages.static_files.VersionedStaticFiles"},
}
MEDIA_ROOT = DATA_DIR / "media"
FILE_UPLOAD_PERMISSIONS = 0o600
# `rooms.live.serving` refuses more before it comes this far; this is for other servers.
DATA_UPLOAD_MAX_MEMORY_SIZE = PARLEY_LIMITS.api_body_bytes

# Security -----------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}
# Pages of others' making, which do not work under that: what each needs besides, and no more.
CONTENT_SECURITY_EXCEPTIONS = {
    # The theme computes what its attributes say (Alpine) and writes scripts into the page.
    "/admin/": {
        "script-src": [SELF, UNSAFE_INLINE, UNSAFE_EVAL],
        "style-src": [SELF, UNSAFE_INLINE],
    },
    "/api/docs": {"style-src": [SELF, UNSAFE_INLINE]},
}
CSRF_FAILURE_VIEW = "rooms.pages.errors.form_expired"
X_FRAME_OPTIONS = "DENY"
# What HSTS says of neighbouring names is for the owner of all of them to decide, by variable.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
if ENVIRONMENT.secure:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = ENVIRONMENT.parley_hsts_seconds
    SECURE_HSTS_INCLUDE_SUBDOMAINS = ENVIRONMENT.parley_hsts_subdomains
    SECURE_HSTS_PRELOAD = ENVIRONMENT.parley_hsts_preload
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

WHO = f"{ENVIRONMENT.parley_process} " if ENVIRONMENT.parley_process else ""
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": f"{{asctime}} {{levelname}} {WHO}{{name}}: {{message}}", "style": "{"}
    },
    # What others say of an outage at every try.
    "filters": {
        "repeats": {
            "()": "rooms.core.outages.Repeats",
            "loggers": (
                "psycopg.pool",
                "channels_redis",
                "django.request",
                "celery.beat",
                "celery.worker.consumer",
                "kombu",
            ),
        }
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["repeats"],
        }
    },
    "root": {"handlers": ["console"], "level": ENVIRONMENT.log_level},
    "loggers": {
        "django": {"handlers": [], "level": ENVIRONMENT.log_level, "propagate": True},
        # One line a request is the reverse proxy's affair.
        "daphne.server": {"level": "WARNING"},
        "django.channels.server": {"level": "WARNING"},
        # `jobs` writes its own line for each attempt.
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
