"""Settings: read from the environment alone, kind about mistakes, all documented."""

from __future__ import annotations

import re
import stat
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.config import BadSettings, Settings
from bot.serve import DRAIN_SECONDS

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No ``.env`` of the developer's, no variable of the machine's."""
    monkeypatch.chdir(tmp_path)
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)


def setting_names() -> list[str]:
    return [
        str(field.validation_alias or name).upper() for name, field in Settings.model_fields.items()
    ]


def test_defaults_need_nothing() -> None:
    settings = Settings.load()
    assert settings.public_url == "http://127.0.0.1:8080"
    assert settings.database_url.startswith("sqlite+aiosqlite:///")
    assert settings.redis_url is None
    assert not settings.secure


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("PORT=9001\nHOST=0.0.0.0\nUNKNOWN=1\n")
    monkeypatch.setenv("PORT", "9002")
    settings = Settings.load()
    assert (settings.host, settings.port) == ("0.0.0.0", 9002)
    assert settings.public_url == "http://127.0.0.1:9002"


def test_an_empty_variable_is_no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "")
    monkeypatch.setenv("PORT", "")
    assert Settings.load().port == 8080


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "abc", "PORT : attendu un nombre entier"),
        ("PORT", "99999", "PORT : le nombre est trop grand (au plus 65535)"),
        ("APPRENTISSAGE_API_URL", "api.exemple.fr", "APPRENTISSAGE_API_URL : attendu une adresse"),
        ("APPRENTISSAGE_API_KEY", "Bearer abc", "APPRENTISSAGE_API_KEY : attendu une clé sans"),
        ("KEEP_CONVERSATION_DAYS", "0", "le nombre est trop petit (au moins 1)"),
        ("TODAY", "demain", "TODAY : attendu une date"),
        ("TODAY", "2026-02-31", "TODAY : attendu une date"),
        ("PUBLIC_URL", "cmachance.fr", "PUBLIC_URL : attendu une adresse"),
        ("PUBLIC_URL", "https://u:p@exemple.fr", "PUBLIC_URL : attendu une adresse"),
        ("PUBLIC_URL", "http://exemple.fr/robot", "PUBLIC_URL : attendu une adresse sans chemin"),
        ("PUBLIC_URL", "http://exemple.fr:abc", "PUBLIC_URL : attendu une adresse"),
        ("PUBLIC_URL", "http://exemple.fr:70000", "PUBLIC_URL : attendu une adresse"),
        ("PUBLIC_URL", "http://[", "PUBLIC_URL : attendu une adresse"),
        ("REDIS_URL", "redis://hote:abc/0", "REDIS_URL : attendu"),
        ("REDIS_URL", "redis://hote:70000/0", "REDIS_URL : attendu"),
        ("PUBLIC_URL", "https://exemple.fr", "SECRET_KEY est obligatoire"),
        ("SECRET_KEY", "court", "au moins 32 caractères"),
        ("DATABASE_URL", "mysql://x", "DATABASE_URL : attendu"),
        ("REDIS_URL", "localhost", "REDIS_URL : attendu"),
        ("TELEGRAM_BOT_NAME", "a b", "TELEGRAM_BOT_NAME : attendu"),
    ],
)
def test_a_bad_value_is_said_in_french(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings) as caught:
        Settings.load()
    message = str(caught.value)
    assert said in message
    assert len(message.splitlines()) == 1
    assert "validation" not in message


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_postgresql_is_reached_asynchronously(scheme: str) -> None:
    settings = Settings.load(database_url=f"{scheme}://u@h/d")
    assert settings.database_url == "postgresql+asyncpg://u@h/d"


def test_a_slash_and_an_at_sign_too_many_are_forgiven() -> None:
    settings = Settings.load(public_url="http://exemple.fr/", telegram_bot_name="@cmachance_bot")
    assert settings.public_url == "http://exemple.fr"
    assert settings.telegram_bot_name == "cmachance_bot"


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    key = Settings.load().key()
    assert len(key) >= 32
    assert Settings.load().key() == key
    kept = tmp_path / "var" / "secret_key"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert list(kept.parent.iterdir()) == [kept]


@pytest.mark.parametrize("content", [b"", b"abc", b"\xff" * 64, None])
def test_a_key_that_was_damaged_is_said_so(tmp_path: Path, content: bytes | None) -> None:
    kept = tmp_path / "var" / "secret_key"
    kept.parent.mkdir()
    kept.mkdir() if content is None else kept.write_bytes(content)
    with pytest.raises(BadSettings, match="SECRET_KEY : var/secret_key"):
        Settings.load().key()


def test_a_key_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file in place of the folder")
    with pytest.raises(BadSettings, match="SECRET_KEY"):
        Settings.load().key()


def test_the_container_waits_for_the_answers_under_way() -> None:
    compose = (DOCS.parent / "compose.yaml").read_text("utf-8")
    grace = re.search(r"stop_grace_period: (\d+)s", compose)
    assert grace
    assert int(grace[1]) > 2 * DRAIN_SECONDS


def test_the_container_passes_every_setting_on() -> None:
    compose = (DOCS.parent / "compose.yaml").read_text("utf-8")
    fixed = {"HOST", "PORT", "TODAY"}
    for name in set(setting_names()) - fixed:
        assert f"      {name}: " in compose, f"{name} n’est pas dans compose.yaml"


def test_the_key_given_is_the_key_used_and_never_printed(tmp_path: Path) -> None:
    settings = Settings.load(secret_key="k" * 40, public_url="https://exemple.fr")
    assert settings.key() == b"k" * 40
    assert settings.secure
    assert not (tmp_path / "var").exists()
    assert "kkk" not in repr(settings)


def test_the_key_of_a_backend_is_never_printed() -> None:
    settings = Settings.load(apprentissage_api_key="k" * 40)
    assert settings.apprentissage_api_key
    assert settings.apprentissage_api_key.get_secret_value() == "k" * 40
    assert "kkk" not in repr(settings)


@pytest.mark.parametrize("day", ["2026-11-23", "2031-02-03"])
def test_a_fixed_date_does_not_stop_the_clock(monkeypatch: pytest.MonkeyPatch, day: str) -> None:
    """What was put off, or counts once within ten seconds, would wait for ever."""
    monkeypatch.setenv("TODAY", day)
    settings, other = Settings.load(), Settings.load()
    assert settings.today() == date.fromisoformat(day)
    first, second, third = settings.now(), other.now(), settings.now()
    assert first < second < third < first + timedelta(minutes=1)
    assert abs(first.date() - date.fromisoformat(day)) <= timedelta(days=1)


def test_without_a_fixed_date_the_clock_runs() -> None:
    before = datetime.now(UTC)
    assert before <= Settings.load().now() <= datetime.now(UTC)


def test_every_setting_is_documented() -> None:
    page = (DOCS / "reglages.md").read_text("utf-8")
    for name in setting_names():
        assert f"`{name}`" in page, f"{name} n’est pas dans docs/reglages.md"


def test_every_setting_says_what_it_is() -> None:
    assert all(field.description for field in Settings.model_fields.values())
