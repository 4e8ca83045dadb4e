"""Networks rewritten before conversion: same scores, simpler or faster layers."""
