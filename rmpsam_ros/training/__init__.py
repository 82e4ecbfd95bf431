"""Co-training on images, video clips and clicks in plain PyTorch; never imported at run time."""
