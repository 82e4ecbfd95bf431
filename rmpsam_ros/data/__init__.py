"""Labelled pictures in standard formats, checked, augmented and clicked on. Numpy and OpenCV; never imported at run time."""
