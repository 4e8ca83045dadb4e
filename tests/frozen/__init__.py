"""The behaviour of the command line as recorded: help, options, old command lines, exit codes and reports."""
