"""The commands, one file each: settings -> job -> console -> exit code; those that compare are in a room."""
