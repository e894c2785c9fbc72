"""One settings module for every way of running; production starts only when its environment is whole."""

from __future__ import annotations

import base64
import sys
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

from collections_platform import door, memory

memory.load()  # until collections_platform.apps is ready

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

# --- which way we run -------------------------------------------------------------------------------------------------
#: "demo" (embedded servers, sandbox tenants, made-up secrets), "test" or "production".
MODE = env.str("TRATO_MODE", default="production")
DEBUG = False
PRODUCTION = MODE == "production"


def _required(name: str) -> str:
    """A setting without which nothing may start; the one line that stops the start says which and how."""
    value = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set: put it into the environment (see .env.example) and start again")
    return value


SECRET_KEY = _required("SECRET_KEY")
#: Master keys of the envelope encryption, newest first: "id:base64 of 32 bytes", separated by commas.
MASTER_KEYS = {
    key_id: base64.b64decode(value)
    for key_id, _, value in (pair.partition(":") for pair in _required("MASTER_KEYS").split(","))
}
#: Salt of the keyed hashes by which documents and numbers are looked up; never changes once data exist.
LOOKUP_KEY = base64.b64decode(_required("LOOKUP_KEY"))
if any(len(key) != 32 for key in MASTER_KEYS.values()) or len(LOOKUP_KEY) < 32:
    raise ImproperlyConfigured("MASTER_KEYS and LOOKUP_KEY hold keys of 32 bytes in base64 (see .env.example)")

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
#: The address under which the outside reaches us: payment links, webhook callbacks, e-mails.
PUBLIC_URL = env.str("PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
if PRODUCTION and not PUBLIC_URL.startswith("https://"):
    raise ImproperlyConfigured("PUBLIC_URL must begin with https:// in production: set it to the address people use")

# --- data -------------------------------------------------------------------------------------------------------------
_required("DATABASE_URL")
DATABASES = {
    # The run-time role: owns nothing, bypasses nothing.
    "default": {
        **env.db_url("DATABASE_URL"),
        "CONN_MAX_AGE": 0 if env.bool("DATABASE_POOL", default=True) else 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": (
            {"pool": {"min_size": 1, "max_size": env.int("DATABASE_POOL_MAX", default=16), "timeout": 10}}
            if env.bool("DATABASE_POOL", default=True)
            else {}
        ),
        "ATOMIC_REQUESTS": False,
    },
    # Owns the tables: migrations and retention only.
    "owner": {**env.db_url("DATABASE_OWNER_URL", default=env.str("DATABASE_URL")), "TEST": {"MIRROR": "default"}},
}
#: The demo's folder where people may enter as anybody: on its own database only; asked for elsewhere, nothing starts.
DEMO_DOOR = door.opens(MODE, DATABASES["default"])
#: The role that serves requests; migrations take UPDATE and DELETE on evidence away from it by this name.
RUNTIME_ROLE = DATABASES["default"]["USER"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")

# --- rooms ------------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "template_partials.apps.SimpleAppConfig",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "tenants",
    "portfolio",
    "compliance",
    "messaging",
    "monitoring",
    "workbench",
    "collections_platform",
]
AUTH_USER_MODEL = "tenants.User"
ROOT_URLCONF = "collections_platform.urls"
ASGI_APPLICATION = "collections_platform.asgi.application"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "tenants.middleware.RequestContext",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "workbench.middleware.Language",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "workbench.context.page",
            ],
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            # Built in, so that pages read the same under a Django that has partials of its own.
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "template_partials.templatetags.partials",
                "workbench.templatetags.trato",
            ],
        },
    }
]

# --- languages --------------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("es", "Español"), ("pt-br", "Português (Brasil)"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- files ------------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / "static_collected"))
#: Ours, and what npm packages give to browsers (collections_platform/runner/browser_files.py lays it there).
STATICFILES_DIRS = [folder for folder in (BASE_DIR / "static", BASE_DIR / "static_vendor") if folder.is_dir()]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if MODE == "test"  # nothing is collected for tests: files are found where they lie
        else "collections_platform.files.HashedFiles"
    },
}
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = MODE == "test"
WHITENOISE_MAX_AGE = 3600  # of names without a hash; hashed ones are kept for ever
#: A webhook of the Cloud API may weigh 3 MB (whatsapp-cloud-api, 3.2), an import more; views bound their own bodies.
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024

