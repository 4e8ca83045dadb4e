"""The command line: options to a job, a report to the console, an error to an exit code."""
