"""What can be asked of a run, each setting declared once; needs neither numpy nor the runtime nor a terminal."""
