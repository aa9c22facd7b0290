"""The input tables: CSV and Parquet files at the door, typed columns and Problems inside."""
