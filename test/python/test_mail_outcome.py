"""What the addon makes of the hub's words, by the contract's vectors and by hostile texts."""

import json
import unittest

import addon  # noqa: F401 (first: sets the import path)
from contract.mail_outcome import MailOutcome, Unreadable, read_outcome
from test_outcome_contract import vectors

MINIMAL = {
    "type": "mail.outcome",
    "version": "1.0",
    "id": "5f0c9a4e-6a35-4f0e-9d0b-0f4c1d2e3a4b",
    "databaseUuid": "0a1b2c3d-4e5f-11f0-8a6b-0242ac120002",
    "outcome": "delivered",
    "time": "2026-01-02T03:04:05Z",
}


def read(**changes):
    return read_outcome(json.dumps({**MINIMAL, **changes}).encode())


class TestReading(unittest.TestCase):
    def test_good_vectors_are_read(self):
        for name, vector in vectors("good"):
            with self.subTest(name):
                message = vector["message"]
                outcome = read_outcome(json.dumps(message).encode())
                self.assertEqual(outcome.id, message["id"])
                self.assertEqual(outcome.outcome, message["outcome"])
                self.assertEqual(outcome.message_id, message.get("messageId", ""))
                self.assertEqual(outcome.response, message.get("smtp", {}).get("response", ""))
                self.assertEqual(outcome.reason, message.get("reason", {}).get("text", ""))

    def test_what_is_missing_is_empty(self):
        self.assertEqual(
            read(),
            MailOutcome(
                id=MINIMAL["id"],
                database_uuid=MINIMAL["databaseUuid"],
                outcome="delivered",
                time="2026-01-02T03:04:05.000000Z",
                summary={"en": "", "es": ""},
            ),
        )

    def test_times_sort_whatever_their_digits(self):
        times = ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.1Z", "2026-01-02T03:04:05.120Z"]
        read_times = [read(time=time).time for time in times]
        self.assertEqual(read_times, sorted(read_times))
        self.assertEqual(len(set(read_times)), 3)

    def test_garbage_is_refused_with_its_reason(self):
        for body in (b"", b"\xff", b"[]", b"null", b"{}", b"[" * 100_000, b'{"type": 1}'):
            with self.subTest(body[:10]), self.assertRaises(Unreadable):
                read_outcome(body)
        for changes in (
            {"version": "2.0"},
            {"version": 1},
            {"id": "../../x"},
            {"id": None},
            {"databaseUuid": MINIMAL["databaseUuid"] + "\n"},
            {"outcome": "lost"},
            {"time": "2026-01-02 03:04:05"},
            {"time": 5},
            {"retryAt": None},
            {"smtp": "250"},
            {"smtp": {"response": 250}},
            {"reason": []},
            {"reason": {"summary": "x"}},
        ):
            with self.subTest(changes), self.assertRaises(Unreadable):
                read(**changes)

    def test_text_of_others_is_one_bounded_line(self):
        hostile = "250 Ok\r\nBcc: all@clinica.test\x00\u202e" + "x" * 5000
        outcome = read(smtp={"response": hostile})
        self.assertTrue(outcome.response.startswith("250 Ok Bcc: all@clinica.test x"))
        self.assertEqual(len(outcome.response), 2000)

    def test_half_a_character_is_taken_out_of_every_text(self):
        half = "a\ud83db\udc00c"
        outcome = read(
            recipient=half,
            by=half,
            smtp={"response": half},
            reason={"code": half, "text": half, "summary": {"en": half, "es": half}},
        )
        texts = [outcome.recipient, outcome.by, outcome.response, outcome.reason_code]
        texts += [outcome.reason, *outcome.summary.values()]
        self.assertEqual(texts, ["a b c"] * len(texts))

    def test_message_id_that_is_none_is_left_out(self):
        strange = [f"<a{each}@b>" for each in "\x00\x7f\u202e\ud800"]
        long = "<" + "a" * 400 + "@b>"
        for value in ("x", "<a@b> <c@d>", "<a@b>\r\nX: y", 5, long, "<a@b\udfff>", *strange):
            with self.subTest(ascii(value)):
                self.assertEqual(read(messageId=value).message_id, "")
        self.assertEqual(read(messageId="<a@clinica.test>").message_id, "<a@clinica.test>")
