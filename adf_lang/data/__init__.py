"""Tables written by the scripts in tools/."""
