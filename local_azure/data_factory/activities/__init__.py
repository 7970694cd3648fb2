"""The activity types that are executed, one line each."""
