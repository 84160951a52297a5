{
    "name": "Clinic Purchase Mail",
    "summary": "Confirming a purchase hands its mail to the clinic hub, without waiting for it",
    "version": "18.0.1.0.0",
    "development_status": "Beta",
    "category": "Inventory/Purchase",
    "author": "Clinic Hub",
    "license": "LGPL-3",
    "depends": ["purchase"],
    "external_dependencies": {"python": ["pika"]},
    "images": ["static/description/outbox.png"],
    "data": [
        "security/ir.model.access.csv",
        "security/clinic_mail_outbox.xml",
        "views/clinic_mail_outbox_views.xml",
        "views/res_config_settings_views.xml",
        "data/ir_cron.xml",
    ],
}
