"""What Django is told: from the home, the database and ``portal.toml``. Rules of accounts are elsewhere.

``$DAICHO_HOME/portal.toml`` is optional; unknown names are refused, so that a misspelt one is noticed.
"""

import secrets
import tomllib
from dataclasses import dataclass, fields
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from daicho.folders import PRIVATE, Folder
from daicho.settings import Settings, SettingsError
from schemas.reasons import of_text

HERE = Path(__file__).resolve().parent
_OWN_HOSTS = ("127.0.0.1", "localhost", "::1")
"""What never leaves this machine needs no HTTPS."""


@dataclass(frozen=True)
class PortalSettings:
    """The names of ``portal.toml`` and what they are without it."""

    base_url: str = "http://127.0.0.1:8000"
    """Address under which users reach the portal; links in mails begin with it."""
    allowed_hosts: str = "127.0.0.1,localhost"
    """Host names answered to, separated by commas."""
    secure_cookies: bool = False
    """Cookies travel encrypted only, and browsers are told to stay with HTTPS; with an https ``base_url`` it is so."""
    processes: int = 0
    """How many processes answer; 0: one per core, at most 8."""
    trusted_proxy: str = ""
    """Address of the one reverse proxy whose word about the user's address is believed."""
    idle_minutes: int = 30
    """A session ends after this long without a request (S-012, S-013)."""
    login_failures: int = 5
    """Consecutive wrong passwords that lock an ID (G-138)."""
    lock_minutes: int = 30
    """How long they lock it: nobody can keep somebody else out for longer at once."""
    staff_otp: bool = True
    """False: the insurer's desk opens with a password alone, without the one-time password by mail."""
    staff_networks: str = ""
    """Addresses and ranges from which the desk can be used, separated by commas; empty: everywhere."""
    otp_minutes: int = 10
    """Life of a one-time password (G-119)."""
    service_hours: bool = True
    """False: users are let in at any hour (C-039 to C-041, S-046)."""
    documents_destination: str = "〒000-0000 東京都架空区保険1-1-1\n貿易保険Webサービス"
    """Where 別送資料 are sent, without the section; lines as on the 送付状 (K-038). The default is an example."""
    underwriting_policy_url: str = "https://www.nexi.go.jp/cover/"
    """国・地域ごとの引受方針 on the insurer's public site (J-002)."""
    simulation_url: str = "https://www.nexi.go.jp/"
    """保険料計算シミュレーション, or the public site from which it is reached (J-019)."""
    claims_lists: bool = True
    """False: 回収情報（債権一覧表ダウンロード） is not offered (I-027)."""
    mail_sender: str = "web_info@daicho.invalid"
    """Sender of every mail (S-037)."""
    smtp_host: str = ""
    """Mail server; empty: mails stay in the outbox."""
    smtp_port: int = 25
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_tls: bool = False
    scan_command: str = ""
    """Program with its words that looks at each file of users on its standard input; empty: none."""
    development: bool = False
    """True in a demo home: a page lists the outbox, secrets in it included."""

    @classmethod
    def of(cls, home: Path) -> "PortalSettings":
        """What stands in ``portal.toml`` of a home.

        Raises:
            SettingsError: for what cannot be read, an unknown name, a value of another kind, or a mixture that is unsafe.
        """
        path = home / "portal.toml"
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return cls()
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"設定ファイル {path} を読めません: {of_text(error)}。") from error
        kinds = {field.name: field.type for field in fields(cls)}
        for name, value in found.items():
            if name not in kinds:
                known = "、".join(kinds)
                raise SettingsError(
                    f"設定ファイル {path} に未知の項目「{name}」があります。使える項目: {known}"
                )
            if type(value) is not kinds[name]:
                raise SettingsError(f"設定ファイル {path} の「{name}」の値を確かめてください: {value!r}")
        try:
            return _checked(cls(**_completed(found)))
        except SettingsError as error:
            raise SettingsError(f"設定ファイル {path}: {error}") from error

    @property
    def staff_network_list(self) -> list[str]:
        """``staff_networks`` one by one."""
        return [network.strip() for network in self.staff_networks.split(",") if network.strip()]


def _completed(found: dict[str, Any]) -> dict[str, Any]:
    """A slash behind the address means nothing, and HTTPS means cookies that travel encrypted only."""
    if "base_url" in found:
        found["base_url"] = found["base_url"].rstrip("/")
        found.setdefault("secure_cookies", found["base_url"].startswith("https://"))
    return found


