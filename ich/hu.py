"""The range of HU that all of this package keeps."""

HU_FLOOR, HU_CEILING = -1024, 3071  # HU; what 12 stored bits hold at the usual intercept of -1024
AIR = HU_FLOOR
