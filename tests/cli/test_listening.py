"""The port: refused when it is taken, held while Mesher runs."""

from __future__ import annotations

import socket

import pytest

from mesher.cli.listening import reserve_port
from mesher.errors import SetupError
from mesher.settings import Settings

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what an operator may ask for


def listen_shared(host: str, port: int) -> socket.socket:
    """As the web server does it."""
    return socket.create_server((host, port), reuse_port=True)


def test_any_free_port_is_taken_for_zero():
    settings, reservation = reserve_port(Settings(port=0))
    with reservation:
        assert settings.port > 0
        assert settings.url == f"http://127.0.0.1:{settings.port}"


def test_web_processes_listen_on_the_reserved_port_and_get_every_connection():
    settings, reservation = reserve_port(Settings(port=0))
    address = settings.host, settings.port
    with reservation, listen_shared(*address) as first, listen_shared(*address) as second:
        connections = [socket.create_connection(address) for _ in range(20)]
        for server in (first, second):
            server.setblocking(False)
        accepted = 0
        for server in (first, second):
            try:
                while True:
                    server.accept()[0].close()
                    accepted += 1
            except BlockingIOError:
                continue
        for connection in connections:
            connection.close()

    assert accepted == 20


def test_other_programs_cannot_take_the_port_while_no_web_process_listens():
    settings, reservation = reserve_port(Settings(port=0))
    with reservation, pytest.raises(OSError, match="Address already in use"):
        socket.create_server((settings.host, settings.port))


def test_the_port_of_another_mesher_is_in_use_although_it_is_shared():
    settings, reservation = reserve_port(Settings(port=0))
    with reservation, pytest.raises(SetupError, match=f"port {settings.port}: Address already"):
        reserve_port(settings)


def test_a_port_that_was_just_closed_is_free():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        server.accept()[0].close()  # the side that closes first keeps the port for a minute
        client.close()

    _, reservation = reserve_port(Settings(port=port))
    reservation.close()


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(SetupError, match=r"cannot listen on 192\.0\.2\.1 port 0") as refused:
        reserve_port(Settings(host="192.0.2.1", port=0))

    assert "--host" in refused.value.hint


def test_a_host_name_becomes_an_address_and_stays_in_the_url():
    settings, reservation = reserve_port(Settings(host="localhost", port=0))
    with reservation:
        assert settings.host in {"127.0.0.1", "::1"}
        assert settings.url == f"http://localhost:{settings.port}"


def test_listening_everywhere_the_url_names_an_address_of_this_machine():
    settings, reservation = reserve_port(Settings(host=EVERYWHERE, port=0))
    with reservation:
        assert settings.host == EVERYWHERE
        assert EVERYWHERE not in settings.url


def test_the_url_that_the_operator_gave_stays():
    settings, reservation = reserve_port(Settings(port=0, url="https://errors.example.com"))
    with reservation:
        assert settings.url == "https://errors.example.com"
