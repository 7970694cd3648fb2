"""The places that data comes from and goes to: blobs, files over HTTP, REST services, databases."""
