"""Co-training of pictures, clips and clicks in plain PyTorch; never imported at run time."""
