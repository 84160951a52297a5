from lxml import etree

from odoo.tests import tagged

from ..amqp import outcome as outcomes
from ..amqp import probe as probes
from ..models import clinic_mail_results
from ..models.clinic_mail_outbox import STATUS
from .test_results import ResultsCase


@tagged("post_install", "-at_install")
class TestLook(ResultsCase):
    """What a person reads."""

    def test_one_reason_whoever_gives_it(self):
        self.assertFalse(self.row.why)
        self.row.write({"reason_code": outcomes.UNREACHABLE})
        self.assertEqual(self.row.why, "The broker cannot be reached")
        self.run_job()
        self.assertFalse(self.row.why)
        self.hub_says(self.parked())
        self.assertEqual(self.row.why, "The mail server refuses it.")
        self.env["res.lang"]._activate_lang("es_CL")
        self.assertEqual(self.row.with_context(lang="es_CL").why, "El servidor lo rechaza.")

    def test_mail_that_a_person_lets_go_again_names_them_and_is_not_called_refused(self):
        self.run_job()
        self.hub_says(self.parked(second=1), self.result("retrying", second=2, by="Ana Rojas"))
        (line,) = self.lines()[-1:]
        self.assertIn("let go again in the hub by Ana Rojas", line.body)

    def test_nameless_person_of_the_hub_is_named_in_the_readers_language(self):
        self.run_job()
        self.hub_says(self.result("discarded", by=clinic_mail_results.NO_SIGN_IN))
        self.env["res.lang"]._activate_lang("es_CL")
        self.env["ir.module.module"]._load_module_terms(["clinic_purchase_mail"], ["es_CL"])
        spanish = self.row.with_context(lang="es_CL")
        self.assertIn("no pide iniciar sesión", spanish.outcome_person)
        self.assertIn("no pide iniciar sesión", spanish._story())
        self.assertIn(self.row.with_context(lang="en_US").outcome_person, self.lines().body.replace("&#39;", "'"))
        self.row.outcome_by = "Ana Rojas"
        self.assertEqual(spanish.outcome_person, "Ana Rojas")

    def test_hub_that_says_nothing_is_not_taken_for_the_broker(self):
        test = self.env["clinic.mail.test"].create({})
        test._add(probes.RETURN, outcomes.TIMEOUT, "No hub answered within 8 s.")
        test._add(probes.OPEN, outcomes.TIMEOUT, "broker.test:5672 opened no channel within 10 s")
        hub, broker = test.step_ids
        self.assertEqual((hub.state, hub.reason), ("failed", "No hub answered. Does its flow run?"))
        self.assertFalse(hub.details)
        self.assertEqual(broker.reason, "The broker did not answer in time")
        self.assertTrue(broker.details)

    def test_every_status_has_a_name_of_its_own_in_spanish(self):
        self.env["base.language.install"].create(
            {"lang_ids": self.env.ref("base.lang_es_419").ids}
        ).lang_install()
        outbox = self.outbox.with_context(lang="es_419")
        names = dict(outbox._fields["status"]._description_selection(outbox.env))
        self.assertEqual(list(names), [status for status, _name in STATUS])
        self.assertEqual(len(set(names.values())), len(STATUS))
        self.assertFalse(set(names.values()) & {name for _status, name in STATUS})

    def test_order_shows_its_status_to_buyers_only_once_there_is_one(self):
        form = etree.fromstring(self.env["purchase.order"].get_view(view_type="form")["arch"])
        shown = form.xpath("//*[field/@name='clinic_mail_note']/field[@name='clinic_mail_status']")
        self.assertEqual(len(shown), 1)
        self.assertEqual(shown[0].getparent().get("invisible"), "not clinic_mail_status")
        (button,) = form.xpath("//button[@name='action_clinic_mail_open']")
        self.assertEqual(button.get("invisible"), "not clinic_mail_status")
        self.assertTrue(button.xpath(".//*[contains(@class, 'o_stat_value')]/field[@name='clinic_mail_status']"))
