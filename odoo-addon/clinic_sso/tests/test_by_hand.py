"""What Keycloak decides is not changed in Odoo by hand."""

from odoo import Command
from odoo.tests import tagged

from .common import SsoCase


@tagged("post_install", "-at_install")
class TestByHand(SsoCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.by_hand = cls.env["res.users"].with_user(cls.administrator).with_context(no_reset_password=True)

    def test_internal_users_are_not_made_by_hand(self):
        values = {"name": "Nueva", "login": "nueva", "email": "nueva@clinica.test"}
        with self.refused("Keycloak"):
            self.by_hand.create(values)
        portal = [Command.set(self.env.ref("base.group_portal").ids)]
        user = self.by_hand.create({**values, "groups_id": portal})
        with self.refused("Keycloak"):
            user.write({"groups_id": [Command.set(self.env.ref("base.group_user").ids)]})
        self.assertTrue(self.by_hand.create({"name": "Robot", "login": "robot"}))

    def test_without_a_provider_that_decides_everything_is_as_ever(self):
        self.provider.clinic_sso_followed = False
        self.assertTrue(self.by_hand.create({"name": "Nueva", "login": "nueva"}))
        self.nurse.with_user(self.administrator).name = "Otra"

    def test_login_name_and_address_of_linked_users_are_read_only(self):
        nurse = self.nurse.with_user(self.administrator)
        for field in ("login", "name", "email", "oauth_uid"):
            with self.refused("Keycloak"):
                nurse.write({field: "otra"})
        with self.refused("Keycloak"):
            nurse.partner_id.write({"name": "Otra"})
        with self.refused("Keycloak"):
            self.nurse.with_user(self.nurse).write({"email": "otra@clinica.test"})
        nurse.write({"name": self.nurse.name, "signature": "<p>Hola</p>"})
        self.administrator.with_user(self.administrator).name = "Jefa de Todo"

    def test_groups_of_the_table_are_read_only_on_linked_users(self):
        nurse = self.nurse.with_user(self.administrator)
        with self.refused("roles in Keycloak"):
            nurse.write({"groups_id": [Command.link(self.pharmacist.id)]})
        with self.refused("roles in Keycloak"):
            nurse.write({f"in_group_{self.pharmacist.id}": True})
        with self.refused("roles in Keycloak"):
            self.pharmacist.with_user(self.administrator).write({"users": [Command.link(nurse.id)]})
        nurse.write({"groups_id": [Command.link(self.foreign.id)]})
        self.assertIn(self.foreign, self.nurse.groups_id)
