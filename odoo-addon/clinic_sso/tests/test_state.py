"""What the hub reads before it plans."""

from odoo.tests import tagged

from .common import SsoCase


@tagged("post_install", "-at_install")
class TestState(SsoCase):
    def test_the_table_and_what_must_not_be_touched_are_described(self):
        said = self.sso.describe()
        self.assertEqual(said["provider"], self.provider.id)
        self.assertIn(
            {"kind": "group", "name": "/pharmacy", "groups": ["clinic_sso_test.pharmacist"]},
            said["table"],
        )
        for user in (self.env.ref("base.user_root"), self.env.ref("base.user_admin"), self.sync_user):
            self.assertIn(user.id, said["protected"])
        self.assertIn(self.administrator.id, said["administrators"])
        self.assertNotIn(self.env.ref("base.user_root").id, said["administrators"])
        [group] = [group for group in said["groups"] if group["id"] == "clinic_sso_test.pharmacist"]
        self.assertEqual(group["implies"], ["clinic_sso_test.pharmacy"])

    def test_accounts_are_read_whole_or_some_of_them(self):
        self.nurse.active = False
        everybody = {row[0]: row for row in self.sso.accounts()}
        row = everybody[self.nurse.id]
        self.assertEqual(row[1:3], ["enfermera", "Enfermera"])
        self.assertEqual(row[5:10], [False, False, self.provider.id, "sub-1", True])
        self.assertIn(self.env.ref("base.group_user").id, row[10])
        some = self.sso.accounts(["sub-1"], ["JEFA"])
        self.assertEqual([row[0] for row in some], sorted([self.nurse.id, self.administrator.id]))
        self.assertEqual(self.sso.accounts([], []), [])

    def test_exactly_one_provider_decides(self):
        self.provider.clinic_sso_followed = False
        with self.refused("Exactly one"):
            self.sso.describe()
