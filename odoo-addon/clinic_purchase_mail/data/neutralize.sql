-- A copy keeps no way to the broker of the database it was made from.
DELETE FROM ir_config_parameter
 WHERE key IN (
    'clinic_purchase_mail.amqp_url',
    'clinic_purchase_mail.signing_key_id',
    'clinic_purchase_mail.signing_key'
 );
