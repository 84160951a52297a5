"""Where the broker is, and the signature of a message."""

import hashlib
import hmac
import json
import tempfile
import unittest
from pathlib import Path

from addon import CONTRACTS  # first: sets the import path
from amqp.address import Address, SettingsError, parse_url, read_address, read_secret
from amqp.signature import HEADER, headers, read_signing_key


class TestAddress(unittest.TestCase):
    def test_url_gives_every_part_and_any_character_of_a_password(self):
        self.assertEqual(
            parse_url("amqp://odoo:p%40ss%2F%23w%3Ard@broker.test:5673/clinic%2Fmail"),
            Address("broker.test", 5673, "clinic/mail", "odoo", "p@ss/#w:rd"),
        )

    def test_missing_parts_are_those_of_rabbitmq(self):
        for url in ("amqp://broker.test", "amqp://broker.test/"):
            self.assertEqual(parse_url(url), Address("broker.test", 5672, "/", "guest", "guest"))
        self.assertEqual(parse_url("amqps://broker.test").port, 5671)
        self.assertEqual(parse_url("amqp://[::1]:5672").host, "::1")

    def test_no_error_repeats_the_password(self):
        for url in (
            "http://odoo:secret@broker.test",
            "amqp://odoo:sec#secret@broker.test",
            "amqp://odoo:sec?secret@broker.test",
            "amqp://odoo:sec/secret@broker.test",
            "amqp://odoo:secret@broker.test:99999",
            "amqp://",
            "broker.test",
        ):
            with self.subTest(url), self.assertRaises(SettingsError) as caught:
                parse_url(url)
            self.assertNotIn("secret", str(caught.exception))

    def test_settings_without_url_and_host_name_no_broker(self):
        self.assertIsNone(read_address({"user": "odoo", "port": "5672"}))

    def test_separate_settings_need_no_encoding(self):
        settings = {"host": "broker.test", "user": "odoo", "password": "p@ss/#:%", "tls": "true"}
        self.assertEqual(
            read_address(settings),
            Address("broker.test", 5671, "/", "odoo", "p@ss/#:%", tls=True),
        )

    def test_wrong_port_is_said(self):
        for port in ("0", "65536", "abc", "-1", "tcp://10.0.0.1:5672"):
            with self.subTest(port), self.assertRaises(SettingsError):
                read_address({"host": "broker.test", "port": port})

    def test_secret_may_lie_in_a_file(self):
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory, "password")
            file.write_text("p@ss\n", encoding="utf-8")
            settings = {"host": "broker.test", "password_file": str(file)}
            self.assertEqual(read_address(settings).password, "p@ss")
            self.assertEqual(read_address({**settings, "password": "other"}).password, "other")
            with self.assertRaises(SettingsError) as caught:
                read_address({"host": "broker.test", "password_file": f"{file}-missing"})
            self.assertIn("password_file", str(caught.exception))
            self.assertEqual(read_secret({"signing_key_file": str(file)}, "signing_key"), "p@ss")

    def test_no_password_in_any_text_of_an_address(self):
        address = parse_url("amqp://odoo:secret@broker.test/clinic")
        self.assertEqual(str(address), "amqp://odoo@broker.test:5672/clinic")
        self.assertNotIn("secret", repr(address))


class TestSignature(unittest.TestCase):
    def test_header_names_the_key_and_covers_the_exact_bytes(self):
        body = '{"número":1}'.encode()
        secret = "una-clave-de-la-clínica"
        key = read_signing_key({"signing_key_id": "2025-06", "signing_key": f" {secret}\n"})
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        self.assertEqual(key.sign(body), f"v1;kid=2025-06;{digest}")
        self.assertNotEqual(key.sign(body + b" "), key.sign(body))
        self.assertNotIn("clave", repr(key))

    def test_the_vector_that_the_hub_checks_too_holds_here(self):
        vector = json.loads((CONTRACTS / "vectors" / "signature.json").read_text(encoding="utf-8"))
        key = read_signing_key({"signing_key_id": vector["keyId"], "signing_key": vector["secret"]})
        self.assertEqual(headers(vector["body"].encode(), key), {HEADER: vector["header"]})

    def test_half_a_key_and_what_the_hub_would_refuse_are_refused(self):
        for key_id, secret in (("", "k" * 16), ("a", ""), ("a;b", "k" * 16), ("a", "k" * 15)):
            with self.subTest(key_id), self.assertRaises(SettingsError):
                read_signing_key({"signing_key_id": key_id, "signing_key": secret})

    def test_without_a_key_messages_go_unsigned(self):
        self.assertIsNone(read_signing_key({}))


if __name__ == "__main__":
    unittest.main()
