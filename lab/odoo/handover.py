"""The addon's own message and publisher, for the stand-in of Odoo.

    handover.py build     reads an order's facts a line, answers with a message's text a line
    handover.py publish   reads {id: text} from its input, answers with {id: outcome}

Everything is JSON. The broker is named by the variables that the addon reads.
"""

import datetime
import json
import os
import sys
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "odoo-addon" / "clinic_purchase_mail"))

from amqp.address import SettingsError, read_address, without_prefix  # noqa: E402
from amqp.publisher import Message, publish  # noqa: E402
from amqp.signature import headers, read_signing_key  # noqa: E402
from contract.purchase_message import (  # noqa: E402
    Line,
    Order,
    Party,
    Unsendable,
    build,
    encode,
)


def date(text):
    return datetime.date.fromisoformat(text) if text else None


def order(facts):
    parties = {name: Party(**facts.pop(name)) for name in ("company", "buyer", "recipient")}
    lines = [
        Line(**{**line, "planned_date": date(line.get("planned_date"))})
        for line in facts.pop("lines")
    ]
    return Order(
        **{
            **facts,
            "confirmed_at": datetime.datetime.fromisoformat(facts["confirmed_at"]),
            "date": date(facts["date"]),
            "planned_date": date(facts.get("planned_date")),
        },
        **parties,
        lines=lines,
    )


def build_all():
    for line in sys.stdin:
        try:
            answer = {"body": encode(build(order(json.loads(line))))}
        except Unsendable as error:
            answer = {"code": error.code, "reason": error.reason}
        except Exception as error:  # as in the addon: no mail is the lesser evil
            answer = {"code": "failed", "reason": str(error)}
        print(json.dumps(answer), flush=True)


def publish_all():
    bodies = json.load(sys.stdin)
    settings = without_prefix(os.environ)
    try:
        address, key = read_address(settings), read_signing_key(settings)
    except SettingsError as error:
        return dict.fromkeys(bodies, {"code": "configuration", "reason": str(error)})
    if address is None:
        return dict.fromkeys(bodies, {"code": "not_configured", "reason": ""})
    messages = [
        Message(message_id, text.encode(), headers(text.encode(), key))
        for message_id, text in bodies.items()
    ]
    outcomes = publish(address, messages, connection_name="Stand-in of Odoo")
    return {
        message_id: {"code": outcome.code, "reason": outcome.reason}
        for message_id, outcome in outcomes.items()
    }


if __name__ == "__main__":
    if sys.argv[1:] == ["build"]:
        build_all()
    elif sys.argv[1:] == ["publish"]:
        print(json.dumps(publish_all()))
    else:
        sys.exit(__doc__)
