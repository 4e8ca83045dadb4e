"""What a run says about itself: the report as plain data, and the ways to show it.

``run_report`` holds the data, ``json_report`` writes it for programs; ``console`` and ``progress`` show it to people.
"""
