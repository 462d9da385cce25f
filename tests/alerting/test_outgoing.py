"""Where messages do not go: no way to write or reach a private address is open."""

from __future__ import annotations

import ipaddress
import socket
import uuid
from typing import Any

import pytest

from mesher.alerting.message import Notification
from mesher.alerting.outgoing import ForbiddenAddress, check_address, public_addresses_only
from mesher.alerting.sending import NotDelivered, send_apprise, send_webhook
from mesher.values.alert_action import Apprise, Webhook
from receiver import Receiver, running_receiver

NOTIFICATION = Notification(
    id=uuid.UUID(int=1),
    rule={"id": "1", "name": "r"},
    project={"id": "1", "name": "p"},
    url="https://mesher.example",
    alerts=[],
)
HERE = [ipaddress.ip_network("127.0.0.0/8")]


def post(url: str, allowed: Any = ()) -> str:
    return send_webhook(Webhook(url=url, secret="s" * 16), NOTIFICATION, allowed)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.5.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - refused
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "fd12:3456::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "2002:7f00:1::",
        "2002:c0a8:101::1",
        "64:ff9b::7f00:1",
        "64:ff9b::a00:1",
        "ff02::1",
        "no address",
    ],
)
def test_a_private_address_is_refused_however_it_is_written(address: str) -> None:
    with pytest.raises(ForbiddenAddress):
        check_address(address, [])


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "64:ff9b::101:101"]
)
def test_a_public_address_is_taken(address: str) -> None:
    check_address(address, [])


def test_a_network_that_the_operator_allows_is_taken_in_each_form() -> None:
    for address in ("127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"):
        check_address(address, HERE)
    with pytest.raises(ForbiddenAddress) as caught:
        check_address("10.0.0.1", HERE)
    assert "MESHER_ALLOWED_NETWORKS" in caught.value.hint


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "0177.0.0.1",
        "127.1",
        "public.example@127.0.0.1",
        "public.example:x@127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
    ],
)
def test_no_way_to_write_the_address_of_this_machine_reaches_it(
    receiver: Receiver, host: str
) -> None:
    with pytest.raises(NotDelivered):
        post(f"http://{host}:{receiver.port}/")
    assert receiver.got == []


def test_a_name_that_leads_to_a_private_address_when_it_is_connected_to_is_refused(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a name server that gives another answer each time: the address in use is what is checked."""
    real = socket.getaddrinfo
    answers = iter(["93.184.215.14"])

    def rebinding(host: Any, *rest: Any, **more: Any) -> Any:
        if host != "rebinding.example":
            return real(host, *rest, **more)
        return real(next(answers, "127.0.0.1"), *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    socket.getaddrinfo(
        "rebinding.example", receiver.port
    )  # whoever checks first sees the public one
    with pytest.raises(NotDelivered, match="private address"):
        post(f"http://rebinding.example:{receiver.port}/")
    assert receiver.got == []


def test_a_redirect_to_a_private_address_is_not_followed(receiver: Receiver) -> None:
    """The first is allowed by its port's network here, the second is the same machine by another."""
    with running_receiver() as inside:
        receiver.status, receiver.location = 307, f"http://[::ffff:10.0.0.1]:{inside.port}/secret"
        with pytest.raises(NotDelivered, match=r"10\.0\.0\.1 is a private address"):
            post(receiver.url, HERE)
        assert inside.got == []
    assert len(receiver.got) == 1


def test_a_redirect_to_another_scheme_is_not_followed(receiver: Receiver) -> None:
    receiver.status, receiver.location = 302, "file:///etc/passwd"
    with pytest.raises(NotDelivered):
        post(receiver.url, HERE)


def test_redirects_end(receiver: Receiver) -> None:
    receiver.status, receiver.location = 307, "/again"
    with pytest.raises(NotDelivered, match="redirects"):
        post(receiver.url, HERE)
    assert len(receiver.got) <= 5


@pytest.mark.parametrize(
    "scheme", ["json://{}", "mmost://{}/3ccdd113474722377935511fc85d3dd4", "ntfy://{}/topic"]
)
def test_apprise_reaches_no_private_address(receiver: Receiver, scheme: str) -> None:
    url = scheme.format(f"127.0.0.1:{receiver.port}")
    with pytest.raises(NotDelivered):
        send_apprise(Apprise(url=url), NOTIFICATION, [])
    assert receiver.got == []


def test_a_mail_server_that_apprise_is_given_is_checked_too() -> None:
    with pytest.raises(NotDelivered):
        send_apprise(
            Apprise(url="mailto://user:secret@127.0.0.1:2525?to=a@example.com&mode=insecure"),
            NOTIFICATION,
            [],
        )


def test_local_sockets_are_not_reached_from_a_message() -> None:
    with (
        public_addresses_only([]),
        socket.socket(socket.AF_UNIX) as connection,
        pytest.raises(ForbiddenAddress),
    ):
        connection.connect("/nowhere")


def test_a_datagram_is_not_sent_to_a_private_address() -> None:
    with (
        public_addresses_only([]),
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection,
        pytest.raises(ForbiddenAddress),
    ):
        connection.sendto(b"x", ("127.0.0.1", 9))


@pytest.mark.parametrize("url", ["syslog://", "dbus://", "gnome://x", "macosx://", "windows://"])
def test_what_is_on_the_machine_itself_is_no_service(url: str) -> None:
    with pytest.raises(NotDelivered, match="on the machine of the server"):
        send_apprise(Apprise(url=url), NOTIFICATION, [])


def test_what_is_not_a_message_connects_as_before(receiver: Receiver) -> None:
    with socket.create_connection(("127.0.0.1", receiver.port)):
        pass


def test_an_endless_answer_is_cut(receiver: Receiver) -> None:
    receiver.answer = b"x" * 10_000_000
    assert len(post(receiver.url, HERE)) < 1100