# --- security ---------------------------------------------------------------------------------------------------------
if PRODUCTION:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "SAMEORIGIN"
SECURE_REFERRER_POLICY = "same-origin"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

#: Nothing runs or is loaded that is not ours; styles and scripts stand in files.
CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/api/v1/docs"],  # its viewer is somebody else's page with a script in it
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "media-src": ["'self'", "blob:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'self'"],
    },
}
CSRF_FAILURE_VIEW = "workbench.errors.csrf_failed"

# --- people log in ----------------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "workbench.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
#: People come by invitation: whoever has a password got it through that address.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if PRODUCTION else "http"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
MFA_ADAPTER = "workbench.accounts.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Trato"
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
SESSION_COOKIE_AGE = env.int("SESSION_HOURS", default=12) * 3600
SESSION_COOKIE_SAMESITE = "Lax"
CACHES = {"default": {"BACKEND": "collections_platform.cache.SharedOrOwn", "LOCATION": REDIS_URL}}

# --- e-mail -----------------------------------------------------------------------------------------------------------
#: smtp://user:password@host:587/?tls=True; without it the demo writes its e-mails into files under EMAIL_FILES.
EMAIL_URL = env.str("EMAIL_URL", default="")
if EMAIL_URL:
    globals().update(env.email_url("EMAIL_URL"))
elif MODE == "test":
    EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
elif PRODUCTION:
    EMAIL_BACKEND = "workbench.accounts.NoEmail"
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = env.str("EMAIL_FILES", default=str(BASE_DIR / ".trato" / "emails"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("EMAIL_FROM", default="Trato <no-reply@localhost>")

# --- REST -------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tenants.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "tenants.schema.Schema",
    "EXCEPTION_HANDLER": "tenants.problems.handle",
    "COERCE_DECIMAL_TO_STRING": True,
    "UNAUTHENTICATED_USER": None,
}
#: Requests of one API key per minute; 0 is no limit. A batch is one request of up to 1,000 rows, an import is one too.
API_LIMITS = {
    "reads": env.int("API_READS_PER_MINUTE", default=6000),
    "writes": env.int("API_WRITES_PER_MINUTE", default=3000),
    "batches": env.int("API_BATCHES_PER_MINUTE", default=120),
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Trato API",
    "DESCRIPTION": "Debtors, invoices, payments and messages of a creditor; every send is decided and recorded.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    # The page's scripts come from us: no debtor's data may hang on somebody else's host.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# --- work -------------------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "work"
#: Retention blanks append-only rows, which only the tables' owner may: a worker of its own serves its queue.
CELERY_TASK_ROUTES = {"messaging.dispatch": {"queue": "send"}, "compliance.retention": {"queue": "retention"}}
CELERY_TASK_TIME_LIMIT = env.int("TASK_TIME_LIMIT", default=55)
CELERY_TASK_SOFT_TIME_LIMIT = CELERY_TASK_TIME_LIMIT - 10
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # however long Redis is away, workers wait for it
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 1, "max_retries": 1}
CELERY_TASK_SERIALIZER = "json"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BEAT_SCHEDULE = {
    "pulse": {"task": "tenants.pulse", "schedule": 1.0, "options": {"expires": 5}},
    # Each run is a day's; what one turn leaves, the next goes on with.
    "retention": {"task": "compliance.retention", "schedule": 120.0, "options": {"expires": 100}},
}
#: A lease outlives the longest task, or a slow worker's work would be done twice.
LEASE_SECONDS = CELERY_TASK_TIME_LIMIT + 20

# --- the Cloud API ----------------------------------------------------------------------------------------------------
GRAPH_API_VERSION = env.str("GRAPH_API_VERSION", default="26.0")
GRAPH_BASE_URL = env.str("GRAPH_BASE_URL", default="https://graph.facebook.com")
#: Seconds that a send may take before its outcome counts as uncertain.
SEND_TIMEOUT_SECONDS = env.float("SEND_TIMEOUT_SECONDS", default=10.0)
SEND_CONCURRENCY = env.int("SEND_CONCURRENCY", default=64)

# --- logs -------------------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": sys.stderr, "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="WARNING")},
    # These print whole payloads, and payloads are people's words.
    "loggers": {name: {"level": "WARNING"} for name in ("pywa", "pywa_async", "httpx", "httpcore", "aiohttp")},
}
