"""Settings: the only place that reads the environment (and the file ``.env``)."""

from __future__ import annotations

import hmac
import os
import re
import secrets
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.refusals import in_french

PARIS = ZoneInfo("Europe/Paris")

VAR = Path("var")
"""What the embedded default keeps: the database and the key."""

KEY_BYTES = 32


class BadSettings(Exception):
    """Un réglage n’est pas utilisable ; le message dit lequel et pourquoi."""


def _port_is_one(url: str) -> bool:
    """Whether an address can be taken apart, its port included."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _own_page(data: dict[str, Any]) -> str:
    return f"http://127.0.0.1:{data.get('port', 8080)}"


class Settings(BaseSettings):
    """What can be set; a field's name in capitals is the variable's name."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore",
        frozen=True, validate_default=True, populate_by_name=True,
    )  # fmt: skip

    database_url: str = Field(
        f"sqlite+aiosqlite:///{VAR}/cmachance.sqlite3",
        description="Base de données : un fichier SQLite, ou `postgresql+asyncpg://…` en "
        "production.",
    )
    redis_url: str | None = Field(
        None,
        description="Redis, nécessaire dès que plusieurs processus servent ensemble "
        "(`redis://hôte:6379/0`).",
    )
    host: str = Field(
        "127.0.0.1", description="Adresse réseau écoutée par le serveur (`0.0.0.0` : toutes)."
    )
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        8080, description="Port écouté par le serveur."
    )
    public_url: str = Field(
        default_factory=_own_page,
        description="Adresse sous laquelle le public atteint le service ; les liens distribués la "
        "contiennent.",
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Clé qui signe les liens et les boutons, 32 caractères au moins. Fabriquée au "
        "premier démarrage dans `./var/secret_key` ; obligatoire dès que `PUBLIC_URL` est en "
        "https.",
    )
    telegram_token: SecretStr | None = Field(
        None,
        description="Jeton du robot, donné par @BotFather. Sans lui, le robot n’est pas sur "
        "Telegram.",
    )
    telegram_bot_name: str | None = Field(
        None,
        description="Nom du robot sur Telegram, sans « @ » : `link` et la page donnent alors aussi "
        "le lien Telegram. `serve` le demande à Telegram quand il a un jeton.",
    )
    telegram_mode: Literal["polling", "webhook"] = Field(
        "polling",
        description="`polling` : le robot va chercher les messages, un seul processus à la fois. "
        "`webhook` : Telegram les apporte à `PUBLIC_URL`, autant de processus qu’on veut.",
    )
    telegram_webhook_secret: SecretStr | None = Field(
        None,
        description="Mot que Telegram répète à chaque appel du webhook (1 à 256 lettres, chiffres, "
        "« _ », « - »). Par défaut, il est tiré de `SECRET_KEY`.",
    )
    telegram_api_url: str = Field(
        "https://api.telegram.org",
        description="Adresse de l’API des robots : celle de Telegram, ou un serveur à soi.",
    )
    apprentissage_api_url: str = Field(
        "https://api.apprentissage.beta.gouv.fr/api",
        description="Adresse de l’API apprentissage, jusqu’à `/api` compris.",
    )
    apprentissage_api_key: SecretStr | None = Field(
        None,
        description="Clé de l’API apprentissage. Sans elle, seul le catalogue répond.",
    )
    france_travail_api_url: str | None = Field(
        None,
        description="Adresse de l’API « Offres d’emploi v2 » de France Travail, version comprise. "
        "Les quatre réglages `FRANCE_TRAVAIL_…` vont ensemble.",
    )
    france_travail_token_url: str | None = Field(
        None, description="Adresse où demander un jeton, `?realm=%2Fpartenaire` compris."
    )
    france_travail_client_id: str | None = Field(
        None, description="Identifiant de l’application sur francetravail.io (`PAR_…`)."
    )
    france_travail_client_secret: SecretStr | None = Field(
        None, description="Clé secrète de cette application."
    )
    keep_conversation_days: Annotated[int, Field(ge=1, le=365)] = Field(
        30, description="Nombre de jours après lesquels une conversation sans suite est effacée."
    )
    keep_person_days: Annotated[int, Field(ge=1, le=730)] = Field(
        365,
        description="Nombre de jours sans un mot après lesquels tout est effacé de quelqu’un qui "
        "garde une alerte.",
    )
    ask_alert_days: Annotated[int, Field(ge=1, le=365)] = Field(
        180,
        description="Nombre de jours sans un mot après lesquels le robot demande si l’alerte sert "
        "encore.",
    )
    push_per_second: Annotated[int, Field(ge=1, le=30)] = Field(
        28,
        description="Nombre d’alertes envoyées par seconde au plus, tous processus ensemble. "
        "Telegram en accepte une trentaine ; les réponses n’attendent pas.",
    )
    minimum_age: Annotated[int, Field(ge=15, le=18)] = Field(
        15,
        description="Âge en dessous duquel aucune alerte n’est gardée et la conversation est "
        "effacée en un jour.",
    )
    web_push_private_key: SecretStr | None = Field(
        None,
        description="Clé privée P-256 (32 octets en base64url) qui signe les notifications. Sans "
        "elle, la page ne propose pas de prévenir.",
    )
    web_push_contact: str | None = Field(
        None,
        description="Où joindre qui exploite le service (`mailto:…` ou `https://…`), dit aux "
        "services de notification.",
    )
    fixed_today: date | None = Field(
        None,
        validation_alias="TODAY",
        description="Date du jour imposée (`AAAA-MM-JJ`), pour les démonstrations et les tests "
        "seulement.",
    )

    _began: date = PrivateAttr(default_factory=lambda: datetime.now(PARIS).date())

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        for short in ("postgresql://", "postgres://"):
            if url.startswith(short):
                url = f"postgresql+asyncpg://{url.removeprefix(short)}"
        if not url.startswith(("sqlite+aiosqlite:///", "postgresql+asyncpg://")):
            raise ValueError(
                "attendu « sqlite+aiosqlite:///fichier » ou « postgresql+asyncpg://… »"
            )
        return url

    @field_validator("redis_url")
    @classmethod
    def _known_redis(cls, url: str | None) -> str | None:
        if url is not None and not (
            url.startswith(("redis://", "rediss://", "unix://")) and _port_is_one(url)
        ):
            raise ValueError("attendu « redis://hôte:port/numéro »")
        return url

    @field_validator("public_url")
    @classmethod
    def _web_address(cls, url: str) -> str:
        parts = urlsplit(url) if _port_is_one(url) else None
        if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("attendu une adresse comme « https://exemple.fr »")
        if parts.query or parts.fragment or parts.username is not None:
            raise ValueError("attendu une adresse sans « ? », « # » ni mot de passe")
        if parts.path.strip("/"):
            raise ValueError("attendu une adresse sans chemin : le service est à sa racine")
        return url.rstrip("/")

    @field_validator("telegram_token")
    @classmethod
    def _token_of_a_bot(cls, token: SecretStr | None) -> SecretStr | None:
        if token and not re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]{3,}", token.get_secret_value()):
            raise ValueError("attendu un jeton comme « 123456:ABC-def », donné par @BotFather")
        return token

    @field_validator("telegram_webhook_secret")
    @classmethod
    def _secret_of_a_webhook(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret.get_secret_value()):
            raise ValueError("attendu 1 à 256 lettres, chiffres, « _ » ou « - »")
        return secret

    @field_validator("telegram_api_url", "apprentissage_api_url")
    @classmethod
    def _api_address(cls, url: str) -> str:
        parts = urlsplit(url) if _port_is_one(url) else None
        if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("attendu une adresse comme « https://api.exemple.fr »")
        return url.rstrip("/")

    @field_validator("apprentissage_api_key")
    @classmethod
    def _key_in_one_word(cls, key: SecretStr | None) -> SecretStr | None:
        if key and not re.fullmatch(r"[\x21-\x7e]+", key.get_secret_value()):
            raise ValueError("attendu une clé sans espace, telle que l’API l’a donnée")
        return key

    @field_validator("france_travail_api_url", "france_travail_token_url")
    @classmethod
    def _address_of_france_travail(cls, url: str | None) -> str | None:
        parts = urlsplit(url) if url and _port_is_one(url) else None
        if url and (parts is None or parts.scheme not in {"http", "https"} or not parts.hostname):
            raise ValueError("attendu une adresse comme « https://api.francetravail.io/… »")
        return url.rstrip("/") if url else None

    @field_validator("web_push_private_key")
    @classmethod
    def _key_of_notices(cls, key: SecretStr | None) -> SecretStr | None:
        if key and not re.fullmatch(r"[A-Za-z0-9_-]{43}=?", key.get_secret_value()):
            raise ValueError("attendu 32 octets en base64url, soit 43 caractères")
        return key

    @field_validator("web_push_contact")
    @classmethod
    def _contact_of_notices(cls, contact: str | None) -> str | None:
        host = r"[\w-]+(\.[\w-]+)+"
        if contact and not re.fullmatch(rf"mailto:[^\s@]+@{host}|https://{host}", contact):
            raise ValueError("attendu « mailto:adresse » ou « https://exemple.fr »")
        return contact

    @field_validator("telegram_bot_name")
    @classmethod
    def _bot_name(cls, name: str | None) -> str | None:
        name = name.removeprefix("@") if name else None
        if name and not (5 <= len(name) <= 32 and name.replace("_", "").isalnum()):
            raise ValueError("attendu un nom de robot de 5 à 32 lettres, chiffres ou « _ »")
        return name

    @model_validator(mode="after")
    def _webhook_in_public(self) -> Self:
        official = self.telegram_api_url == "https://api.telegram.org"
        if self.telegram_mode == "webhook" and official and not self.secure:
            raise ValueError("TELEGRAM_MODE=webhook demande une adresse PUBLIC_URL en https")
        return self

    @model_validator(mode="after")
    def _all_of_france_travail(self) -> Self:
        names = [name for name in type(self).model_fields if name.startswith("france_travail_")]
        missing = [name.upper() for name in names if not getattr(self, name)]
        if missing and len(missing) < len(names):
            raise ValueError(
                "les quatre réglages FRANCE_TRAVAIL_… vont ensemble ; il manque "
                + ", ".join(missing)
            )
        return self

    @model_validator(mode="after")
    def _both_of_web_push(self) -> Self:
        if (self.web_push_private_key is None) != (self.web_push_contact is None):
            raise ValueError("WEB_PUSH_PRIVATE_KEY et WEB_PUSH_CONTACT vont ensemble")
        return self

    @model_validator(mode="after")
    def _key_in_public(self) -> Self:
        key = self.secret_key.get_secret_value() if self.secret_key else ""
        if self.secure and not key:
            raise ValueError(
                "SECRET_KEY est obligatoire quand PUBLIC_URL est en https (par exemple : "
                "`openssl rand -hex 32`)"
            )
        if key and len(key) < KEY_BYTES:
            raise ValueError(f"SECRET_KEY doit avoir au moins {KEY_BYTES} caractères")
        return self

    @classmethod
    def load(cls, **values: Any) -> Settings:
        """Reads the environment; ``values`` win over it. Raises :class:`BadSettings` in French."""
        try:
            return cls(**values)
        except ValidationError as error:
            raise BadSettings(in_french(error)) from None

    @property
    def secure(self) -> bool:
        """Whether people reach the service over https."""
        return self.public_url.startswith("https://")

    @property
    def has_backends(self) -> bool:
        """Whether real offers come from somewhere."""
        return bool(self.apprentissage_api_key or self.france_travail_client_secret)

    def webhook_secret(self) -> str:
        """What Telegram repeats with every update it brings."""
        if self.telegram_webhook_secret:
            return self.telegram_webhook_secret.get_secret_value()
        return hmac.digest(self.key(), b"telegram webhook", "sha256").hex()

    @cached_property
    def began(self) -> date:
        """The day these settings were read; at hand, for every turn asks the time several times."""
        return self._began

    def now(self) -> datetime:
        """The time, aware, in UTC.

        When a date is imposed, that of the clock on that day: what waits for a moment (an answer to
        send again, a press that counts anew) sees it come.
        """
        clock = datetime.now(UTC)
        return clock if self.fixed_today is None else clock - (self.began - self.fixed_today)

    def today(self) -> date:
        """The date in France."""
        return self.fixed_today or self.now().astimezone(PARIS).date()

    def key(self) -> bytes:
        """The signing key; made on first use in ``./var/secret_key``, for its owner only.

        Raises :class:`BadSettings` when it cannot be made or read, or was cut short.
        """
        if self.secret_key:
            return self.secret_key.get_secret_value().encode()
        path = VAR / "secret_key"
        try:
            key = _kept_key(path)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "contenu illisible"
            raise BadSettings(f"SECRET_KEY : {path} n’est pas utilisable ({reason})") from None
        if len(key) < KEY_BYTES:
            raise BadSettings(
                f"SECRET_KEY : {path} est vide ou abîmé. Remettez-y la clé d’origine, ou "
                "effacez-le pour en fabriquer une autre (les liens déjà distribués ne marcheront "
                "plus)"
            )
        return key


def _kept_key(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    if not path.exists():
        made.touch(0o600)
        try:
            with made.open("w", encoding="ascii") as file:
                file.write(secrets.token_hex(KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())  # a machine that stops now must not leave an empty key
            os.link(made, path)  # never over a key that another process made meanwhile
        except FileExistsError:
            pass
        finally:
            made.unlink()
    return path.read_text("ascii").strip().encode()
