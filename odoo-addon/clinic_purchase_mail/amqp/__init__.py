"""Handing messages to RabbitMQ. Plain Python: nothing here imports Odoo."""
