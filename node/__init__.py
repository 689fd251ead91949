"""The hospital's side of calcium-node: DICOM in, files, queue, delivery out."""
