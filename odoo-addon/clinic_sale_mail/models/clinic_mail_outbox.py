from odoo import api, fields, models


class ClinicMailOutbox(models.Model):
    _inherit = "clinic.mail.outbox"

    #: Whose row it is, for those who see their own orders only.
    sale_order_id = fields.Many2one(
        "sale.order", readonly=True, index="btree_not_null", ondelete="set null"
    )
    body = fields.Text(
        groups="purchase.group_purchase_manager,sales_team.group_sale_manager,base.group_system"
    )
    reason_code = fields.Selection(
        selection_add=[("customer_off", "The customer gets no confirmation mails")],
        ondelete={"customer_off": "set null"},
    )

    @api.model
    def _reasons_of_rules(self):
        return super()._reasons_of_rules() | {"customer_off"}

    @api.model
    def _acting_groups(self):
        return super()._acting_groups() | {
            "sale.order": (
                "sales_team.group_sale_manager",
                self.env._("Only sales administrators retry or discard confirmation mails of sales."),
            )
        }

    def _story_partner(self):
        if self.res_model == "sale.order":
            return self.env._("the customer")
        return super()._story_partner()
