"""Publishes one signed order as the addon does, for the hub's own tests.

Environment: AMQP_URL, SIGNING_KEY_ID, SIGNING_KEY. The order's id is the only argument.
"""

import dataclasses
import os
import sys

import addon  # noqa: F401 (first: sets the import path)
from amqp.address import read_address
from amqp.outcome import CONFIRMED
from amqp.publisher import Message, publish
from amqp.signature import headers, read_signing_key
from contract.purchase_message import build, encode
from test_purchase_message import ORDER

key = read_signing_key(
    {
        "signing_key_id": os.environ["SIGNING_KEY_ID"],
        "signing_key": os.environ["SIGNING_KEY"],
    }
)
identifier = sys.argv[1]
body = encode(build(dataclasses.replace(ORDER, id=identifier))).encode()
message = Message(identifier, body, headers(body, key))
outcomes = publish(read_address({"url": os.environ["AMQP_URL"]}), [message])
if outcomes[identifier] != CONFIRMED:
    sys.exit(str(outcomes[identifier]))
