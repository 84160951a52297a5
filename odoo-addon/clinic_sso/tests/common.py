from contextlib import contextmanager

from odoo import Command
from odoo.tests import TransactionCase

FENCE = 7


class SsoCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = cls.env["auth.oauth.provider"].create(
            {
                "name": "Keycloak",
                "client_id": "odoo",
                "auth_endpoint": "https://keycloak.test/auth",
                "validation_endpoint": "https://keycloak.test/userinfo",
                "body": "Keycloak",
                "clinic_sso_followed": True,
                "clinic_sso_technical_logins": "robot\nprinter",
            }
        )
        cls.pharmacy = cls.env["res.groups"].create({"name": "Pharmacy"})
        cls.pharmacist = cls.env["res.groups"].create(
            {"name": "Pharmacist", "implied_ids": [Command.link(cls.pharmacy.id)]}
        )
        cls.foreign = cls.env["res.groups"].create({"name": "By Hand"})
        for name in ("pharmacy", "pharmacist", "foreign"):
            cls.env["ir.model.data"].create(
                {
                    "module": "clinic_sso_test",
                    "name": name,
                    "model": "res.groups",
                    "res_id": getattr(cls, name).id,
                }
            )
        cls.env["clinic.sso.role"].create(
            [
                {
                    "provider_id": cls.provider.id,
                    "kind": "group",
                    "name": "/pharmacy",
                    "group_ids": [Command.set(cls.pharmacist.ids)],
                },
                {
                    "provider_id": cls.provider.id,
                    "kind": "role",
                    "name": "it",
                    "group_ids": [Command.set(cls.env.ref("base.group_system").ids)],
                },
            ]
        )
        cls.sync_user = cls.make_user("sync", group_ids=cls.env.ref("clinic_sso.group_sync").ids)
        cls.administrator = cls.make_user(
            "jefa",
            group_ids=[
                cls.env.ref("base.group_system").id,
                cls.env.ref("base.group_partner_manager").id,
            ],
        )
        cls.nurse = cls.make_user("enfermera", subject="sub-1")
        cls.sso = cls.env["clinic.sso"].with_user(cls.sync_user)

    @classmethod
    def make_user(cls, login, subject=None, group_ids=()):
        groups = [cls.env.ref("base.group_user").id, *group_ids]
        return cls.env["res.users"].with_context(no_reset_password=True).create(
            {
                "login": login,
                "name": login.title(),
                "email": f"{login}@clinica.test",
                "password": f"{login} {login}",
                "groups_id": [Command.set(groups)],
                "oauth_provider_id": subject and cls.provider.id,
                "oauth_uid": subject,
            }
        )

    @contextmanager
    def refused(self, text):
        """As a request that ends so: undone. Only ``assertRaises`` itself is that in Odoo."""
        with self.assertRaises(Exception) as caught:
            yield
        self.assertRegex(str(caught.exception), text)

    def line(self, kind, user=None, **values):
        user = self.nurse if user is None else user
        return {"kind": kind, "account": user.id, "subject": user.oauth_uid or "", **values}

    def new_line(self, login, groups=("base.group_user",), subject=None):
        values = {"login": login, "name": login.title(), "email": f"{login}@clinica.test", "lang": "en_US"}
        return {
            "kind": "create",
            "account": 0,
            "subject": subject or f"sub of {login}",
            "values": values,
            "groups": list(groups),
        }

    def apply(self, *lines, fence=FENCE):
        return self.sso.apply_lines(self.provider.id, list(lines), fence)

    def assert_done(self, *lines):
        for result in self.apply(*lines):
            self.assertEqual(result.get("text", ""), "")
            self.assertTrue(result["ok"])

    def assert_refused(self, line, text):
        [result] = self.apply(line)
        self.assertFalse(result["ok"])
        self.assertRegex(result["text"], text)
