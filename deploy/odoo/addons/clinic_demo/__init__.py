from .load import load_clinic
