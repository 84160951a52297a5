def migrate(cr, _version):
    # Stored before there was such a status, which Odoo does not compute anew.
    cr.execute(
        """
        UPDATE clinic_mail_outbox
           SET status = 'skipped'
         WHERE state = 'unsent'
           AND reason_code IN (
                'company_off', 'supplier_off', 'order_off',
                'imported', 'sent_by_staff', 'sent_before'
           )
        """
    )
    # Odoo drops no index by itself; the constraint UNIQUE(uuid) has one of its own.
    cr.execute("DROP INDEX IF EXISTS clinic_mail_outbox__uuid_index")
