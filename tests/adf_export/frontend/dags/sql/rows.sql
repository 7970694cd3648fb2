SELECT 1 AS ds WHERE '{{ ds }}' > ''
