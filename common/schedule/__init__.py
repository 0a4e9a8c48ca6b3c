"""A scheduled job in a container: time limit, run record, catch-up run, health check, webhook."""
