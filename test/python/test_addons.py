"""The addons are put together as Odoo and its community expect, seen without Odoo."""

import ast
import csv
import re
import unittest
import xml.etree.ElementTree as ET

from addon import ROOT

#: Addons with fragments; one that is being made has none yet.
ADDONS = sorted(file.parent for file in (ROOT / "odoo-addon").glob("*/readme"))


def manifest(addon):
    return ast.literal_eval((addon / "__manifest__.py").read_text(encoding="utf-8"))


def entries(file):
    """The translations of a .po or .pot file by its source texts."""
    found, field = {}, None
    for line in [*file.read_text(encoding="utf-8").splitlines(), ""]:
        keyword, _, text = line.partition(" ")
        if keyword == "msgid":
            source, target, field = ast.literal_eval(text), "", "msgid"
        elif keyword == "msgstr":
            target, field = ast.literal_eval(text), "msgstr"
        elif line.startswith('"') and field == "msgid":
            source += ast.literal_eval(line)
        elif line.startswith('"'):
            target += ast.literal_eval(line)
        elif field:
            found[source], field = target, None
    found.pop("", None)
    return found


class TestAddons(unittest.TestCase):
    def test_addons_are_found(self):
        names = [addon.name for addon in ADDONS]
        self.assertEqual(names, ["clinic_purchase_mail", "clinic_sale_mail", "clinic_sso"])

    def test_manifest_says_what_the_community_asks_for(self):
        for addon in ADDONS:
            with self.subTest(addon.name):
                said = manifest(addon)
                self.assertRegex(said["version"], r"^18\.0\.\d+\.\d+\.\d+$")
                self.assertEqual(said["license"], "LGPL-3")
                for key in ("name", "summary", "author", "category", "development_status"):
                    self.assertTrue(said[key], key)
                self.assertNotIn("description", said)
                self.assertTrue((addon / "static/description/icon.png").is_file())
                self.assertTrue((addon / "README.rst").is_file())

    def test_every_file_of_data_is_named_and_there(self):
        for addon in ADDONS:
            with self.subTest(addon.name):
                named = set(manifest(addon)["data"])
                there = {
                    str(file.relative_to(addon))
                    for folder in ("data", "security", "views", "wizards")
                    for file in (addon / folder).glob("*")
                    if file.suffix in (".xml", ".csv")
                }
                self.assertEqual(named, there)
                for name in named:
                    if name.endswith(".xml"):
                        self.assertEqual(ET.parse(addon / name).getroot().tag, "odoo", name)
                    else:
                        with (addon / name).open(encoding="utf-8", newline="") as file:
                            head, *rows = csv.reader(file)
                        self.assertEqual({len(row) for row in rows}, {len(head)}, name)

    def test_every_module_of_models_and_tests_is_imported(self):
        for addon in ADDONS:
            with self.subTest(addon.name):
                for folder, pattern in (
                    ("models", "*.py"),
                    ("wizards", "*.py"),
                    ("tests", "test_*.py"),
                ):
                    if not (addon / folder).is_dir():
                        continue
                    text = (addon / folder / "__init__.py").read_text(encoding="utf-8")
                    imported = set(re.findall(r"^from \. import (\w+)$", text, re.MULTILINE))
                    there = {file.stem for file in (addon / folder).glob(pattern)} - {"__init__"}
                    self.assertEqual(imported, there, folder)

    def test_every_text_is_translated_into_spanish(self):
        for addon in ADDONS:
            with self.subTest(addon.name):
                sources = entries(addon / "i18n" / f"{addon.name}.pot")
                spanish = entries(addon / "i18n" / "es.po")
                self.assertTrue(sources)
                self.assertEqual(sources.keys() - spanish.keys(), set(), "not in es.po")
                self.assertEqual([text for text in sources if not spanish[text]], [])


if __name__ == "__main__":
    unittest.main()
