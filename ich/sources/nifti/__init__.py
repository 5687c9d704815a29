"""NIfTI volumes: what their headers say, and their voxels as a scan."""
