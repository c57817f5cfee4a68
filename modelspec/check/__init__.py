"""One file by itself: loaded, checked against its schema, linked, and put to the rules that ask nothing else."""