def _checked(portal: PortalSettings) -> PortalSettings:
    """The settings, unless their mixture is one that would expose users without anybody noticing.

    Raises:
        SettingsError: with all of it.
    """
    address = _address(portal.base_url)
    https, hosts = address.scheme == "https", _hosts(portal)
    wrong = [
        sentence
        for is_wrong, sentence in (
            (
                https and not portal.secure_cookies,
                "base_url が https のときは secure_cookies を true にしてください(省くと true になります)。",
            ),
            (
                https and not portal.trusted_proxy,
                "base_url が https のときは、HTTPS を受けるリバースプロキシのアドレスを trusted_proxy に書いてください。",
            ),
            (
                not https and address.hostname not in _OWN_HOSTS,
                "ほかのコンピュータから使う base_url は https:// で始めてください。",
            ),
            (
                portal.development and (https or bool(portal.trusted_proxy)),
                "development は試用環境だけのものです。https の base_url や trusted_proxy とは一緒に使えません。",
            ),
            (
                address.hostname not in hosts,
                f"base_url のホスト名「{address.hostname}」を allowed_hosts に加えてください。",
            ),
            (
                any("*" in host or host.startswith(".") for host in hosts),
                "allowed_hosts にはホスト名をそのまま書いてください。",
            ),
            (
                bool(portal.trusted_proxy) and not _is_address(portal.trusted_proxy),
                "trusted_proxy はIPアドレス1つで書いてください。",
            ),
            *(
                (
                    not _is_network(network),
                    f"staff_networks の「{network}」は、192.0.2.1 や 192.0.2.0/24 のように書いてください。",
                )
                for network in portal.staff_network_list
            ),
        )
        if is_wrong
    ]
    if wrong:
        raise SettingsError("".join(wrong))
    return portal


def _address(url: str) -> SplitResult:
    """An address of nothing but scheme, host and port."""
    try:
        address = urlsplit(url)
        bare = f"{address.scheme}://{address.netloc}" == url and "@" not in url and (address.port or 1) > 0
    except ValueError:
        bare = False
    if not bare or address.scheme not in ("http", "https") or not address.hostname:
        raise SettingsError(
            "base_url は https://ホスト名 または https://ホスト名:ポート の形で書いてください。"
        )
    return address


