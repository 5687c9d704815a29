"""Many trainings: the jobs that overrides mean, their records, the table of all."""
