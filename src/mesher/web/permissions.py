"""What each page and form asks of who opens it (``accounts.needs``): a session, or nothing."""

from __future__ import annotations

from typing import Final

from mesher.accounts.needs import Need, Needs

_OPEN = Need(public=True)
_PERSON = Need(session=True)
_PROVEN = Need(session=True, note="One's own, with the password.")
_INVITED = Need(public=True, note="With the secret of an invitation.")

PAGE_NEEDS: Final[Needs] = {
    "show_start": _PERSON,
    "show_login": _OPEN,
    "submit_login": _OPEN,
    "show_code_form": _OPEN,
    "submit_code": _OPEN,
    "submit_passkey_login": _OPEN,
    "show_forgotten": _OPEN,
    "submit_forgotten": _OPEN,
    "show_reset": Need(public=True, note="With the secret of a mailed link."),
    "submit_reset": Need(public=True, note="With the secret of a mailed link."),
    "show_account": _PERSON,
    "submit_password": Need(session=True, note="One's own, with the current one."),
    "submit_second_factor": _PROVEN,
    "submit_confirmation": Need(session=True, note="One's own, with a code."),
    "submit_recovery_codes": _PROVEN,
    "submit_factor_removal": _PROVEN,
    "submit_passkey": _PROVEN,
    "submit_new_passkey": Need(session=True, note="One's own, with the ticket of the form."),
    "submit_passkey_removal": _PROVEN,
    "submit_session_end": Need(session=True, note="One's own."),
    "submit_account_deletion": _PROVEN,
    "begin_oidc_login": _OPEN,
    "finish_oidc_login": _OPEN,
    "submit_logout": _OPEN,
    "show_invitation": _INVITED,
    "submit_invitation": _INVITED,
    "show_projects": _PERSON,
    "show_issues": _PERSON,
    "submit_bulk": _PERSON,
    "show_setup": _PERSON,
    "submit_example": _PERSON,
    "show_organization_issues": _PERSON,
    "submit_organization_bulk": _PERSON,
    "submit_bulk_undoing": Need(session=True, note="Within an hour."),
    "show_issue": _PERSON,
    "submit_status": _PERSON,
    "submit_resolution": _PERSON,
    "submit_archive": _PERSON,
    "submit_assignment": _PERSON,
    "submit_comment": _PERSON,
    "submit_comment_deletion": Need(session=True, note="One's own."),
    "submit_deletion": _PERSON,
    "show_issue_tags": _PERSON,
    "show_event": _PERSON,
    "show_event_as_markdown": _PERSON,
    "submit_merge": _PERSON,
    "submit_split": _PERSON,
    "submit_undoing": _PERSON,
    "show_comparison": _PERSON,
    "get_asset": _OPEN,
}
