"""Labelled images in standard formats: reading, checks, augmentation and prompts. NumPy and OpenCV; never imported at run time."""
