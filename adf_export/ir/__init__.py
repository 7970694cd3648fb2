"""The compiler's data: DAGs as read, the graph of units in between, the factory that comes out."""
