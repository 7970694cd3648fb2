"""`adf-export monitor`: what runs in a factory, and why it failed, in the terminal."""
