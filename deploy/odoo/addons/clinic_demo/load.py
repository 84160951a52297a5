"""Fills an empty database with the clinic of data/clinic.json.

The Odoo stand-in of the lab reads the same file.
"""

import json
import os
from datetime import timedelta
from pathlib import Path

from odoo import Command, fields

#: Language of the administrator, en_US or es_CL; Spanish unless it is set.
LANGUAGE_VARIABLE = "CLINIC_DEMO_LANGUAGE"


def load_clinic(env):
    text = (Path(__file__).parent / "data" / "clinic.json").read_text(encoding="utf-8")
    clinic = json.loads(text)
    _accounts(env)
    company = _company(env, clinic)
    tax = _tax(env, clinic["tax"], company)
    _administrator(env, clinic)
    buyers = {each["login"]: _buyer(env, clinic, each) for each in clinic["buyers"]}
    suppliers = {each["id"]: _supplier(env, each) for each in clinic["suppliers"]}
    products = {each["code"]: _product(env, each, tax) for each in clinic["products"]}
    for purchase in clinic["purchases"]:
        env["purchase.order"].create(
            {
                "partner_id": suppliers[purchase["supplier"]].id,
                "user_id": buyers[purchase["buyer"]].id,
                "partner_ref": purchase.get("reference"),
                "date_planned": fields.Datetime.now() + timedelta(days=purchase["inDays"]),
                "order_line": [
                    Command.create(
                        {
                            "product_id": products[code].id,
                            "product_qty": quantity,
                            "price_unit": products[code].standard_price,
                        }
                    )
                    for code, quantity in purchase["lines"]
                ],
            }
        )


def _accounts(env):
    """Load the generic chart of accounts now.

    Odoo would do so when every module is installed, and take away the clinic's own tax.
    """
    env["account.chart.template"].try_loading("generic_coa", env.company)
    vars(env.registry).pop("_auto_install_template", None)


def _company(env, clinic):
    language = env["res.lang"].with_context(active_test=False)
    language = language.search([("code", "=", clinic["language"])])
    # With its terms: activating alone would leave the screens in English.
    env["base.language.install"].create({"lang_ids": language.ids}).lang_install()
    currency = env["res.currency"].with_context(active_test=False)
    currency = currency.search([("name", "=", clinic["currency"])])
    currency.active = True
    company = env.company
    company.write(
        {
            **clinic["company"],
            "country_id": env.ref("base.cl").id,
            "account_fiscal_country_id": env.ref("base.cl").id,
            "currency_id": currency.id,
        }
    )
    company.partner_id.write({"lang": clinic["language"], "tz": clinic["timezone"]})
    return company


def _tax(env, tax, company):
    group = env["account.tax.group"].create({"name": "IVA", "company_id": company.id})
    return env["account.tax"].create(
        {
            "name": tax["name"],
            "amount": tax["percent"],
            "type_tax_use": "purchase",
            "tax_group_id": group.id,
            "company_id": company.id,
        }
    )


def _administrator(env, clinic):
    admin = env.ref("base.user_admin")
    language = os.environ.get(LANGUAGE_VARIABLE) or clinic["language"]
    admin.write({"lang": language, "tz": clinic["timezone"]})
    admin.groups_id += env.ref("purchase.group_purchase_manager")


def _buyer(env, clinic, buyer):
    return (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            {
                "login": buyer["login"],
                "name": buyer["name"],
                "email": buyer["email"],
                "phone": buyer["phone"],
                "lang": clinic["language"],
                "tz": clinic["timezone"],
                "groups_id": [
                    Command.set(
                        [
                            env.ref("base.group_user").id,
                            env.ref("purchase.group_purchase_user").id,
                        ]
                    )
                ],
            }
        )
    )


def _supplier(env, supplier):
    return env["res.partner"].create(
        {
            "name": supplier["name"],
            "email": supplier["email"],
            "lang": supplier["language"],
            "city": supplier["city"],
            "is_company": True,
            "supplier_rank": 1,
        }
    )


def _product(env, product, tax):
    return env["product.product"].create(
        {
            "name": product["name"],
            "default_code": product["code"],
            "standard_price": product["price"],
            "supplier_taxes_id": [Command.set(tax.ids)],
            "purchase_method": "purchase",
        }
    )
