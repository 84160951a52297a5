from odoo import fields, models


class ClinicSsoRole(models.Model):
    """A line of the table from Keycloak's roles and groups to Odoo's groups."""

    _name = "clinic.sso.role"
    _description = "Keycloak Role or Group"
    _order = "kind, name, id"

    provider_id = fields.Many2one(
        "auth.oauth.provider", required=True, ondelete="cascade", index=True
    )
    kind = fields.Selection(
        [("role", "Role"), ("group", "Group")], required=True, default="role"
    )
    name = fields.Char(
        required=True,
        help="As it is called in Keycloak: a role of the realm such as purchasing, a group by its "
        "path, such as /pharmacy. Roles of clients are not read.",
    )
    group_ids = fields.Many2many("res.groups", string="Groups of Odoo", required=True)

    _sql_constraints = [
        (
            "name_uniq",
            "unique(provider_id, kind, name)",
            "Each role and each group of Keycloak stands in the table once.",
        )
    ]
