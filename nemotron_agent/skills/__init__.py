"""Skills as data: what a robot can do, read from a manifest. Knows no ROS."""
