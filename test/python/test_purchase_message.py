"""The message of an order, and the vectors that both languages run."""

import dataclasses
import datetime
import json
import unittest

from addon import CONTRACTS
from contract import fields, purchase_message
from contract.purchase_message import (
    Line,
    Order,
    Party,
    Unsendable,
    build,
    encode,
    with_rendered,
)
from jsonschema import Draft202012Validator

VALIDATOR = Draft202012Validator(
    json.loads((CONTRACTS / "purchase-message.schema.json").read_text(encoding="utf-8"))
)

ORDER = Order(
    id="5f0c9a4e-6a35-4f0e-9d0b-0f4c1d2e3a4b",
    confirmed_at=datetime.datetime(2025, 6, 3, 14, 5, 9),
    database="clinica",
    database_uuid="0a1b2c3d-4e5f-11f0-8a6b-0242ac120002",
    model="purchase.order",
    record_id=42,
    kind="purchase",
    number="P00042",
    date=datetime.date(2025, 6, 3),
    currency="CLP",
    currency_digits=0,
    price_digits=2,
    amount_untaxed=1284500.0,
    amount_tax=244055.0,
    amount_total=1528555.0,
    company=Party("Clínica San Roque", email="compras@clinica.test"),
    buyer=Party("Ana Rojas", email="ana.rojas@clinica.test"),
    recipient=Party("Insumos Ñuble", email="ventas@insumos.test", language="es_CL"),
    lines=[Line("Guantes de nitrilo", 150.0, 5990.0, 898500.0, unit="Caja")],
)


def order(**changes):
    return dataclasses.replace(ORDER, **changes)


def recipient(email):
    return order(recipient=dataclasses.replace(ORDER.recipient, email=email))


class TestVectors(unittest.TestCase):
    def test_every_good_vector_is_accepted_and_every_bad_one_refused(self):
        counts = {"good": 0, "bad": 0}
        for kind in counts:
            for file in sorted((CONTRACTS / "vectors" / kind).glob("*.json")):
                message = json.loads(file.read_text(encoding="utf-8"))["message"]
                with self.subTest(f"{kind}/{file.name}"):
                    self.assertEqual(VALIDATOR.is_valid(message), kind == "good")
                counts[kind] += 1
        self.assertGreater(min(counts.values()), 10, counts)


