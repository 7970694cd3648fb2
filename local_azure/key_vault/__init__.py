"""The secrets part of Azure Key Vault."""
