"""The token endpoints of Microsoft Entra ID: managed identity and client credentials."""
