"""Signs a message, so that the hub can tell who wrote it."""

import hashlib
import hmac

HEADER = "x-hub-signature"


def sign(body, key_id, key):
    """The value of the header ``x-hub-signature`` for exactly these bytes.

    :param bytes body: as it is published
    :param str key_id: tells the hub which of its keys to use; without ``;``
    :param str key: shared with the hub
    :return: ``v1;kid=<key id>;<hexadecimal HMAC-SHA256>``
    """
    if not key or not key_id or ";" in key_id:
        raise ValueError("A signature needs a key and a key id without semicolon")
    digest = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
    return f"v1;kid={key_id};{digest}"
