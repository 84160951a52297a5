{
    "name": "Clinic Sale Mail",
    "summary": "Confirming a sale hands its mail to the clinic hub, without waiting for it",
    "version": "18.0.1.1.0",
    "development_status": "Beta",
    "category": "Sales/Sales",
    "author": "Clinic Hub",
    "license": "LGPL-3",
    # The second of these, which Odoo installs beside Sales, postpones mails; it must come before
    # this addon, or it would postpone confirmations that are this addon's to hand over.
    "depends": ["sale", "sale_async_emails", "clinic_purchase_mail"],
    "auto_install": ["sale", "clinic_purchase_mail"],
    "data": [
        "security/ir.model.access.csv",
        "security/clinic_mail_outbox.xml",
        "views/clinic_mail_outbox_views.xml",
        "views/sale_order_views.xml",
        "views/res_partner_views.xml",
        "views/res_config_settings_views.xml",
    ],
}
