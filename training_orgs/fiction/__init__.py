"""A fictional register of training institutions of any size, with planted violations and their key."""
