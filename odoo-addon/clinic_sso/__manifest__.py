{
    "name": "Clinic Single Sign-On",
    "summary": "Keycloak decides who has an account of Odoo, and with which groups",
    "version": "18.0.1.0.0",
    "development_status": "Beta",
    "category": "Hidden/Tools",
    "author": "Clinic Hub",
    "license": "LGPL-3",
    "depends": ["auth_oauth"],
    "data": [
        "security/clinic_sso.xml",
        "security/ir.model.access.csv",
        "views/auth_oauth_provider_views.xml",
        "views/res_users_views.xml",
    ],
}
