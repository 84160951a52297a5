"""The one guarded way in which the hub changes users."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import FENCE, SsoCase


@tagged("post_install", "-at_install")
class TestChanges(SsoCase):
    def user(self, login):
        return self.env["res.users"].with_context(active_test=False).search([("login", "=", login)])

    def test_only_the_account_of_the_synchronisation_may_call(self):
        for user in (self.nurse, self.administrator):
            with self.assertRaises(AccessError):
                self.env["clinic.sso"].with_user(user).apply_lines(self.provider.id, [], FENCE)
            with self.assertRaises(AccessError):
                self.env["clinic.sso"].with_user(user).accounts()

    def test_the_account_needs_no_right_on_users(self):
        with self.assertRaises(AccessError):
            self.nurse.with_user(self.sync_user).write({"signature": "<p>Otra</p>"})
        self.assert_done(self.line("update", values={"name": "Otra"}))
        self.assertEqual(self.nurse.name, "Otra")

    def test_a_batch_creates_users_with_their_groups(self):
        self.assert_done(
            self.new_line("ana", ["base.group_user", "clinic_sso_test.pharmacist"]),
            self.new_line("berta"),
        )
        ana = self.user("ana")
        self.assertEqual(ana.oauth_uid, "sub of ana")
        self.assertEqual(ana.oauth_provider_id, self.provider)
        self.assertIn(self.pharmacy, ana.groups_id)
        self.assertFalse(ana.share)
        self.assertNotIn(self.pharmacist, self.user("berta").groups_id)

    def test_a_failing_line_stops_no_other(self):
        taken = self.new_line("enfermera")
        results = self.apply(self.new_line("ana"), taken, self.new_line("berta"))
        self.assertEqual([result["ok"] for result in results], [True, False, True])
        self.assertTrue(self.user("ana") and self.user("berta"))
        self.assertEqual(len(self.user("enfermera")), 1)

    def test_results_come_in_the_order_of_the_lines(self):
        results = self.apply(
            self.line("update", values={"name": "Otra"}),
            self.line("teleport"),
            self.line("suspend"),
        )
        self.assertEqual([result["ok"] for result in results], [True, False, True])

    def test_groups_outside_the_table_are_neither_given_nor_taken(self):
        self.assert_refused(self.line("addGroups", groups=["clinic_sso_test.foreign"]), "table")
        self.nurse.groups_id |= self.foreign
        self.assert_refused(self.line("removeGroups", groups=["clinic_sso_test.foreign"]), "table")
        self.assert_refused(self.new_line("ana", ["clinic_sso_test.foreign"]), "table")
        self.assert_refused(self.line("addGroups", groups=["clinic_sso_test.nothing"]), "no group")
        self.assert_refused(self.line("addGroups", groups=["base.user_admin"]), "no group")

    def test_privileged_groups_need_their_own_list(self):
        line = self.line("addGroups", groups=["base.group_system"])
        self.assert_refused(line, "privileged")
        self.assert_refused(self.new_line("ana", ["base.group_system"]), "privileged")
        self.provider.clinic_sso_privileged_ids = self.env.ref("base.group_system")
        self.assert_done(line)
        self.assertTrue(self.nurse.has_group("base.group_system"))

    def test_groups_of_the_table_are_given_and_taken_with_what_they_imply(self):
        self.assert_done(self.line("addGroups", groups=["clinic_sso_test.pharmacist"]))
        self.assertIn(self.pharmacy, self.nurse.groups_id)
        both = ["clinic_sso_test.pharmacist", "clinic_sso_test.pharmacy"]
        self.assert_done(self.line("removeGroups", groups=both))
        self.assertFalse(self.nurse.groups_id & (self.pharmacy | self.pharmacist))
        self.assertFalse(self.nurse.share)

    def test_protected_and_foreign_accounts_are_not_touched(self):
        admin = self.env.ref("base.user_admin")
        admin.write({"oauth_provider_id": self.provider.id, "oauth_uid": "sub-admin"})
        for kind in ("suspend", "archive"):
            self.assert_refused(self.line(kind, admin), "not touched")
            self.assert_refused(self.line(kind, self.administrator), "does not belong")
            wrong = {**self.line(kind), "subject": "sub-of-somebody-else"}
            self.assert_refused(wrong, "does not belong")
        self.assert_refused({**self.line("archive"), "account": 0}, "does not belong")

    def test_the_last_administrator_stays(self):
        users = self.env.ref("base.group_system").users - self.env.ref("base.user_root")
        (users - self.administrator).active = False
        self.administrator.write({"oauth_provider_id": self.provider.id, "oauth_uid": "sub-2"})
        self.assert_refused(self.line("suspend", self.administrator), "last administrator")
        self.assert_refused(self.line("archive", self.administrator), "last administrator")
        line = self.line("removeGroups", self.administrator, groups=["base.group_system"])
        self.assert_refused(line, "last administrator")

    def test_an_account_is_linked_once_and_no_administrator_is(self):
        clerk = self.make_user("administrativo")
        self.assert_done({**self.line("link", clerk), "subject": "sub-3"})
        self.assertEqual(clerk.oauth_uid, "sub-3")
        self.assert_refused({**self.line("link", clerk), "subject": "sub-4"}, "another user already")
        self.assert_refused({**self.line("link", self.administrator), "subject": "sub-5"}, "by hand")

    def test_a_late_run_is_refused(self):
        self.apply(fence=FENCE + 1)
        with self.refused("taken over"):
            self.apply(self.line("suspend"), fence=FENCE)
        self.assertFalse(self.nurse.clinic_sso_suspended)

    def test_two_users_change_places_by_way_of_a_third_login(self):
        doctor = self.make_user("medico", subject="sub-6")
        self.assert_done(
            self.line("update", values={"login": "parked"}),
            self.line("update", doctor, values={"login": "enfermera"}),
            self.line("update", values={"login": "medico"}),
        )
        self.assertEqual((self.nurse.login, doctor.login), ("medico", "enfermera"))

    def test_only_what_keycloak_decides_is_written(self):
        line = self.line("update", values={"name": "Otra", "password": "x" * 20, "active": False})
        self.assert_done(line)
        self.assertTrue(self.nurse.active)
