"""The order's message as the hub expects it. Plain Python: nothing here imports Odoo."""