class TestBuild(unittest.TestCase):
    def assert_valid(self, message):
        errors = [f"{e.json_path}: {e.message}" for e in VALIDATOR.iter_errors(message)]
        self.assertEqual(errors, [])

    def test_the_message_keeps_the_contract_and_says_what_the_order_says(self):
        message = build(ORDER)
        self.assert_valid(message)
        self.assertEqual(message["time"], "2025-06-03T14:05:09Z")
        self.assertEqual(message["order"]["amountTotal"], "1528555")
        self.assertEqual(message["order"]["lines"][0]["quantity"], "150")
        self.assertEqual(message["order"]["lines"][0]["unitPrice"], "5990.00")
        self.assertEqual(message["company"]["replyTo"]["address"], "ana.rojas@clinica.test")

    def test_code_of_a_product_is_not_said_twice(self):
        for text, description in (
            ("[GUA-M] Guantes\nCaja de 100", "Guantes\nCaja de 100"),
            ("[OTRO] Guantes", "[OTRO] Guantes"),
            ("[GUA-M]", "-"),
        ):
            message = build(order(lines=[Line(text, 1, 1, 1, code="GUA-M")]))
            self.assertEqual(message["order"]["lines"][0]["description"], description)
            self.assertEqual(message["order"]["lines"][0]["code"], "GUA-M")

    def test_fields_without_a_value_are_left_out(self):
        message = build(order(reference="", notes="  ", link="", document_link=""))
        self.assertFalse({"reference", "notes", "link", "documentLink"} & set(message["order"]))

    def test_what_people_type_cannot_break_the_contract(self):
        hostile = "a\r\nBcc: x@evil.test\x00\u2028\ud800\u202e{{name}}<script>" + "ñ" * 5000
        party = Party(hostile, "ventas@insumos.test", hostile, hostile, hostile, hostile)
        message = build(
            order(
                database=hostile,
                number=hostile,
                reference=hostile,
                payment_terms=hostile,
                deliver_to=hostile,
                notes=hostile,
                link="javascript:alert(1)",
                document_link="file:///etc/passwd",
                company=party,
                buyer=party,
                recipient=party,
                lines=[Line(hostile, 1e-9, -0.0, -12.345, code=hostile, unit=hostile)],
            )
        )
        self.assert_valid(message)
        self.assertFalse({"link", "documentLink"} & set(message["order"]))
        self.assertEqual(message["order"]["lines"][0]["quantity"], "0")
        encode(message)

    def test_what_is_only_blank_is_replaced_where_the_contract_wants_something(self):
        message = build(
            order(
                number=" ",
                company=Party("\u2028", email="compras@clinica.test"),
                buyer=Party("\n"),
                recipient=Party("\t", email="ventas@insumos.test"),
                lines=[Line(" ", 1, 1, 1)],
            )
        )
        self.assert_valid(message)
        self.assertEqual(message["order"]["number"], "42")
        self.assertEqual(message["company"]["name"], "compras@clinica.test")
        self.assertEqual(message["buyer"]["name"], "compras@clinica.test")
        self.assertEqual(message["recipient"]["name"], "ventas@insumos.test")

    def test_an_answer_goes_to_the_company_when_the_buyer_has_no_address(self):
        message = build(order(buyer=Party("Ana Rojas")))
        self.assertEqual(message["company"]["replyTo"]["address"], "compras@clinica.test")

    def test_a_buyer_without_name_is_the_company(self):
        self.assertEqual(build(order(buyer=Party("")))["buyer"]["name"], "Clínica San Roque")

    def test_partner_without_address_is_told_apart_from_one_with_a_wrong_one(self):
        for email, code in (
            ("", purchase_message.NO_ADDRESS),
            (" ", purchase_message.NO_ADDRESS),
            ("a@x.test, b@x.test", purchase_message.BAD_ADDRESS),
            ("ventas@", purchase_message.BAD_ADDRESS),
        ):
            with self.subTest(email), self.assertRaises(Unsendable) as caught:
                build(recipient(email))
            self.assertEqual(caught.exception.code, code)

    def test_company_without_address_takes_the_fallback_or_is_unsendable(self):
        nameless = Party("Clínica San Roque")
        message = build(order(company=nameless, fallback_sender="erp@clinica.test"))
        self.assertEqual(message["company"]["sender"]["address"], "erp@clinica.test")
        with self.assertRaises(Unsendable) as caught:
            build(order(company=nameless))
        self.assertEqual(caught.exception.code, purchase_message.NO_SENDER)

    def test_currency_without_a_code_of_the_standard_is_unsendable(self):
        for code in ("UF", "clp", "", None, "CLP\n"):
            with self.subTest(code), self.assertRaises(Unsendable) as caught:
                build(order(currency=code))
            self.assertEqual(caught.exception.code, purchase_message.NO_CURRENCY)

    def test_more_lines_than_the_contract_takes_are_unsendable(self):
        self.assert_valid(build(order(lines=ORDER.lines * 500)))
        with self.assertRaises(Unsendable) as caught:
            build(order(lines=ORDER.lines * 501))
        self.assertEqual(caught.exception.code, purchase_message.TOO_LARGE)

    def test_a_body_larger_than_the_hub_reads_is_unsendable(self):
        long_line = Line("ñ" * 4000, 1, 1, 1)
        with self.assertRaises(Unsendable) as caught:
            encode(build(order(lines=[long_line] * 200)))
        self.assertEqual(caught.exception.code, purchase_message.TOO_LARGE)

    def test_a_ready_mail_keeps_the_contract_whatever_a_template_gives(self):
        subject = "Pedido\r\nBcc: x@evil.test \x00\ud800" + "x" * 300
        part = "\x00 Hola\r\n\x0b\ud800Adiós\t "
        message = with_rendered(build(ORDER), subject, part, part)
        self.assert_valid(message)
        self.assertNotIn("\n", message["rendered"]["subject"])
        self.assertEqual(message["rendered"]["text"], "Hola\n\ufffdAdiós")

    def test_a_ready_mail_that_lacks_a_part_or_is_too_long_is_unsendable(self):
        self.assert_valid(with_rendered(build(ORDER), "s", "x" * 100_000, "x" * 400_000))
        for parts in (
            ("", "x", "x"),
            ("s", " \n", "x"),
            ("s", "x", "\x00"),
            ("s", "x" * 100_001, "x"),
            ("s", "x", "x" * 400_001),
        ):
            with self.assertRaises(Unsendable) as caught:
                with_rendered(build(ORDER), *parts)
            self.assertEqual(caught.exception.code, purchase_message.TEMPLATE)

    def test_the_text_is_the_message_in_utf_8_without_escapes(self):
        text = encode(build(ORDER))
        self.assertIn("Clínica San Roque", text)
        self.assertEqual(json.loads(text), build(ORDER))


