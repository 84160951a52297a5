"""Reads what the hub says about a mail: contracts/mail-outcome.schema.json, version 1."""

import dataclasses
import json
import re

DELIVERED = "delivered"
RETRYING = "retrying"
PARKED = "parked"
UNKNOWN = "unknown"
DISCARDED = "discarded"
#: The answer to a connection test, which waits for it by itself.
PROBED = "probed"

WORDS = (DELIVERED, RETRYING, PARKED, UNKNOWN, DISCARDED, PROBED)

#: What exists in the contract's bounds; longer texts are cut, for they only inform.
MAX_TEXT = 2000
MAX_ADDRESS = 254
MAX_MESSAGE_ID = 320

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_VERSION = re.compile(r"1\.(0|[1-9][0-9]{0,3})")
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,6}))?Z"
)
#: What steers a screen, and halves of a character, which UTF-8 cannot write and PostgreSQL refuses.
_STEERING = r"\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_CONTROL = re.compile(rf"[{_STEERING}]+")
_MESSAGE_ID = re.compile(rf"<[^<>\s@{_STEERING}]+@[^<>\s@{_STEERING}]+>")


class Unreadable(ValueError):
    """The text is no outcome that this version understands."""


@dataclasses.dataclass(frozen=True)
class MailOutcome:
    id: str
    database_uuid: str
    outcome: str
    #: In UTC, with six digits after the second: later ones sort later.
    time: str
    #: As ``time``; empty when nothing is tried again.
    retry_at: str = ""
    message_id: str = ""
    recipient: str = ""
    #: The SMTP server's last answer.
    response: str = ""
    reason_code: str = ""
    #: In English, with the details.
    reason: str = ""
    #: What the code means, by language.
    summary: dict = dataclasses.field(default_factory=dict)
    by: str = ""


def read_outcome(body):
    """The outcome in a message's bytes.

    :raises Unreadable: in words, without a value of the message
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("not JSON") from error
    if not isinstance(data, dict) or data.get("type") != "mail.outcome":
        raise Unreadable("not a mail.outcome")
    if not _matches(_VERSION, data.get("version")):
        raise Unreadable("an unknown version")
    for name in ("id", "databaseUuid"):
        if not _matches(_UUID, data.get(name)):
            raise Unreadable(f"{name} is no UUID")
    if data.get("outcome") not in WORDS:
        raise Unreadable("an unknown outcome")
    smtp, reason = _part(data, "smtp"), _part(data, "reason")
    summary = _part(reason, "summary")
    message_id = data.get("messageId")
    return MailOutcome(
        id=data["id"],
        database_uuid=data["databaseUuid"],
        outcome=data["outcome"],
        time=_time(data, "time"),
        retry_at=_time(data, "retryAt") if "retryAt" in data else "",
        message_id=message_id if _is_message_id(message_id) else "",
        recipient=_text(data, "recipient", MAX_ADDRESS),
        response=_text(smtp, "response"),
        reason_code=_text(reason, "code", 64),
        reason=_text(reason, "text"),
        summary={language: _text(summary, language, 500) for language in ("en", "es")},
        by=_text(data, "by", 200),
    )


def _matches(pattern, value):
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_message_id(value):
    return _matches(_MESSAGE_ID, value) and len(value) <= MAX_MESSAGE_ID


def _part(data, name):
    part = data.get(name, {})
    if not isinstance(part, dict):
        raise Unreadable(f"{name} is no object")
    return part


def _text(data, name, longest=MAX_TEXT):
    """One line of text; others wrote it, so nothing in it may steer a screen."""
    value = data.get(name, "")
    if not isinstance(value, str):
        raise Unreadable(f"{name} is no text")
    return _CONTROL.sub(" ", value).strip()[:longest]


def _time(data, name):
    value = data.get(name)
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Unreadable(f"{name} is no time")
    return f"{match[1]}.{(match[2] or '').ljust(6, '0')}Z"
