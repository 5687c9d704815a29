"""Datasets and LightningDataModules of slices and studies, with augmentation and sampling."""