class TestFields(unittest.TestCase):
    def test_exactly_one_address_is_accepted(self):
        for text, address in (
            ("ventas@insumos.test", "ventas@insumos.test"),
            (" ventas@insumos.test\n", "ventas@insumos.test"),
            ("Ventas <ventas@insumos.test>", "ventas@insumos.test"),
            ('"Ñuble, Ventas" <ventas@insumos.test>', "ventas@insumos.test"),
            ("\u202aventas@insumos.test\u202c\xa0", "ventas@insumos.test"),
            ("Ventas <\u200bventas@insumos.test\ufeff>", "ventas@insumos.test"),
            ("ven\u200etas@insumos.test", ""),
            ("ventas@insumos.test\ud800", ""),
            ("a@b.test" + " " * 1_000_000 + "c", ""),
            ("ventas@clínica.test", "ventas@xn--clnica-4va.test"),
            ("a@x.test, b@x.test", ""),
            ("a@x.test;b@x.test", ""),
            ("a@x.test b@x.test", ""),
            ("a@x.test, B <b@x.test>", ""),
            ("<a@x.test> <b@x.test>", ""),
            ("a@x.test\r\nBcc: evil@x.test", ""),
            ("ñandú@x.test", ""),
            ("a@localhost", ""),
            ("a@127.0.0.1", ""),
            ("a..b@x.test", ""),
            (f"{'a' * 65}@x.test", ""),
            (f"a@{'b' * 64}.test", ""),
            ("", ""),
            (None, ""),
        ):
            with self.subTest(text):
                self.assertEqual(fields.mail_address(text), address)

    def test_amounts_are_rounded_half_up_and_written_out(self):
        for value, digits, text in (
            (0.125, 2, "0.13"),
            (1.005, 2, "1.01"),
            (0.1 + 0.2, 2, "0.30"),
            (1284500.0, 0, "1284500"),
            (1e14, 2, "100000000000000.00"),
            (-0.001, 2, "0.00"),
            (-12.5, 2, "-12.50"),
            (1e-7, 9, "0.000000"),
        ):
            with self.subTest(value):
                self.assertEqual(fields.decimal(value, digits), text)

    def test_what_is_no_number_or_too_long_is_refused(self):
        for value in (float("nan"), float("inf"), "abc", 1e15):
            with self.subTest(value), self.assertRaises(ValueError):
                fields.decimal(value, 2)

    def test_quantities_have_no_needless_zeros(self):
        for value, text in ((2.0, "2"), (2.5, "2.5"), (100.0, "100"), (1 / 3, "0.333333"), (0, "0")):
            with self.subTest(value):
                self.assertEqual(fields.short_decimal(value), text)

    def test_unknown_forms_of_a_language_become_english(self):
        for code, language in (("es_CL", "es_CL"), ("sr@latin", "sr@latin"), ("../x", "en_US")):
            self.assertEqual(fields.language(code), language)


if __name__ == "__main__":
    unittest.main()
