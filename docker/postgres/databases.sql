-- Airflow's database is made by the image itself; this one is for the local Data Factory.
CREATE DATABASE data_factory;
