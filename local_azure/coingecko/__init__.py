"""A local CoinGecko API v3 for market pipelines, answered from a simulated market or from recordings."""
