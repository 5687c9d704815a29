"""Reads head CT from DICOM files: find, header, series, order, pixels, Scan."""
