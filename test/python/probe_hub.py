"""Tests the connection as the addon's settings do, for the hub's own tests.

Environment: AMQP_URL, DATABASE_UUID. Prints {step: code}, empty when it passed, null when it was
not tried.
"""

import datetime
import json
import os
import uuid

import addon  # noqa: F401 (first: sets the import path)
from amqp.address import read_address
from amqp.probe import ProbeLimits, probe, probe_message
from amqp.publisher import Message

identifier = str(uuid.uuid4())
database = os.environ["DATABASE_UUID"]
now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
body = probe_message(identifier, "clinica", database, now).encode()
steps = probe(
    read_address({"url": os.environ["AMQP_URL"]}),
    Message(identifier, body),
    database,
    limits=ProbeLimits(return_s=float(os.environ.get("RETURN_S", "8"))),
)
print(json.dumps({step.name: step.outcome and step.outcome.code for step in steps}))
