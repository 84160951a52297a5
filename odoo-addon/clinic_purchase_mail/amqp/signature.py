"""Signs a message, so that the hub can tell who wrote it."""

import dataclasses
import hashlib
import hmac
import re

from .address import SettingsError, read_secret

HEADER = "x-hub-signature"

#: What the hub takes as id of a key.
KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
#: Shorter keys can be found by trying; the hub refuses them too.
MIN_KEY_CHARACTERS = 16


@dataclasses.dataclass(frozen=True)
class SigningKey:
    """A key that the hub shares."""

    #: Tells the hub which of its keys it is.
    id: str
    secret: str = dataclasses.field(repr=False)

    def sign(self, body):
        """The value of the header ``x-hub-signature`` for exactly these bytes.

        :return: ``v1;kid=<key id>;<hexadecimal HMAC-SHA256>``
        """
        digest = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        return f"v1;kid={self.id};{digest}"


def read_signing_key(settings):
    """Read the settings ``signing_key_id`` and ``signing_key`` (or ``signing_key_file``).

    :return: a key, or None when messages go unsigned
    :raises SettingsError: when one of the two is missing or is none that the hub takes
    """
    key_id = read_secret(settings, "signing_key_id").strip()
    secret = read_secret(settings, "signing_key").strip()
    if not key_id and not secret:
        return None
    if not KEY_ID.fullmatch(key_id):
        raise SettingsError(
            "The signing key's id must be 1 to 64 letters, digits, points, hyphens and underscores"
        )
    if len(secret) < MIN_KEY_CHARACTERS:
        raise SettingsError(f"The signing key needs at least {MIN_KEY_CHARACTERS} characters")
    return SigningKey(key_id, secret)


def headers(body, key):
    """The headers of a message: its signature where there is a key."""
    return {HEADER: key.sign(body)} if key else {}
