"""No way leads into Odoo for a suspended user, and no old session comes back."""

from odoo.exceptions import AccessDenied
from odoo.tests import tagged

from .common import SsoCase

SID = "s" * 84


@tagged("post_install", "-at_install")
class TestSuspension(SsoCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = cls.env["res.users.apikeys"].with_user(cls.nurse).sudo()._generate(
            None, "test", None
        )

    def setUp(self):
        super().setUp()
        # Signing in opens cursors of its own.
        self.registry.enter_test_mode(self.cr)
        self.addCleanup(self.registry.leave_test_mode)

    def sign_in(self, **credential):
        credential = {"type": "password", "login": "enfermera", **credential}
        return self.env["res.users"].authenticate(
            self.cr.dbname, credential, {"interactive": True}
        )

    def rpc(self, secret):
        self.env["res.users"].check(self.cr.dbname, self.nurse.id, secret)

    def session_token(self):
        return self.nurse._compute_session_token(SID)

    def test_suspended_user_cannot_sign_in_by_password(self):
        self.assertEqual(self.sign_in(password="enfermera enfermera")["uid"], self.nurse.id)
        self.assert_done(self.line("suspend"))
        with self.assertRaises(AccessDenied):
            self.sign_in(password="enfermera enfermera")

    def test_suspended_user_cannot_use_rpc_with_a_password_that_was_checked_before(self):
        self.rpc("enfermera enfermera")
        self.assert_done(self.line("suspend"))
        with self.assertRaises(AccessDenied):
            self.rpc("enfermera enfermera")

    def test_stale_cache_of_another_process_lets_no_suspended_user_in(self):
        self.rpc("enfermera enfermera")
        self.cr.execute(
            "UPDATE res_users SET clinic_sso_suspended = TRUE WHERE id = %s", [self.nurse.id]
        )
        with self.assertRaises(AccessDenied):
            self.rpc("enfermera enfermera")

    def test_suspended_user_cannot_use_an_api_key(self):
        keys = self.env["res.users.apikeys"]
        self.rpc(self.key)
        self.assertEqual(keys._check_credentials(scope="rpc", key=self.key), self.nurse.id)
        self.assert_done(self.line("suspend"))
        with self.assertRaises(AccessDenied):
            self.rpc(self.key)
        self.assertIsNone(keys._check_credentials(scope="rpc", key=self.key))
        self.assert_done(self.line("resume"))
        self.assertEqual(keys._check_credentials(scope="rpc", key=self.key), self.nurse.id)

    def test_suspended_user_cannot_sign_in_by_oauth(self):
        validation = {"user_id": "sub-1"}
        params = {"access_token": "token", "state": "{}"}
        signin = self.env["res.users"]._auth_oauth_signin
        self.assertEqual(signin(self.provider.id, validation, params), "enfermera")
        self.assert_done(self.line("suspend"))
        with self.assertRaises(AccessDenied):
            signin(self.provider.id, validation, params)
        with self.assertRaises(AccessDenied):
            self.sign_in(type="oauth_token", token="token")

    def test_archived_user_cannot_sign_in_by_oauth_and_nobody_is_signed_up(self):
        self.assert_done(self.line("archive"))
        count = self.env["res.users"].with_context(active_test=False).search_count([])
        self.env["ir.config_parameter"].set_param("auth_signup.invitation_scope", "b2c")
        with self.assertRaises(AccessDenied):
            self.env["res.users"]._auth_oauth_signin(
                self.provider.id, {"user_id": "sub-1"}, {"access_token": "token", "state": "{}"}
            )
        after = self.env["res.users"].with_context(active_test=False).search_count([])
        self.assertEqual(after, count)

    def test_suspended_user_gets_no_reset_link_and_an_old_one_sets_no_password(self):
        partner = self.nurse.partner_id
        partner.signup_prepare(signup_type="reset")
        token = partner._generate_signup_token()
        self.assert_done(self.line("suspend"))
        with self.refused("suspended"):
            self.nurse.action_reset_password()
        with self.refused("No account found"):
            self.env["res.users"].reset_password("enfermera")
        with self.refused("suspended"):
            self.env["res.users"].signup({"password": "another another"}, token)

    def test_open_sessions_end_and_stay_dead_after_resuming(self):
        before = self.session_token()
        self.assert_done(self.line("suspend"))
        suspended = self.session_token()
        self.assertNotEqual(suspended, before)
        self.assert_done(self.line("resume"))
        self.assertNotIn(self.session_token(), (before, suspended))
        self.assertEqual(self.sign_in(password="enfermera enfermera")["uid"], self.nurse.id)

    def test_open_sessions_stay_dead_after_archiving_and_restoring(self):
        before = self.session_token()
        self.nurse.sudo().oauth_access_token = "token"
        self.assert_done(self.line("archive"))
        self.assertFalse(self.nurse.sudo().oauth_access_token)
        self.assert_done(self.line("restore"))
        self.assertNotEqual(self.session_token(), before)
        self.assertFalse(self.nurse.api_key_ids, "archiving removes the keys")
        self.assertEqual(self.nurse.oauth_uid, "sub-1")

    def test_devices_are_removed_with_the_sessions(self):
        log = self.env["res.device.log"].create(
            {"session_identifier": SID[:42], "user_id": self.nurse.id, "revoked": False}
        )
        self.env.flush_all()
        self.assert_done(self.line("suspend"))
        self.assertTrue(log.revoked)

    def test_new_password_ends_sessions_once(self):
        before = self.session_token()
        line = self.line("endSessions", at=1_700_000_000_000)
        self.assert_done(line)
        after = self.session_token()
        self.assertNotEqual(after, before)
        self.assertEqual(str(self.nurse.clinic_sso_auth_after), "2023-11-14 22:13:20")
        self.assert_done(line)
        self.assertEqual(self.session_token(), after)
