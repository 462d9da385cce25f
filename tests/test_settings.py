"""The settings: read from variables, overridden by options, handed to child processes."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec
import pytest

from mesher.errors import SetupError
from mesher.settings import (
    PREFIX,
    ROOT_DATA_DIR,
    Settings,
    default_data_dir,
    load_settings,
    settings_to_environ,
)

DOCUMENT = Path(__file__).parents[1] / "docs" / "configuration.md"


def test_every_setting_is_documented_and_nothing_else_is():
    documented = set(re.findall(r"^\| `(MESHER_[A-Z_]+)` \|", DOCUMENT.read_text(), re.MULTILINE))

    assert documented == {PREFIX + name.upper() for name in Settings.__struct_fields__}


def test_without_variables_everything_has_a_default():
    assert load_settings({}) == Settings()


def test_variables_of_other_programs_and_empty_ones_are_left_alone():
    assert load_settings({"PORT": "1", "MESHER_PORT": ""}).port == Settings().port


def test_an_option_wins_over_its_variable():
    assert load_settings({"MESHER_PORT": "1"}, port=2, host=None).port == 2


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("MESHER_PORT", "70000"),
        ("MESHER_PORT", "http"),
        ("MESHER_PORT", "tcp://10.0.0.1:80"),  # what Kubernetes sets for a Service of our name
        ("MESHER_URL", "errors.example.com"),
        ("MESHER_WEB_PROCESSES", "0"),
        ("MESHER_DIGEST_PROCESSES", "1000"),
        ("MESHER_LOG_LEVEL", "loud"),
        ("MESHER_LOG_FORMAT", "xml"),
        ("MESHER_TRUSTED_PROXIES", "proxy.example.com"),
        ("MESHER_NEW_ORGANIZATIONS", "anybody"),
        ("MESHER_JOURNAL_MAX_BYTES", "1"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_what_is_expected(variable, text):
    with pytest.raises(SetupError) as refused:
        load_settings({variable: text})

    assert refused.value.message.startswith(f"{variable}={text!r} does not fit: expected ")


def test_all_problems_are_told_at_once():
    with pytest.raises(SetupError) as refused:
        load_settings({"MESHER_PORT": "x", "MESHER_PROT": "1"}, host="h", web_processes=0)

    assert refused.value.message.count(";") == 2
    for source in ("MESHER_PORT", "MESHER_PROT", "--web-processes"):
        assert source in refused.value.message


def test_a_database_url_is_never_shown():
    with pytest.raises(SetupError) as refused:
        load_settings({"MESHER_DATABASE_URL": "mysql://root:hunter2@db/mesher"})

    assert "MESHER_DATABASE_URL does not fit" in refused.value.message
    assert "hunter2" not in refused.value.message


def test_the_data_directory_is_absolute_for_processes_elsewhere():
    assert load_settings({"MESHER_DATA_DIR": "data"}).data_dir == Path.cwd() / "data"
    assert load_settings({"MESHER_DATA_DIR": "~/data"}).data_dir == Path.home() / "data"


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone keeps its data with the services")
def test_root_keeps_its_data_where_services_do():
    assert default_data_dir() == ROOT_DATA_DIR


@pytest.mark.skipif(os.geteuid() == 0, reason="root keeps its data with the services")
def test_users_keep_their_data_where_their_programs_do(monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert default_data_dir() == Path("/data/mesher")


def test_a_child_process_reads_the_same_settings():
    settings = load_settings(
        {
            "MESHER_DATABASE_URL": "postgresql://u:p%40@/db?host=%2Ftmp%2Fa%20b",
            "MESHER_DATA_DIR": "/data/ü b",
            "MESHER_URL": "https://errors.example.com/",
            "MESHER_TRUSTED_PROXIES": "10.0.0.0/8, ::1",
        },
        port=0,
    )

    environ = settings_to_environ(settings, {"PATH": "/bin", "MESHER_PORT": "1", "MESHER_OLD": "1"})

    assert load_settings(environ) == settings
    assert environ["PATH"] == "/bin"


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        (Settings(host="127.0.0.1", port=8000), "http://127.0.0.1:8000"),
        (Settings(host="::1", port=8000), "http://[::1]:8000"),
        (Settings(url="https://errors.example.com/"), "https://errors.example.com"),
    ],
)
def test_the_public_url_is_what_others_use(settings, url):
    assert settings.public_url == url


def test_settings_cannot_be_changed():
    with pytest.raises(AttributeError):
        Settings().port = 1


def test_a_setting_that_is_misspelt_in_code_is_an_error():
    with pytest.raises(TypeError):
        Settings(prot=1)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"prot": 1}, Settings)
