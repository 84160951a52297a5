{
    "name": "Clinic Demonstration Data",
    "summary": "A fictitious clinic with suppliers, products and draft purchases",
    "version": "18.0.1.0.0",
    "category": "Hidden",
    "author": "Clinic Hub",
    "license": "LGPL-3",
    "depends": ["purchase"],
    "post_init_hook": "load_clinic",
}
