"""The crypto lakehouse on Spark and Delta Lake."""
