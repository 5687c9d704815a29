"""Made heads: anatomy, bleeds, scanner and DICOM writer."""
