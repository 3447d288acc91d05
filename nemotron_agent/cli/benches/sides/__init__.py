"""What is measured: ours, and what it is compared with. One file a side."""
