"""Tests of the local CoinGecko: its answers, refusals, faults, recordings and clock."""
