"""Signs a message, so that the hub can tell who wrote it."""

import dataclasses
import hashlib
import hmac

from .address import SettingsError, read_secret

HEADER = "x-hub-signature"


@dataclasses.dataclass(frozen=True)
class SigningKey:
    """A key that the hub shares."""

    #: Tells the hub which of its keys it is; without ``;``.
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
    :raises SettingsError: when one of the two is missing or the id has a semicolon
    """
    key_id = read_secret(settings, "signing_key_id")
    secret = read_secret(settings, "signing_key")
    if not key_id and not secret:
        return None
    if not key_id or not secret or ";" in key_id:
        raise SettingsError("A signature needs a key and a key id without semicolon")
    return SigningKey(key_id, secret)
