"""Local stand-ins for the Azure services that have no local engine."""
