"""What is measured, and the models it is measured on."""
