"""A job on a schedule in a container: run within limits, recorded, told of, caught up, checked and stopped."""
