"""CoinGecko for Airflow: connection, client and operators."""
