"""Another password by mail, with a real mail server."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import psycopg

from acceptance.mesher_process import MesherProcess, wait_for
from mailbox_server import running_mailbox

NEW = "a password that is new"


def test_a_mailed_link_gives_another_password_once(tmp_path: Path) -> None:
    with (
        running_mailbox() as mailbox,
        MesherProcess(
            tmp_path, MESHER_SMTP_URL=mailbox.url, MESHER_MAIL_FROM="mesher@example.com"
        ) as mesher,
    ):
        mesher.start()
        with psycopg.connect(mesher.ready["database_url"]) as conn:
            conn.execute("UPDATE users SET email = 'ada@example.com'")
        mailbox.refusals = 1  # the job tries again
        with httpx.Client(base_url=mesher.ready["url"]) as browser:
            form = {"email": "ada@example.com", "password": mesher.ready["password"]}
            assert browser.post("/login", data=form).status_code == 303

            unknown = browser.post("/forgotten", data={"email": "eve@example.com"})
            known = browser.post("/forgotten", data={"email": "ada@example.com"})
            assert unknown.text.replace("eve@", "ada@") == known.text
            [message] = wait_for("a mail", lambda: mailbox.messages)
            assert message["To"] == "ada@example.com"
            link = re.search(r"(/reset/[\w-]+)", message.get_content())
            assert link

            assert browser.get(link[1]).status_code == 200
            assert browser.post(link[1], data={"password": "short"}).status_code == 400
            chosen = browser.post(link[1], data={"password": NEW})
            assert (chosen.status_code, chosen.headers["location"]) == (303, "/login")
            assert browser.get("/projects").status_code == 303  # the session has ended
            assert browser.post("/login", data=form).status_code == 401
            assert browser.post("/login", data=form | {"password": NEW}).status_code == 303

            assert browser.get(link[1]).status_code == 404
            assert browser.post(link[1], data={"password": NEW}).status_code == 404
        assert mailbox.messages == [message]
        assert link[1].removeprefix("/reset/") not in mesher.log()
        with psycopg.connect(mesher.ready["database_url"]) as conn:
            jobs = conn.execute("SELECT args::text FROM procrastinate_jobs").fetchall()
        assert "example.com" not in str(jobs)
