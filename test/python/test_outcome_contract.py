"""The contract of the outcome: the vectors that TypeScript runs too."""

import json
import unittest

from addon import CONTRACTS
from jsonschema import Draft202012Validator

VALIDATOR = Draft202012Validator(
    json.loads((CONTRACTS / "mail-outcome.schema.json").read_text(encoding="utf-8"))
)


def vectors(folder):
    files = sorted((CONTRACTS / "vectors" / "outcome" / folder).glob("*.json"))
    return [(file.name, json.loads(file.read_text(encoding="utf-8"))) for file in files]


class TestVectors(unittest.TestCase):
    def test_good_outcomes_fit(self):
        for name, vector in vectors("good"):
            with self.subTest(name):
                self.assertEqual(list(VALIDATOR.iter_errors(vector["message"])), [])

    def test_bad_outcomes_fail_where_the_vector_says(self):
        for name, vector in vectors("bad"):
            with self.subTest(name):
                errors = VALIDATOR.iter_errors(vector["message"])
                places = {"".join(f"/{step}" for step in error.path) for error in errors}
                self.assertIn(vector["at"], places)
