"""The commands, one file each: settings -> job -> console -> exit code."""
