"""Writes a factory: as documents of a Git folder, as an ARM template, as Bicep, and as pictures of its graphs."""
