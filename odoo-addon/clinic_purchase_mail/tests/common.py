from odoo import Command
from odoo.tests import TransactionCase


class OutboxCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("es_ES")
        cls.company = cls.env.company
        cls.company.write({"name": "Clínica San Roque", "email": "compras@clinica.test"})
        cls.supplier = cls.env["res.partner"].create(
            {"name": "Insumos Ñuble", "email": "ventas@insumos.test", "lang": "es_ES"}
        )
        cls.product = cls.env["product.product"].create(
            {"name": "Nitrile gloves", "default_code": "GUA-M", "type": "consu"}
        )
        cls.outbox = cls.env["clinic.mail.outbox"]

    @classmethod
    def make_order(cls, **values):
        return cls.env["purchase.order"].create(
            {
                "partner_id": cls.supplier.id,
                "order_line": [
                    Command.create(
                        {"product_id": cls.product.id, "product_qty": 3, "price_unit": 5.5}
                    )
                ],
                **values,
            }
        )

    @classmethod
    def rows_of(cls, orders):
        return cls.outbox.search(
            [("res_model", "=", "purchase.order"), ("res_id", "in", orders.ids)], order="id"
        )

    @classmethod
    def confirmed_row(cls, **values):
        order = cls.make_order(**values)
        order.button_confirm()
        return cls.rows_of(order)