def _hosts(portal: PortalSettings) -> list[str]:
    return [host.strip() for host in portal.allowed_hosts.split(",") if host.strip()]


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def values(settings: Settings, secret: str | None = None) -> dict[str, Any]:
    """All settings of Django for one home; without ``secret`` the home's own key, made when it is missing."""
    portal = PortalSettings.of(settings.home)
    return {
        "PORTAL": portal,
        "DEBUG": False,
        "SECRET_KEY": secret or _secret(settings.home),
        "ALLOWED_HOSTS": _hosts(portal),
        "CSRF_TRUSTED_ORIGINS": [portal.base_url] if portal.base_url.startswith("https://") else [],
        "ROOT_URLCONF": "portal_stub.urls",
        "WSGI_APPLICATION": "portal_stub.wsgi.application",
        "INSTALLED_APPS": [
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.staticfiles",
            "csp",
            "portal_stub.accounts",
            "portal_stub.api",
            "portal_stub.buyers",
            "portal_stub.desk",
            "portal_stub.entries",
            "portal_stub.estimates",
            "portal_stub.feed",
            "portal_stub.history",
            "portal_stub.holders",
            "portal_stub.inquiries",
            "portal_stub.jobs",
            "portal_stub.ledgers",
            "portal_stub.mails",
            "portal_stub.pages",
            "portal_stub.procedures",
            "portal_stub.registration",
        ],
        "MIDDLEWARE": [
            "django.middleware.security.SecurityMiddleware",
            "whitenoise.middleware.WhiteNoiseMiddleware",
            "csp.middleware.CSPMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
            "portal_stub.pages.middleware.PrivatePages",
            "portal_stub.api.middleware.ProgramRequests",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "portal_stub.pages.middleware.BoundedRequests",
            "portal_stub.pages.middleware.ReadableRequests",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "portal_stub.accounts.sessions.SessionWatch",
            "portal_stub.pages.middleware.RefusedDeeds",
            "portal_stub.accounts.doors.Doors",
        ],
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "builtins": ["portal_stub.pages.templatetags.portal"],
                    "context_processors": [
                        "django.template.context_processors.request",
                        "portal_stub.pages.context.layout",
                    ],
                },
            }
        ],
        "FORM_RENDERER": "django.forms.renderers.DjangoTemplates",
        "PORTAL_FILES": str(settings.home / "portal-files"),
        "PIPELINE_FILES": settings.files,
        "MOST_UPLOADED": settings.max_bytes,
        "DATABASES": {"default": _database(settings)},
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "AUTH_USER_MODEL": "accounts.User",
        "AUTHENTICATION_BACKENDS": ["django.contrib.auth.backends.ModelBackend"],
        "AUTH_PASSWORD_VALIDATORS": [
            {"NAME": "portal_stub.accounts.passwords.PasswordRules"},
            {"NAME": "portal_stub.accounts.passwords.NotCommon"},
            {"NAME": "portal_stub.accounts.passwords.NotPersonal"},
        ],
        "LOGIN_URL": "login",
        "LANGUAGE_CODE": "ja",
        "TIME_ZONE": "Asia/Tokyo",
        "USE_TZ": True,
        "USE_I18N": True,
        "STATIC_URL": "/static/",
        "WHITENOISE_USE_FINDERS": True,
        "WHITENOISE_AUTOREFRESH": False,
        "WHITENOISE_ALLOW_ALL_ORIGINS": False,
        "SESSION_ENGINE": "django.contrib.sessions.backends.db",
        "SESSION_COOKIE_NAME": "daicho_session",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": portal.secure_cookies,
        "SESSION_EXPIRE_AT_BROWSER_CLOSE": True,
        # Technical end by real time; the rule is idle_minutes, held by SessionWatch on the product's clock.
        "SESSION_COOKIE_AGE": 24 * 60 * 60,
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_SECURE": portal.secure_cookies,
        "CSRF_FAILURE_VIEW": "portal_stub.pages.errors.csrf_failure",
        "SECURE_HSTS_SECONDS": 365 * 24 * 60 * 60 if portal.secure_cookies else 0,
        # Of `check --deploy`: hosts beside ours are not ours to bind to HTTPS or to a list (W005, W021), and it is the
        # proxy that leads from HTTP to HTTPS, since it alone speaks both (W008, docs/nginx.conf).
        "SILENCED_SYSTEM_CHECKS": ["security.W005", "security.W008", "security.W021"],
        "SECURE_CONTENT_TYPE_NOSNIFF": True,
        "SECURE_REFERRER_POLICY": "same-origin",
        "X_FRAME_OPTIONS": "DENY",
        "CONTENT_SECURITY_POLICY": {
            "DIRECTIVES": {
                "default-src": ["'none'"],
                "script-src": ["'self'"],
                "style-src": ["'self'"],
                "img-src": ["'self'"],
                "font-src": ["'self'"],
                "connect-src": ["'self'"],
                "form-action": ["'self'"],
                "base-uri": ["'none'"],
                "frame-ancestors": ["'none'"],
            }
        },
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": 2000,
        "FILE_UPLOAD_HANDLERS": ["django.core.files.uploadhandler.TemporaryFileUploadHandler"],
        "EMAIL_BACKEND": (
            "django.core.mail.backends.smtp.EmailBackend"
            if portal.smtp_host
            else "portal_stub.mails.sending.KeptBackend"
        ),
        "EMAIL_HOST": portal.smtp_host,
        "EMAIL_PORT": portal.smtp_port,
        "EMAIL_HOST_USER": portal.smtp_user,
        "EMAIL_HOST_PASSWORD": portal.smtp_password,
        "EMAIL_USE_TLS": portal.smtp_tls,
        "EMAIL_TIMEOUT": 20,
        "DEFAULT_FROM_EMAIL": portal.mail_sender,
        "LOGGING": {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
            "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
            # A form that is sent back to its user, or one that waits its turn, is no event for the operator.
            "loggers": {"django.request": {"level": "ERROR"}, "waitress.queue": {"level": "ERROR"}},
            "root": {"handlers": ["console"], "level": "WARNING"},
        },
    }


def _database(settings: Settings) -> dict[str, Any]:
    """A SQLite file of the portal's own in WAL mode, or the PostgreSQL of DAICHO_DATABASE_URL."""
    if settings.uses_sqlite:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(settings.home / "portal.db"),
            "OPTIONS": {
                "timeout": 20,
                # A transaction that will write says so at its start: otherwise two of them refuse each other.
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    url = urlsplit(settings.database_url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.lstrip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": unquote(url.hostname or ""),
        "PORT": str(url.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": dict(parse_qsl(url.query)),
    }


def _secret(home: Path) -> str:
    """The key that signs, made once per home and readable by its owner only."""
    path = home / "portal.secret"
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        pass
    with Folder.made_at(home, 0o700) as folder:
        written = folder.write_apart(secrets.token_urlsafe(64).encode(), PRIVATE)
        try:
            folder.name_too(written, path.name)  # whoever is second keeps the first one's key
        finally:
            folder.remove(written)
        folder.flush()
    return path.read_text(encoding="ascii")
