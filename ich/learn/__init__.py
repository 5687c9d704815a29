"""What trains the nets: Lightning modules, losses, schedules, features, checkpoints, devices."""
